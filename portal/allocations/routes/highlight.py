"""Which letters of a name are those that someone typed."""

from collections.abc import Sequence

from portal.allocations.queries.filters import words_of
from portal.folding import fold


def highlight(name: str, text: str) -> Sequence[tuple[str, bool]]:
    """The name in pieces, True for those that match a word of the text: found by folding, shown as written."""
    folded, origin = _folded_with_origin(name)
    marked = [False] * len(name)
    for word in words_of(text):
        at = folded.find(word)
        if at >= 0:
            for place in range(origin[at], origin[at + len(word) - 1] + 1):
                marked[place] = True
    pieces: list[tuple[str, bool]] = []
    for letter, is_marked in zip(name, marked, strict=True):
        if pieces and pieces[-1][1] == is_marked:
            pieces[-1] = (pieces[-1][0] + letter, is_marked)
        else:
            pieces.append((letter, is_marked))
    return pieces


def _folded_with_origin(name: str) -> tuple[str, list[int]]:
    """The folded name, and for each of its letters the place in the name that it comes from."""
    letters: list[str] = []
    origin: list[int] = []
    for place, letter in enumerate(name):
        for part in fold(letter) or (" " if letter.isspace() else ""):
            letters.append(part)
            origin.append(place)
    return "".join(letters), origin
