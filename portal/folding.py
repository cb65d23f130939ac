"""Folding of names, so that search and sort behave alike on every database."""

import unicodedata

# Letters that Unicode does not decompose, as a person without that keyboard would type them.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})


def fold(text: str) -> str:
    """Lower case without accents and invisible signs, spaces collapsed: "Çisem  İNÖNÜ" gives "cisem inonu"."""
    # Twice: № is made of an upper-case letter, and İ of a letter with a dot.
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(
        mark for mark in decomposed if not (unicodedata.combining(mark) or unicodedata.category(mark) == "Cf")
    )
    return " ".join(bare.translate(_PLAIN).split())
