"""The words and phrases that answers are made of, without the small ones that every sentence has."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

# A word, with what stands after an elision or a hyphen: "l’exercice" gives "l" and "exercice".
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_MOST_WORDS, _MOST_PHRASES = 30, 15
_SHORTEST = 3
# What only one answer says is no frequency, and may tell who wrote it.
_LEAST = 2

_LISTS = Path(__file__).parent / "stop_words"
_STOP = {one: frozenset((_LISTS / f"{one}.txt").read_text("utf-8").split()) for one in ("en", "fr")}

Counted = list[list[object]]


def count_words(texts: Iterable[tuple[str, str]]) -> tuple[Counted, Counted]:
    """How many of these answers (language, text) use a word, and a phrase of two words: the most used, with counts."""
    words: Counter[str] = Counter()
    phrases: Counter[str] = Counter()
    for language, text in texts:
        runs = list(_runs(text.casefold(), _STOP.get(language, _STOP["en"])))
        words.update({word for run in runs for word in run})
        phrases.update({f"{one} {two}" for run in runs for one, two in pairwise(run)})
    return _most(words, _MOST_WORDS), _most(phrases, _MOST_PHRASES)


def _runs(text: str, stop: frozenset[str]) -> Iterable[Sequence[str]]:
    """Words that stand beside each other with neither a small word nor a mark between them."""
    run: list[str] = []
    end = 0
    for found in _WORD.finditer(text):
        if text[end : found.start()].strip(" ’'\u00a0\u202f"):
            yield run
            run = []
        end = found.end()
        word = found[0]
        if word in stop or len(word) < _SHORTEST:
            yield run
            run = []
        else:
            run.append(word)
    yield run


def _most(counts: Counter[str], most: int) -> Counted:
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return [[text, count] for text, count in ranked if count >= _LEAST][:most]
