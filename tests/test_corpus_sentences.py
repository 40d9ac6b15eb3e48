import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.sentences import split_sentences


def sentences(text: str) -> list[str]:
    return [text[a:b] for a, b in split_sentences(text)]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("It met in 2014. It met again.", ["It met in 2014.", "It met again."]),
        ("Mr. Smith spoke to Dr. Gómez.", ["Mr. Smith spoke to Dr. Gómez."]),
        ("El Sr. Pérez y la Dra. Ruiz hablaron. Luego cerraron.", ["El Sr. Pérez y la Dra. Ruiz hablaron.", "Luego cerraron."]),
        ("William L. Swing opened it. He left.", ["William L. Swing opened it.", "He left."]),
        ("About 4.5 million people moved. Most were women.", ["About 4.5 million people moved.", "Most were women."]),
        ("See decision No. 4 of the annex. It is short.", ["See decision No. 4 of the annex.", "It is short."]),
        ("He waited... and then spoke. Done.", ["He waited... and then spoke.", "Done."]),
        ("He waited... The others left.", ["He waited...", "The others left."]),
        ("“We agree.” They signed.", ["“We agree.”", "They signed."]),
        ("¿Quién preside? Panamá preside.", ["¿Quién preside?", "Panamá preside."]),
        ("Viven en EE. UU. desde 1996. Son once.", ["Viven en EE. UU. desde 1996.", "Son once."]),
        ("The U.S. delegation came. It stayed.", ["The U.S. delegation came.", "It stayed."]),
        ("Funds, offices, etc. were shared. All agreed.", ["Funds, offices, etc. were shared.", "All agreed."]),
        ("One paragraph\n\nAnother one", ["One paragraph\n\nAnother one"]),
        ("First.\n\nsecond.", ["First.", "second."]),
        ("d. To keep up the exchange. It goes on.", ["d. To keep up the exchange.", "It goes on."]),
        ("3. Review the rules.\n\niv. Adopt them.", ["3. Review the rules.", "iv. Adopt them."]),
        ("There were 3. Review them.", ["There were 3.", "Review them."]),
    ],
)
def test_sentences_end_where_readers_end_them(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text(alphabet=st.sampled_from('aB1 .?!\n"“”¿,;:-…éñ'), max_size=200))
def test_only_white_space_lies_between_sentences(text: str) -> None:
    spans = split_sentences(text)
    at = 0
    for start, end in spans:
        assert at <= start < end <= len(text)
        assert not text[at:start].strip()
        assert text[start:end] == text[start:end].strip()
        at = end
    assert not text[at:].strip()
