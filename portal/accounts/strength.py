"""How hard a password is to guess, by zxcvbn, and what to do about it, in the reader's language."""

import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.accounts.passwords import check_rules
from portal.errors import DomainError, lazy
from portal.folding import fold

# Of 0 to 4: from 3 on it takes more than 10⁸ guesses.
ENOUGH = 3

_SHORTEST_WORD = 3
_MOST_WORDS = 60
_MOST_LETTERS = 72  # zxcvbn raises above it; an accent may still be a letter of its own here
_WORD = re.compile(r"[^\W_]+")
# zxcvbn tries every combination of letters that these may stand for: 3 s for 72 of them. More than two kinds
# are read as the digit that means the same, which bounds it to about 0.1 s (measured on one core).
_SIGNS = frozenset("@({[<!|$+%")
_MOST_SIGNS = 2
_AS_DIGITS = str.maketrans("@({[<!|$+", "4((((1157")
# zxcvbn keeps what it is told of the person in one dictionary for the whole process, and so one may ask at a time.
_asking = threading.Lock()

_OWN = lazy("Your name, your address and the name of the portal are what others try first.")
_BAR = (
    lazy("Easy to guess"),
    lazy("Easy to guess"),
    lazy("Not hard enough to guess"),
    lazy("Hard to guess"),
    lazy("Very hard to guess"),
)

# Every sentence that zxcvbn may give.
SENTENCES: Mapping[str, Any] = {
    "Use a few words, avoid common phrases.": lazy("Use a few words, avoid common phrases."),
    "No need for symbols, digits, or uppercase letters.": lazy("No need for symbols, digits, or uppercase letters."),
    "Add another word or two. Uncommon words are better.": lazy("Add another word or two. Uncommon words are better."),
    "Straight rows of keys are easy to guess.": lazy("Straight rows of keys are easy to guess."),
    "Short keyboard patterns are easy to guess.": lazy("Short keyboard patterns are easy to guess."),
    "Use a longer keyboard pattern with more turns.": lazy("Use a longer keyboard pattern with more turns."),
    'Repeats like "aaa" are easy to guess.': lazy("Repeats like “aaa” are easy to guess."),
    'Repeats like "abcabcabc" are only slightly harder to guess than "abc".': lazy(
        "Repeats like “abcabcabc” are only slightly harder to guess than “abc”."
    ),
    "Avoid repeated words and characters.": lazy("Avoid repeated words and characters."),
    'Sequences like "abc" or "6543" are easy to guess.': lazy("Sequences like “abc” or “6543” are easy to guess."),
    "Avoid sequences.": lazy("Avoid sequences."),
    "Recent years are easy to guess.": lazy("Recent years are easy to guess."),
    "Avoid recent years.": lazy("Avoid recent years."),
    "Avoid years that are associated with you.": lazy("Avoid years that are associated with you."),
    "Dates are often easy to guess.": lazy("Dates are often easy to guess."),
    "Avoid dates and years that are associated with you.": lazy("Avoid dates and years that are associated with you."),
    "This is a top-10 common password.": lazy("This is one of the ten most common passwords."),
    "This is a top-100 common password.": lazy("This is one of the hundred most common passwords."),
    "This is a very common password.": lazy("This is a very common password."),
    "This is similar to a commonly used password.": lazy("This is similar to a commonly used password."),
    "A word by itself is easy to guess.": lazy("A word by itself is easy to guess."),
    "Names and surnames by themselves are easy to guess.": lazy("Names and surnames by themselves are easy to guess."),
    "Common names and surnames are easy to guess.": lazy("Common names and surnames are easy to guess."),
    "Capitalization doesn't help very much.": lazy("Capital letters do not help very much."),
    "All-uppercase is almost as easy to guess as all-lowercase.": lazy(
        "All in capital letters is almost as easy to guess as all in small ones."
    ),
    "Reversed words aren't much harder to guess.": lazy("Reversed words are not much harder to guess."),
    "Predictable substitutions like '@' instead of 'a' don't help very much.": lazy(
        "Predictable substitutions like “@” instead of “a” do not help very much."
    ),
}


@dataclass(frozen=True, slots=True)
class Strength:
    """How hard a password is to guess, 0 to 4, in a word; why it is not harder, and what would make it so."""

    score: int
    word: Any
    warning: Any = None
    suggestion: Any = None

    @property
    def is_enough(self) -> bool:
        """Whether it will do."""
        return self.score >= ENOUGH


def judge(password: str, about: Iterable[str] = ()) -> Strength:
    """The strength of a password for a person; `about` is what others know: names, address, the portal's name."""
    try:
        check_rules(password)
    except DomainError as error:
        return Strength(0, lazy("Will not do yet"), error.message)
    words = _words(about)
    score, warning, suggestion = _ask(password, words)
    rest = _without(password, words)
    if rest is not None:
        # zxcvbn takes a name and two digits for three independent guesses.
        of_rest, _, other = _ask(rest, ()) if rest else (0, None, None)
        score, warning = min(score, of_rest + 1), warning or _OWN
        suggestion = suggestion or other or SENTENCES["Add another word or two. Uncommon words are better."]
    enough = score >= ENOUGH
    return Strength(score, _BAR[score], None if enough else warning, None if enough else suggestion)


def check_strength(password: str, about: Iterable[str] = ()) -> None:
    """Raise DomainError on the field `password` when it breaks the rules or is easy to guess, with what to do."""
    check_rules(password)
    found = judge(password, about)
    if found.is_enough:
        return
    if found.warning:
        said = lazy(
            "This password is too easy to guess. %(warning)s %(suggestion)s",
            warning=found.warning,
            suggestion=found.suggestion,
        )
    else:
        said = lazy("This password is too easy to guess. %(suggestion)s", suggestion=found.suggestion)
    raise DomainError(said, "password")


def _ask(password: str, words: Sequence[str]) -> tuple[int, Any, Any]:
    """Score, warning and first suggestion of zxcvbn."""
    from zxcvbn import zxcvbn  # type: ignore[import-untyped]  # 0.1 s and 10 MB, and few requests need it

    read = password.translate(_AS_DIGITS) if len(_SIGNS & set(password)) > _MOST_SIGNS else password
    with _asking:
        found = zxcvbn(read[:_MOST_LETTERS], user_inputs=list(words))
    warning, suggestions = found["feedback"]["warning"], found["feedback"]["suggestions"]
    return (
        int(found["score"]),
        SENTENCES[warning] if warning else None,
        SENTENCES[suggestions[0]] if suggestions else None,
    )


def _words(about: Iterable[str]) -> list[str]:
    """What others know of a person, in one piece and in its words, as typed and without accents; the longest first."""
    found: set[str] = set()
    for text in about:
        for form in (text.casefold(), fold(text)):
            found |= {form, form.replace(" ", ""), *_WORD.findall(form)}
    return sorted((word for word in found if len(word) >= _SHORTEST_WORD), key=lambda word: (-len(word), word))[
        :_MOST_WORDS
    ]


def _without(password: str, words: Sequence[str]) -> str | None:
    """What is left of a password without these words; None when none of them is in it."""
    rest = fold(password)
    for word in words:
        rest = rest.replace(word, "")
    return rest if rest != fold(password) else None
