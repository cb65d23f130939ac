"""What a file is, told from its first bytes alone; whatever its name or its sender says.

Nothing is unpacked or decoded: the size of a picture is read from its header, archives are taken as they are.
"""

import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from portal.errors import DomainError, lazy
from portal.folding import one_line
from portal.learning.models import NAME_LIMIT, FileKind

# A picture of more is a bomb for whoever opens it.
MOST_PIXELS = 50_000_000
LONGEST_SIDE = 20_000
_LONGEST_NAME_END = 12


@dataclass(frozen=True, slots=True)
class Content:
    """What a file is. `width` and `height` are a picture's."""

    media_type: str
    kind: FileKind
    width: int | None = None
    height: int | None = None


Size = tuple[int, int]


def _png(head: bytes) -> Size | None:
    return struct.unpack(">II", head[16:24]) if head[12:16] == b"IHDR" and len(head) >= 24 else None


def _gif(head: bytes) -> Size | None:
    return struct.unpack("<HH", head[6:10]) if len(head) >= 10 else None


def _jpeg(head: bytes) -> Size | None:
    """From the frame header, wherever other segments leave it."""
    at = 2
    while at + 9 < len(head):
        if head[at] != 0xFF:
            return None
        marker = head[at + 1]
        if marker == 0xFF:
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return width, height
        elif marker == 0x01 or 0xD0 <= marker <= 0xD9:
            at += 2
        else:
            at += 2 + max(2, int.from_bytes(head[at + 2 : at + 4], "big"))
    return None


def _webp(head: bytes) -> Size | None:
    form, data = head[12:16], head[20:30]
    if len(data) < 10:
        return None
    if form == b"VP8X":
        return 1 + int.from_bytes(data[4:7], "little"), 1 + int.from_bytes(data[7:10], "little")
    if form == b"VP8L" and data[0] == 0x2F:
        bits = int.from_bytes(data[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if form == b"VP8 " and data[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", data[6:10])
        return width & 0x3FFF, height & 0x3FFF
    return None


_PICTURES: tuple[tuple[re.Pattern[bytes], str, Callable[[bytes], Size | None]], ...] = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png", _png),
    (re.compile(rb"GIF8[79]a"), "image/gif", _gif),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg", _jpeg),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp", _webp),
)
_OTHERS: tuple[tuple[re.Pattern[bytes], str, FileKind], ...] = (
    (re.compile(rb"%PDF-"), "application/pdf", FileKind.PDF),
    (re.compile(rb"RIFF....WAVE", re.DOTALL), "audio/wav", FileKind.AUDIO),
    (re.compile(rb"ID3|\xff[\xfb\xfa\xf3\xf2]"), "audio/mpeg", FileKind.AUDIO),
    (re.compile(rb"fLaC"), "audio/flac", FileKind.AUDIO),
    (re.compile(rb"OggS.{25,60}(?:theora|video)", re.DOTALL), "video/ogg", FileKind.VIDEO),
    (re.compile(rb"OggS"), "audio/ogg", FileKind.AUDIO),
    (re.compile(rb"....ftypM4A", re.DOTALL), "audio/mp4", FileKind.AUDIO),
    (re.compile(rb"....ftyp(?:isom|iso\d|mp4[12]|avc1|M4V |MSNV|dash)", re.DOTALL), "video/mp4", FileKind.VIDEO),
    (re.compile(rb"....ftypqt  ", re.DOTALL), "video/quicktime", FileKind.DOCUMENT),
    (re.compile(rb"\x1aE\xdf\xa3.{0,60}webm", re.DOTALL), "video/webm", FileKind.VIDEO),
    (re.compile(rb"PK(?:\x03\x04|\x05\x06)"), "application/zip", FileKind.DOCUMENT),
    (re.compile(rb"\x1f\x8b\x08"), "application/gzip", FileKind.DOCUMENT),
    (re.compile(rb"7z\xbc\xaf\x27\x1c"), "application/x-7z-compressed", FileKind.DOCUMENT),
    (re.compile(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "application/x-ole-storage", FileKind.DOCUMENT),
)
# What only a name can tell apart; their content is a ZIP archive or a compound file of older offices.
_OFFICE = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "epub": "application/epub+zip",
}
_OLD_OFFICE = {"doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint"}
# Names that promise a kind of content; any other name may stand before any content that is taken.
_PROMISES: Mapping[str, frozenset[str]] = {
    "png": frozenset({"image/png"}), "gif": frozenset({"image/gif"}), "webp": frozenset({"image/webp"}),
    "jpg": frozenset({"image/jpeg"}), "jpeg": frozenset({"image/jpeg"}), "pdf": frozenset({"application/pdf"}),
    "mp3": frozenset({"audio/mpeg"}), "wav": frozenset({"audio/wav"}), "flac": frozenset({"audio/flac"}),
    "m4a": frozenset({"audio/mp4", "video/mp4"}), "mp4": frozenset({"video/mp4", "audio/mp4"}),
    "m4v": frozenset({"video/mp4"}), "webm": frozenset({"video/webm"}), "mov": frozenset({"video/quicktime"}),
    "ogg": frozenset({"audio/ogg", "video/ogg"}), "oga": frozenset({"audio/ogg"}), "ogv": frozenset({"video/ogg"}),
    "zip": frozenset({"application/zip"}), "gz": frozenset({"application/gzip"}),
    **{ending: frozenset({media_type}) for ending, media_type in (_OFFICE | _OLD_OFFICE).items()},
}  # fmt: skip
_PROGRAMS = re.compile(rb"MZ|\x7fELF|\xca\xfe\xba\xbe|\xfe\xed\xfa[\xce\xcf]|[\xce\xcf]\xfa\xed\xfe|\x00asm|dex\n")
_MARKUP = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s|<\?xml[^>]{0,200}\?>|<!--.{0,4000}?-->)*<(?:!doctype\s+(?:html|svg)|html|svg|script|head|body|iframe|xsl:)",
    re.DOTALL | re.IGNORECASE,
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def content_of(name: str, head: bytes) -> Content:
    """What a file is, by its beginning (all of it, or four megabytes). Raises DomainError for what is not taken."""
    found = _recognised(name, head)
    promised = _PROMISES.get(_ending(name))
    if promised and found.media_type not in promised:
        said = lazy(
            "“%(name)s” is not what its name says. Save it again in that format, or give it its right name.",
            name=name,
        )
        raise DomainError(said, "file")
    return found


def _recognised(name: str, head: bytes) -> Content:
    if _PROGRAMS.match(head):
        raise DomainError(lazy("“%(name)s” is a program. Programs are not accepted.", name=name), "file")
    if _MARKUP.match(head):
        said = lazy(
            "“%(name)s” is a web page or an SVG drawing, which can carry programs. Export it as PNG or PDF.", name=name
        )
        raise DomainError(said, "file")
    for pattern, media_type, size_of in _PICTURES:
        if pattern.match(head):
            return _picture(name, media_type, size_of(head))
    for pattern, media_type, kind in _OTHERS:
        if pattern.match(head):
            return Content(_office(name, media_type), kind)
    if _is_text(head):
        return Content("text/plain; charset=utf-8", FileKind.DOCUMENT)
    said = lazy(
        "What “%(name)s” is cannot be told from its content. Pictures (PNG, JPEG, GIF, WebP), audio, video, PDF, "
        "office documents, text and ZIP archives are accepted.",
        name=name,
    )
    raise DomainError(said, "file")


def _picture(name: str, media_type: str, size: Size | None) -> Content:
    if size is None or 0 in size:
        raise DomainError(lazy("The picture “%(name)s” is damaged: its size cannot be read.", name=name), "file")
    width, height = size
    if width * height > MOST_PIXELS or max(size) > LONGEST_SIDE:
        said = lazy(
            "The picture “%(name)s” has %(width)s × %(height)s pixels. Make it smaller: at most 50 million pixels, and "
            "20,000 on a side.",
            name=name, width=width, height=height,
        )  # fmt: skip
        raise DomainError(said, "file")
    return Content(media_type, FileKind.PICTURE, width, height)


def _office(name: str, media_type: str) -> str:
    if media_type == "application/zip":
        return _OFFICE.get(_ending(name), media_type)
    return _OLD_OFFICE.get(_ending(name), media_type) if media_type == "application/x-ole-storage" else media_type


def _is_text(head: bytes) -> bool:
    if _CONTROL.search(head):
        return False
    try:
        # A part may end within a letter.
        head.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and error.reason == "unexpected end of data"
    return True


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix[1:].lower()


def clean_name(name: str) -> str:
    """A file's own name: without folders, signs that turn or hide text, and what file systems refuse; never empty."""
    last = re.split(r"[\\/]", name)[-1]
    seen = "".join(" " if not letter.isprintable() else letter for letter in last)
    plain = one_line(
        re.sub(r'[<>:"|?*;%#\x00-\x1f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]', " ", seen)
    ).strip(". ")
    if len(plain) > NAME_LIMIT:
        stem, dot, ending = plain.rpartition(".")
        kept = f".{ending}" if dot and len(ending) <= _LONGEST_NAME_END else ""
        plain = (stem if kept else plain)[: NAME_LIMIT - len(kept)].rstrip(". ") + kept
    return plain or "file"
