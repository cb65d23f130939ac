import pytest

from portal.folding import fold


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
