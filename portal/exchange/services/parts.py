"""What an import reads: the tables of the files that were uploaded, and how each is understood."""

import hashlib
import secrets
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path
from typing import IO, Any

from portal.errors import DomainError, lazy
from portal.exchange.readers import MOST_BYTES, BadFile, Look, ending_of, look_into, storable
from portal.exchange.sentences import as_data
from portal.exchange.services.checking import Source
from portal.exchange.services.guessing import guess_kind, guess_places
from portal.exchange.services.kinds import KINDS, Kind

MOST_FILES = 10
_LONGEST_NAME = 100
_PIECE = 1024 * 1024


class TooLarge(DomainError):
    """A file has more bytes than are taken."""

    status = 413


@dataclass(frozen=True, slots=True)
class Part:
    """One table of an upload: what the report calls it, its file below the folder of imports, and its sheet in it.

    `kind` is empty for one that is left out; `places` says where our columns stand in its header. `trouble` is why it
    cannot be read, as data.
    """

    name: str
    path: str
    sha256: str
    sheet: int | None
    rows: int
    header: Sequence[str]
    first: Sequence[Sequence[str]]
    kind: str = ""
    places: Mapping[str, int] | None = None
    trouble: Mapping[str, Any] | None = None

    @property
    def is_read(self) -> bool:
        """Whether it takes part in the import."""
        return bool(self.kind) and not self.trouble

    def as_kind(self, kind: str, places: Mapping[str, int] | None = None) -> "Part":
        """The same table read as another kind; without `places` its columns are guessed."""
        known = kind_of(kind)
        if known is None:
            return replace(self, kind="", places={})
        return replace(self, kind=kind, places=guess_places(known, self.header) if places is None else dict(places))

    def missing(self) -> Sequence[str]:
        """The required columns that nobody has found yet."""
        known = kind_of(self.kind)
        places = self.places or {}
        return (
            [column.name for column in known.columns if column.required and column.name not in places] if known else []
        )


def kind_of(name: str) -> Kind | None:
    """The kind of files of this name."""
    return next((kind for kind in KINDS if kind.name == name), None)


def as_json(parts: Iterable[Part]) -> list[dict[str, Any]]:
    """Parts as a run keeps them."""
    return [asdict(part) for part in parts]


def from_json(kept: Iterable[Mapping[str, Any]]) -> list[Part]:
    """The parts that a run keeps."""
    return [Part(**one) for one in kept]


def sources(parts: Iterable[Part], folder: Path) -> list[Source]:
    """What is to be read, as the check takes it."""
    return [
        Source(part.kind, folder / part.path, part.name, part.sheet or 0, part.places or {})
        for part in parts
        if part.is_read
    ]


def keep_files(files: Sequence[tuple[str, IO[bytes]]], folder: Path) -> list[Part]:
    """Write uploaded files, each with its name, below the folder of imports, and take a first look at them.

    Gives the tables found. Raises DomainError; nothing stays behind then.
    """
    if not files:
        raise DomainError(lazy("Choose at least one file."), "files")
    if len(files) > MOST_FILES:
        raise DomainError(lazy("At most %(limit)s files are taken at once.", limit=MOST_FILES), "files")
    token = secrets.token_hex(16)
    (folder / token).mkdir(parents=True, mode=0o700)
    try:
        parts: list[Part] = []
        for number, (name, content) in enumerate(files, start=1):
            parts += _keep(_spoken(name, [part.name for part in parts]), content, folder, f"{token}/{number}")
        return _one_of_each_kind(parts)
    except BaseException:
        shutil.rmtree(folder / token, ignore_errors=True)
        raise


def _spoken(name: str, taken: Sequence[str]) -> str:
    """A file's own name as it is shown: without a path, in one line, different from the others."""
    plain = "".join(
        letter for letter in storable(name, 500).replace("\\", "/").rpartition("/")[2] if letter.isprintable()
    )
    stem, dot, ending = (" ".join(plain.split()) or "file").rpartition(".")
    stem, ending = (stem, f"{dot}{ending}"[:10]) if stem else (ending, "")
    candidates = (f"{stem[:_LONGEST_NAME]}{f' ({number})' if number > 1 else ''}{ending}" for number in count(1))
    return next(name for name in candidates if not any(one == name or one.startswith(f"{name} · ") for one in taken))


def _keep(name: str, content: IO[bytes], folder: Path, place: str) -> list[Part]:
    raw = folder / place
    size, digest = 0, hashlib.sha256()
    with raw.open("xb") as file:
        while piece := content.read(_PIECE):
            size += len(piece)
            if size > MOST_BYTES:
                limit = MOST_BYTES >> 20
                raise TooLarge(
                    lazy("%(name)s is too large: at most %(limit)s MB a file.", name=name, limit=limit), "files"
                )
            digest.update(piece)
            file.write(piece)
    try:
        return _look(name, raw, place, digest.hexdigest())
    except BadFile as error:
        where = lazy("%(file)s, line %(line)s", file=name, line=error.line) if error.line else name
        raise DomainError(lazy("%(file)s: %(why)s", file=where, why=error.message), "files") from None


def _look(name: str, raw: Path, place: str, digest: str) -> list[Part]:
    """The tables of a file that was written, which gets its ending by what is in it."""
    content = raw.read_bytes()
    ending = ending_of(content, name)
    raw.rename(raw.with_suffix(ending))
    looks = look_into(name, content, ending)
    return [_part(name, f"{place}{ending}", digest, look, is_only=len(looks) == 1) for look in looks]


def _part(name: str, path: str, digest: str, look: Look, *, is_only: bool) -> Part:
    label = name if is_only else f"{name} · {storable(look.sheet_name, _LONGEST_NAME)}"
    part = Part(label, path, digest, look.sheet, look.rows, look.header, look.first)
    if look.trouble:
        return replace(part, trouble=as_data(look.trouble))
    return part.as_kind(guess_kind(name if is_only else look.sheet_name, look.header))


def _one_of_each_kind(parts: Sequence[Part]) -> list[Part]:
    """Of tables that seem to be of one kind only the first is read unless somebody says otherwise."""
    seen: set[str] = set()
    found = []
    for part in parts:
        found.append(part.as_kind("") if part.kind in seen else part)
        seen.add(part.kind)
    return found


def digest_of_files(parts: Iterable[Part], folder: Path) -> str:
    """What the files hold at this moment and how they are read, as a hash."""
    found = hashlib.sha256()
    for part in parts:
        if part.is_read:
            found.update(repr((part.name, part.kind, part.sheet, sorted((part.places or {}).items()))).encode())
            with suppress(OSError), (folder / part.path).open("rb") as file:
                found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()
