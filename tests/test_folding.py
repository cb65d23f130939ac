import pytest

from portal.folding import fold, one_line, whole_number


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Çisem  İNÖNÜ", "cisem inonu"),
        ("Łukasz Ødegård", "lukasz odegard"),
        ("Straße", "strasse"),
        ("№ 1", "no 1"),
        ("ℂ", "c"),
        ("co\u00adop\u200b", "coop"),
        ("بن\u200cعلي", "بنعلي"),
        ("\u200f", ""),
    ],
)
def test_names_are_found_as_a_person_types_them(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert fold(folded) == folded


@pytest.mark.parametrize(
    ("text", "line"), [(None, ""), ("  a\n\tb\0c ", "a b c"), ("\ud800x", "?x"), ("🦜 é", "🦜 é"), ("\0", "")]
)
def test_a_line_holds_only_what_every_database_takes(text: str | None, line: str) -> None:
    assert one_line(text) == line
    assert fold(text or "") == fold(line)


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("007", 7), ("2147483647", 2147483647), ("2147483648", None), ("9" * 5000, None), ("-1", None),
     ("1.0", None), ("1_0", None), ("٣", None), (" 1", None), ("", None), (None, None)],
)  # fmt: skip
def test_a_whole_number_is_one_that_a_column_holds(text, number):
    assert whole_number(text) == number
