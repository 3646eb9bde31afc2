import pytest
from hypothesis import given
from hypothesis import strategies as st

from organizations import pieces
from organizations.document_texts import Section
from organizations.pieces import LONGEST, Piece

WORDS = st.text(alphabet="ab .!\n\t", max_size=3000)


@given(st.lists(st.builds(Section, st.sampled_from(["", "Prices"]), WORDS), max_size=3))
def test_nothing_is_lost_and_no_piece_is_too_long(sections: list[Section]) -> None:
    found = pieces.cut(sections)
    assert "".join("".join(each.text.split()) for each in found) == "".join(
        "".join(section.text.split()) for section in sections
    )
    assert all(0 < len(each.text) <= LONGEST for each in found)


def test_short_paragraphs_stand_together_and_sections_apart() -> None:
    found = pieces.cut([Section("A", "one\n\n two  words\n"), Section("B", "three")])
    assert found == [Piece("A", "one\n\ntwo words"), Piece("B", "three")]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (f"{'a' * 500}\n{'b' * 500}", "a" * 500),
        (f"{'a ' * 300}end. {'b' * 400}", f"{'a ' * 300}end."),
        (f"{'a' * 700} {'b' * 400}", "a" * 700),
        ("a" * 1000, "a" * LONGEST),
        (f"Hi. {'a' * 1000}", f"Hi. {'a' * (LONGEST - 4)}"),
    ],
)
def test_a_long_paragraph_is_cut_where_it_hurts_least(text: str, first: str) -> None:
    assert pieces.cut([Section("", text)])[0].text == first
