"""The folder of the portal's data, and what is said when it is not to be had."""

import os
from pathlib import Path

from portal.config import SettingsError


def make_data_folder(folder: Path) -> None:
    """Make the folder unless it is there. Raises SettingsError with one line where this process may not write."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"PORTAL_DATA_DIR: {folder.resolve()} cannot be made: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SettingsError(f"PORTAL_DATA_DIR: user {os.getuid()} may not write into {folder.resolve()}")
