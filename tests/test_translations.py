"""French is complete: every text of the code, no doubtful one, the same placeholders, and compiled."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
FRENCH = ROOT / "translations" / "fr" / "LC_MESSAGES"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")


def texts(message: Message) -> tuple[list[str], list[str]]:
    """Source and translation, each with all its plural forms."""
    source = [message.id] if isinstance(message.id, str) else list(message.id)
    translation = [message.string] if isinstance(message.string, str) else list(message.string)
    return source, translation


def fault(message: Message) -> str | None:
    """What is wrong with one translation."""
    source, translation = texts(message)
    if message.fuzzy:
        return "is doubtful (fuzzy)"
    if not all(translation):
        return "is missing"
    # A plural says the number, a singular may leave it out.
    if set(PLACEHOLDER.findall(translation[-1])) != set(PLACEHOLDER.findall(source[-1])):
        return "has other placeholders"
    known = set(PLACEHOLDER.findall("".join(source)))
    return None if set(PLACEHOLDER.findall("".join(translation))) <= known else "has other placeholders"


@pytest.fixture(scope="module")
def french() -> Catalog:
    with (FRENCH / "messages.po").open("rb") as file:
        return read_po(file, locale="fr")


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """All texts that are marked in code and templates."""
    target = tmp_path_factory.mktemp("babel") / "messages.pot"
    babel = [sys.executable, "-m", "babel.messages.frontend", "-q", "extract", "-F", "babel.cfg"]
    keywords = ["-k", "lazy", "-k", "lazy_plural:1,2", "-k", "_l", "-k", "lazy_gettext", "-k", "lazy_ngettext:1,2"]
    subprocess.run([*babel, *keywords, "-o", str(target), "."], cwd=ROOT, check=True)
    with target.open("rb") as file:
        return read_po(file)


def ids(catalog: Catalog) -> set[str | tuple[str, ...]]:
    return {message.id if isinstance(message.id, str) else tuple(message.id) for message in catalog if message.id}


def test_french_has_every_text(extracted: Catalog, french: Catalog) -> None:
    assert len(ids(extracted)) > 20
    assert ids(extracted) - ids(french) == set()


def test_french_has_no_text_that_is_gone(extracted: Catalog, french: Catalog) -> None:
    assert ids(french) - ids(extracted) == set()


def test_french_is_complete_and_sure(french: Catalog) -> None:
    assert {str(message.id): found for message in french if message.id and (found := fault(message))} == {}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (Message("Hello %(name)s", "Bonjour %(name)s"), None),
        (Message("Hello", ""), "is missing"),
        (Message("Hello", "Bonjour", flags=["fuzzy"]), "is doubtful (fuzzy)"),
        (Message("Hello %(name)s", "Bonjour %(nom)s"), "has other placeholders"),
        (Message(("%(n)s log", "%(n)s logs"), ("Un journal", "%(n)s journaux")), None),
        (Message(("%(n)s log", "%(n)s logs"), ("%(n)s journal", "")), "is missing"),
        (Message(("%(n)s log", "%(n)s logs"), ("%(n)s journal", "des journaux")), "has other placeholders"),
    ],
)
def test_a_faulty_translation_is_found(message: Message, expected: str | None) -> None:
    assert fault(message) == expected


def test_the_compiled_catalogue_is_that_of_the_source(french: Catalog) -> None:
    with (FRENCH / "messages.mo").open("rb") as file:
        compiled = read_mo(file)
    assert [texts(one) for one in compiled if one.id] == [texts(one) for one in french if one.id]
