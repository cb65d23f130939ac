"""Everything that files can hold as one archive, for a person to take away."""

import secrets
import tempfile
import zipfile
from pathlib import Path

from portal.exchange.services.exporting import Exported, export_folder
from portal.jobs.works import Progress


def pack_everything(folder: Path, progress: Progress, *, as_workbooks: bool) -> tuple[str, list[Exported]]:
    """Write all files into an archive below `folder`; gives its path there, and what is in it."""
    token = f"export-{secrets.token_hex(16)}"
    (folder / token).mkdir(parents=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=folder / token) as place:
        exported = export_folder(Path(place), as_workbooks=as_workbooks, progress=progress)
        # A workbook is packed already.
        packing = zipfile.ZIP_STORED if as_workbooks else zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(folder / token / "export.zip", "w", packing) as archive:
            for file in exported:
                archive.write(file.path, file.path.name)
    return f"{token}/export.zip", exported
