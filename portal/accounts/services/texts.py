"""What people write of themselves: any language and emoji, nothing that breaks lines or turns the reading order."""

import re
import unicodedata

from portal.errors import DomainError, lazy, lazy_plural

# Embeddings, overrides and isolates turn the order of what stands beside them; the marks of single letters are fine.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_CONTROL = frozenset({"Cc", "Cs", "Zl", "Zp"})
_UNSEEN = frozenset({"Cf", "Zs"})


def tidy_line(text: str, field: str, longest: int) -> str:
    """One line in its stored form (composed, trimmed, spaces single). Raises DomainError on `field`."""
    return " ".join(part for part in _tidy(text.strip(), field, longest, "").split(" ") if part)


def tidy_text(text: str, field: str, longest: int) -> str:
    """Lines in their stored form. Raises DomainError on `field`."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _tidy("\n".join(line.rstrip() for line in lines.split("\n")).strip("\n"), field, longest, "\n\t")


def _tidy(text: str, field: str, longest: int, allowed: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    if any(unicodedata.category(letter) in _CONTROL and letter not in allowed for letter in composed):
        raise DomainError(lazy("There is a control character in it. Type it again instead of pasting it."), field)
    if _TURNING.search(composed):
        raise DomainError(
            lazy("There is an invisible sign in it that turns the reading order. Type it again instead of pasting it."),
            field,
        )
    if len(composed) > longest:
        said = lazy_plural(
            "This takes at most %(most)s characters; yours has %(num)s more.",
            "This takes at most %(most)s characters; yours has %(num)s more.",
            len(composed) - longest,
            most=longest,
        )
        raise DomainError(said, field)
    # A text of nothing but invisible signs is none.
    return composed if any(unicodedata.category(letter) not in _UNSEEN | _CONTROL for letter in composed) else ""
