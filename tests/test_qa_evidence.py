import pytest

from corpus.records import Passage
from index.searching import Index
from qa.answers import Question
from qa.evidence import Matched, match_terms, show_matches
from qa.examining import covered_shares
from qa.retrieving import QuestionTerms, question_terms
from qa.understanding import understand

QUESTIONS = [
    "Where was the regional conference on migration held?",
    "¿Dónde se celebró la Conferencia Regional sobre Migración?",
    "trata de personas",
    "smuggling of children in Managua",
    "is it the?",
]


def match_all(text: str, index: Index) -> tuple[Question, QuestionTerms, list[Passage], list[Matched]]:
    """A question, its terms, every passage, and what each of them holds of it."""
    question = understand(text, index)
    terms = question_terms(index, question.search_text, question.search_lang)
    ordinals = list(range(index.vectors.size))
    passages = index.store.passages_at(ordinals)
    return question, terms, passages, match_terms(index, question, terms, ordinals, passages)


@pytest.mark.parametrize("text", QUESTIONS)
def test_passages_match_alike_alone_and_together(text: str, tiny_index: Index) -> None:
    question, terms, passages, together = match_all(text, tiny_index)
    for ordinal, (passage, one) in enumerate(zip(passages, together, strict=True)):
        [alone] = match_terms(tiny_index, question, terms, [ordinal], [passage])
        assert one.found == alone.found
        assert show_matches(question, terms, passage, one) == show_matches(question, terms, passage, alone)
        assert one.coverages == pytest.approx(alone.coverages)
        assert one.synonyms == pytest.approx(alone.synonyms)


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_word_is_covered_in_the_sentences_where_its_terms_stand(text: str, tiny_index: Index) -> None:
    question, terms, passages, found = match_all(text, tiny_index)
    for passage, matched in zip(passages, found, strict=True):
        shown = show_matches(question, terms, passage, matched)
        assert len(matched.coverages) == len(matched.synonyms) == len(passage.sentences)
        assert all(passage.start <= start < end <= passage.end for start, end in shown.spans)
        for coverage, (start, end) in zip(matched.coverages, passage.sentences, strict=True):
            assert 0 <= coverage <= 1 + 1e-6
            assert bool(coverage) <= any(start <= at < end for at, _ in shown.spans)


def test_the_share_of_covered_words_counts_a_synonym_as_it_is_close(tiny_index: Index) -> None:
    terms = question_terms(tiny_index, "smuggling of children in Managua", "en")
    every = {term.term for word in terms.words for term in word.terms}
    first = terms.words[0]
    near = {term.term: term.weight for term in first.near}
    shares = covered_shares(terms, [every, set(), {first.terms[0].term}, set(near)])
    assert shares[0] == pytest.approx(1)
    assert shares[1] == 0
    assert shares[2] == pytest.approx(first.weight / terms.total_weight)
    assert shares[3] >= max(near.values(), default=0) * first.weight / terms.total_weight - 1e-9
