"""Finding and opening files, within limits."""

import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from portal.errors import lazy
from portal.exchange.readers.csv_files import read_csv
from portal.exchange.readers.tables import BadFile, Table, as_table, readable
from portal.exchange.readers.xlsx_files import read_xlsx

MOST_BYTES = 20 * 1024 * 1024
_ENDINGS = {".csv", ".xlsx"}


@dataclass(frozen=True, slots=True)
class FileThere:
    """A file of a folder: which kind of things it holds (`modules`, …), and where it is."""

    kind: str
    path: Path


def find_files(folder: Path, kinds: Sequence[str]) -> tuple[list[FileThere], list[str]]:
    """The files of these kinds in their order, and the names of tables that are none of them. Raises BadFile."""
    try:
        present = sorted(path for path in folder.iterdir() if path.suffix.lower() in _ENDINGS)
    except FileNotFoundError:
        raise BadFile(readable(folder), lazy("There is no such folder.")) from None
    except NotADirectoryError:
        raise BadFile(readable(folder), lazy("This is a file; name the folder that it is in.")) from None
    except OSError as error:
        raise BadFile(readable(folder), lazy("The folder cannot be read: %(why)s", why=error.strerror)) from None
    found = [FileThere(kind, path) for kind in kinds for path in present if path.stem.lower() == kind]
    if not found:
        names = ", ".join(f"{kind}.csv" for kind in kinds)
        raise BadFile(
            readable(folder), lazy("There is nothing to import here. Known files are %(names)s.", names=names)
        )
    _refuse_twins(found)
    return found, [readable(path.name) for path in present if path.stem.lower() not in kinds]


def _refuse_twins(found: Sequence[FileThere]) -> None:
    for earlier, later in pairwise(found):
        if earlier.kind == later.kind:
            message = lazy("%(other)s is there too. Keep the one that counts.", other=earlier.path.name)
            raise BadFile(later.path.name, message)


def read_table(path: Path, name: str = "", sheet: int = 0, places: Mapping[str, int] | None = None) -> Table:
    """A file as a table of text; errors call it by `name`. Raises BadFile.

    A file that is too large is not even opened. `places` says where our columns stand, whatever the header calls them.
    """
    name = name or path.name
    content = read_bytes(path, name)
    is_workbook = path.suffix.lower() == ".xlsx"
    return as_table(name, read_xlsx(name, content, sheet) if is_workbook else read_csv(name, content), places)


def read_bytes(path: Path, name: str) -> bytes:
    """What a file holds, within the limit. Raises BadFile."""
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise BadFile(name, lazy("This is not a file."))
        if about.st_size > MOST_BYTES:
            raise _too_large(name, about.st_size)
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadFile(name, lazy("The file cannot be read: %(why)s", why=error.strerror)) from None
    if len(content) > MOST_BYTES:
        raise _too_large(name, len(content))
    return content


def _too_large(name: str, size: int) -> BadFile:
    message = lazy(
        "The file has %(size)s MB; at most %(limit)s MB are read. Divide it, or leave out what does not belong.",
        size=-(-size >> 20),
        limit=MOST_BYTES >> 20,
    )
    return BadFile(name, message)
