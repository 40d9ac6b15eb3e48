"""The terms of a passage with the weights of its fields: text, headings, title."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from corpus.chunking import header
from corpus.records import Document, Passage
from index.analysis import Analyzer, weigh
from index.places import PlacesWriter

# Weights of the fields of a passage in the lexical index: the text counts full, what stands over it less.
TITLE_WEIGHT = 0.4
SECTION_WEIGHT = 0.6


def english_weights(
    analyzer: Analyzer,
    documents: Sequence[Document],
    passages: Sequence[tuple[int, Passage]],
    places: PlacesWriter,
    progress: Callable[[str, int, int], None],
) -> Iterator[dict[str, float]]:
    """The weighted terms in English space of each passage in turn; the places of those of its text go to `places`."""
    terms_of_head = lru_cache(maxsize=1024)(analyzer.english_terms)  # the passages of a document have their title in common
    for number, (at, passage) in enumerate(passages):
        body = analyzer.english_terms(passage.text, passage.lang)
        places.add(body)
        terms = weigh(body)
        weigh(terms_of_head(documents[at].title or "", passage.lang), TITLE_WEIGHT, terms)
        yield weigh(terms_of_head(header(None, passage.section), passage.lang), SECTION_WEIGHT, terms)
        if number % 64 == 63 or number + 1 == len(passages):
            progress("terms", number + 1, len(passages))


def spanish_weights(
    analyzer: Analyzer, documents: Sequence[Document], passages: Sequence[tuple[int, Passage]], places: PlacesWriter
) -> Iterator[dict[str, float]]:
    """The weighted Spanish stems of each passage in turn, none for an English one; places as above."""
    terms_of_head = lru_cache(maxsize=1024)(analyzer.own_terms)
    for at, passage in passages:
        body = analyzer.own_terms(passage.text, "es") if passage.lang == "es" else []
        places.add(body)
        terms = weigh(body)
        if passage.lang == "es":
            weigh(terms_of_head(documents[at].title or "", "es"), TITLE_WEIGHT, terms)
            weigh(terms_of_head(header(None, passage.section), "es"), SECTION_WEIGHT, terms)
        yield terms
