"""Text as every database takes it: folded, so that search and sort behave alike, and in one line."""

import unicodedata

# Letters that Unicode does not decompose, as a person without that keyboard would type them.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})


def fold(text: str) -> str:
    """Lower case without accents and invisible signs, spaces collapsed: "Çisem  İNÖNÜ" gives "cisem inonu"."""
    if text.isascii():
        return " ".join(text.replace("\0", " ").lower().split())
    # Twice: № is made of an upper-case letter, and İ of a letter with a dot.
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(
        mark for mark in decomposed if not (unicodedata.combining(mark) or unicodedata.category(mark) == "Cf")
    )
    return one_line(bare.translate(_PLAIN))


def one_line(text: str | None) -> str:
    """A text as one line, without NUL and half characters, which PostgreSQL refuses; empty for None."""
    return " ".join((text or "").replace("\0", " ").encode("utf-8", "replace").decode().split())
