"""What people send, as every database takes it: text folded and in one line, and whole numbers."""

import unicodedata

# Letters that Unicode does not decompose, as a person without that keyboard would type them.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})


# What a column of whole numbers holds.
LARGEST_NUMBER = 2**31 - 1


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


def whole_number(text: str | None) -> int | None:
    """The number that these digits are; None for anything else, and for more than a column holds."""
    if not text or not text.isascii() or not text.isdecimal() or len(text) > len(str(LARGEST_NUMBER)):
        return None
    number = int(text)
    return number if number <= LARGEST_NUMBER else None
