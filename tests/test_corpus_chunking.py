from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.chunking import Chunker, ChunkSettings
from corpus.errors import UnreadableDocument
from corpus.loading import make_document
from corpus.markdown import markdown_blocks
from corpus.reading import RawDocument
from corpus.records import Document


class WordTokens:
    """One token a word of at most eight letters, two special tokens."""

    max_tokens = 48

    def count(self, text: str) -> int:
        return 2 + sum(1 + (len(word) - 1) // 8 for word in text.split())


def document(markdown: str) -> Document:
    from collections import Counter

    made, _ = make_document(RawDocument(blocks=markdown_blocks(markdown)), "x.md", Counter())
    return made


def chunker(**sizes: int) -> Chunker:
    return Chunker(
        WordTokens(),
        ChunkSettings(**{"target_tokens": 24, "overlap_tokens": 6, "header_tokens": 12, "fragment_tokens": 8, **sizes}),
    )


def _is_readable(markdown: str) -> bool:
    """Whether cleaning leaves something: a letter alone may look like a piece of a menu."""
    try:
        document(markdown)
    except UnreadableDocument:
        return False
    return True


words = st.text(alphabet="abcdefghijkl", min_size=1, max_size=12)
sentence = st.lists(words, min_size=1, max_size=40).map(lambda ws: (" ".join(ws)).capitalize() + ".")
block = st.one_of(
    st.lists(sentence, min_size=1, max_size=6).map(" ".join),
    st.lists(words, min_size=1, max_size=8).map(lambda ws: "## " + " ".join(ws)),
    st.lists(sentence, min_size=1, max_size=6).map(lambda items: "They agreed:\n\n" + "\n".join(f"- {i}" for i in items)),
)
markdowns = (
    st.lists(block, min_size=1, max_size=8)
    .map("\n\n".join)
    .filter(lambda text: any(not part.startswith("##") for part in text.split("\n\n")))
    .filter(_is_readable)
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(markdowns)
def test_every_passage_is_its_span_of_the_document(text: str) -> None:
    made = document(text)
    for passage in chunker().chunk_document(made):
        assert made.text[passage.start : passage.end] == passage.text
        assert passage.sentences[0][0] == passage.start
        assert passage.sentences[-1][1] == passage.end
        for (_, end), (start, _) in pairwise(passage.sentences):
            assert (end <= start and not made.text[end:start].strip("\n -•")) or "\n" in made.text[end:start]


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(markdowns)
def test_passages_cover_every_word_outside_headings(text: str) -> None:
    made = document(text)
    covered = [False] * len(made.text)
    for passage in chunker().chunk_document(made):
        covered[passage.start : passage.end] = [True] * (passage.end - passage.start)
    for span in made.blocks:
        if span.kind != "heading":
            missing = "".join(
                c for c, seen in zip(made.text[span.start : span.end], covered[span.start : span.end], strict=True) if not seen
            )
            assert not missing.strip()


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(markdowns)
def test_what_is_embedded_never_exceeds_the_limit(text: str) -> None:
    made = document(text)
    cutter = chunker()
    for passage in cutter.chunk_document(made):
        embedded = cutter.embedded(made, passage)
        assert WordTokens().count(embedded) <= WordTokens.max_tokens
        assert embedded.endswith(passage.text)


def test_a_list_stays_with_its_lead_in() -> None:
    made = document(
        "Before it all there was one sentence here.\n\nThe members agreed on these points:\n\n- one short\n- two short\n- three short"
    )
    texts = [p.text for p in chunker(target_tokens=12).chunk_document(made)]
    assert any("points:\n• one short" in text for text in texts)


def test_a_list_is_not_cut_after_its_first_item() -> None:
    before = "The first sentence has eight words in it. The second sentence has eight words too."
    items = ["one of the points that was agreed", "another point that was agreed on", "a last point of the three"]
    made = document(f"{before}\n\nThe members agreed on:\n\n" + "\n".join(f"- {item}" for item in items))
    texts = [p.text for p in chunker(target_tokens=32).chunk_document(made)]
    assert any(text.startswith("The members agreed on:") and items[-1] in text for text in texts)
    assert not any(items[0] in text and items[1] not in text for text in texts)


def test_a_list_after_nothing_is_cut_where_it_must_be() -> None:
    items = "\n".join(f"- one of the points that was agreed, number {n}" for n in range(9))
    made = document(f"The members agreed on:\n\n{items}")
    passages = chunker(fragment_tokens=0).chunk_document(made)
    assert len(passages) > 1 and passages[0].text.startswith("The members agreed on:")


def test_what_announces_stays_with_what_is_announced() -> None:
    first = "The first sentence has quite a number of words in it. "
    text = f"{first}The text lists several principles. Among them are two that matter here to all who came."
    [before, after] = chunker(target_tokens=16, overlap_tokens=0).chunk_document(document(text))
    assert (before.text, after.text) == (first.strip(), text.removeprefix(first))


def test_a_long_list_names_its_lead_in_in_the_heading_path() -> None:
    items = "\n".join(f"- item number {n} with several more words in it" for n in range(12))
    passages = chunker().chunk_document(document(f"# Title\n\nThe points are:\n\n{items}"))
    assert len(passages) > 2
    assert passages[-1].section[-1] == "The points are"


def test_a_short_section_goes_with_its_sub_section() -> None:
    made = document("# Title\n\n## Event\n\nCity: Managua\n\n### Objective\n\nTo exchange experience among the members of it.")
    passages = chunker(fragment_tokens=8).chunk_document(made)
    assert len(passages) == 1
    assert passages[0].text.startswith("City: Managua\n\nObjective\n\nTo exchange")
    assert passages[0].section == ("Event",)


def test_the_title_is_not_repeated_in_the_heading_path() -> None:
    passages = chunker().chunk_document(document("# The title\n\nBody of it.\n\n## Part\n\nMore of it."))
    assert [p.section for p in passages] == [(), ("Part",)]


def test_parts_of_a_section_are_of_like_size() -> None:
    text = " ".join(f"Sentence number {n} has seven words here." for n in range(10))
    sizes = [WordTokens().count(p.text) for p in chunker(overlap_tokens=0).chunk_document(document(text))]
    assert max(sizes) - min(sizes) <= 8


@pytest.mark.model
def test_bundled_passages_fit_the_real_tokenizer() -> None:
    from corpus.loading import BUNDLED, load_collection
    from corpus.tokens import packaged_tokens

    tokens = packaged_tokens()
    assert tokens.max_tokens == 256
    cutter = Chunker(tokens)
    for made in load_collection([BUNDLED]).documents[::15]:
        for passage in cutter.chunk_document(made):
            assert tokens.count(cutter.embedded(made, passage)) <= 256


ODD_TEXTS = (
    "", " ", "Reunión  de la CRM:\n«XV»,\tSan José (2010).", "e-mail: info@crmsv.org — https://example.org/a_b?c=1", "ñandú ÑANDÚ İ ß ﬁ",
    "日本語の文 mixed with words", "pneumonoultramicroscopicsilicovolcanoconiosis", "a" * 300, "1,190 y 3.5 % (±2)", "non\u00a0breaking\u2003spaces\u2028line",
    "emoji 🇬🇹 and [MASK] [SEP]",
)  # fmt: skip


@pytest.mark.model
def test_words_counted_by_themselves_add_up_to_the_tokens_of_the_text() -> None:
    from tokenizers import Tokenizer

    from corpus.tokens import packaged_model, packaged_tokens

    whole = Tokenizer.from_file(str(packaged_model() / "tokenizer.json"))
    whole.no_truncation()
    whole.no_padding()
    for text in (*ODD_TEXTS, " ".join(ODD_TEXTS)):
        assert packaged_tokens().count(text) == len(whole.encode(text).ids), text


def test_a_tokenizer_whose_tokens_reach_over_spaces_counts_the_text_as_a_whole(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    from corpus.tokens import ModelTokens

    made = Tokenizer(models.BPE({"a": 0, " ": 1, "b": 2, "a ": 3, "a b": 4}, [("a", " "), ("a ", "b")]))
    assert made.pre_tokenizer is None
    made.save(str(tmp_path / "tokenizer.json"))
    assert ModelTokens(tmp_path).count("a b") == 1
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    made.save(str(tmp_path / "tokenizer.json"))
    assert ModelTokens(tmp_path).count("a b") == 2
