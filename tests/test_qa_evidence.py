import re
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.records import Passage
from index.searching import Index
from qa.answers import Question
from qa.evidence import (
    GENUS,
    HALF_NEAR,
    SPELT,
    Matched,
    _proximities,
    asked_to_define,
    choose_sentences,
    mark_definitions,
    match_terms,
    show_matches,
)
from qa.examining import _names_others, covered_shares
from qa.expecting import spells_out
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


@pytest.mark.parametrize("text", [*QUESTIONS, "migration migration", "the twenty-first meeting of the RCM in Mexico"])
def test_proximity_is_that_of_the_nearest_places_of_neighbouring_words(text: str, tiny_index: Index) -> None:
    _, terms, passages, found = match_all(text, tiny_index)
    rows = terms.word_rows
    pairs = [(a, b) for a, b in pairwise(terms.words) if a.end <= b.start]
    assert [a.weight + b.weight for a, b in pairs] == pytest.approx(rows.pair_weights.tolist())
    for passage, matched in zip(passages, found, strict=True):
        shares = [0.0]
        for first, second, weight in zip(rows.firsts, rows.seconds, rows.pair_weights, strict=True):
            one, other = (
                [place for row in np.flatnonzero(says) for place in matched.places.get(int(row), ())] for says in (first, second)
            )
            gaps = [max(a - d, c - b, 0) for a, b in one for c, d in other]
            shares.append(weight / (1 + min(gaps) / HALF_NEAR) if gaps else 0.0)
        assert 0 <= matched.proximity <= 1
        assert matched.proximity == pytest.approx(sum(shares) / (rows.pair_weights.sum() or 1)), passage.text


@given(st.data())
def test_the_nearest_of_any_places_is_found_in_any_order(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 12))
    at, rows, starts = (np.array(data.draw(st.lists(st.integers(0, most), min_size=size, max_size=size))) for most in (1, 3, 40))
    ends = starts + np.array(data.draw(st.lists(st.integers(1, 30), min_size=size, max_size=size)))
    words = SimpleNamespace(
        firsts=np.array([[1, 1, 0, 0], [0, 0, 1, 0]], np.bool_),
        seconds=np.array([[0, 0, 1, 0], [0, 0, 0, 1]], np.bool_),
        pair_weights=np.array([1.0, 3.0]),
    )
    found = _proximities(words, at, rows, starts, ends, 2)  # type: ignore[arg-type]
    for passage in (0, 1):
        share = 0.0
        for first, second, weight in zip(words.firsts, words.seconds, words.pair_weights, strict=True):
            one, other = ([n for n in range(size) if at[n] == passage and says[rows[n]]] for says in (first, second))
            gaps = [max(starts[a] - ends[b], starts[b] - ends[a], 0) for a in one for b in other]
            share += weight / (1 + min(gaps) / HALF_NEAR) if gaps else 0.0
        assert found[passage] == pytest.approx(share / 4)


def test_words_that_stand_together_are_nearer_than_the_same_words_apart(tiny_index: Index) -> None:
    _, _, passages, together = match_all("annual meeting", tiny_index)
    _, _, _, apart = match_all("annual migration", tiny_index)
    holds = next(n for n, passage in enumerate(passages) if "Annual Meeting" in passage.text)
    assert together[holds].proximity > 0.9 > apart[holds].proximity


@pytest.mark.parametrize(
    "text, opening",
    [
        ("What is the Regional Conference on Migration?", "The Regional Conference on Migration"),
        ("¿Qué es la Conferencia Regional sobre Migración?", "La Conferencia Regional sobre Migración"),
    ],
)
def test_a_definition_says_what_its_subject_is(text: str, opening: str, tiny_index: Index) -> None:
    question, terms, passages, found = match_all(text, tiny_index)
    numbers = asked_to_define(question, terms)
    defining = []
    for passage, matched in zip(passages, found, strict=True):
        whole = tiny_index.store.document(passage.document_id).text
        marks = mark_definitions(numbers, terms, whole, passage, matched)
        defining += [whole[a:b] for (a, b), says in zip(passage.sentences, marks, strict=True) if says]
    assert any(sentence.startswith(opening) for sentence in defining)
    assert not any("RCM are:" in sentence or "CRM son:" in sentence for sentence in defining)  # said of its members


def test_an_acronym_is_defined_by_what_it_is_before_what_it_stands_for(tiny_index: Index) -> None:
    question, terms, passages, found = match_all("What is the RCM?", tiny_index)
    numbers = asked_to_define(question, terms)
    best: dict[float, list[str]] = {}
    for passage, matched in zip(passages, found, strict=True):
        whole = tiny_index.store.document(passage.document_id).text
        marks = mark_definitions(numbers, terms, whole, passage, matched)
        only = mark_definitions(numbers, terms, whole, passage, matched, spell_out=True)
        for (a, b), mark, spelt in zip(passage.sentences, marks.tolist(), only.tolist(), strict=True):
            best.setdefault(mark, []).append(whole[a:b])
            assert spelt == spells_out(whole[a:b], "RCM") and (mark >= SPELT or not spelt)
    assert set(best) <= {0.0, SPELT, 1.0, GENUS}
    assert any("The Regional Conference on Migration" in text for text in best[max(best)]) and max(best) > SPELT


def test_other_questions_want_no_definition(tiny_index: Index) -> None:
    question, terms, _, _ = match_all("Where was the Regional Conference on Migration created?", tiny_index)
    assert not asked_to_define(question, terms)


def test_an_article_that_belongs_to_the_word_in_the_gloss_hides_it_not(tiny_index: Index) -> None:
    question, terms, _, _ = match_all("¿Qué es la trata de personas?", tiny_index)
    assert [terms.words[n].text for n in asked_to_define(question, terms)] == [word.text for word in terms.words]


def numbers_chosen(sentences: list[str], joint: str, best: int, index: Index) -> list[int]:
    """Which sentences of a text are shown where one of them answers far better than the others."""
    text = joint.join(sentences)
    spans = [(text.index(sentence), text.index(sentence) + len(sentence)) for sentence in sentences]
    scores = np.array([0.9 if n == best else 0.1 for n in range(len(spans))], np.float32)
    return [spans.index(span) for span in choose_sentences(understand("When?", index), text, spans, scores)]


@given(
    st.lists(
        st.sampled_from(["It rained.", "• borders", "• with these aims:", "They say:", "Another came."]), min_size=1, max_size=6
    )
)
def test_the_choice_of_sentences_ends_and_is_in_order(lines: list[str]) -> None:
    text = "\n".join(lines)
    spans = [match.span() for match in re.finditer(r".+", text)]
    question = Question("Which aims?", "en", "Which aims?", "en", None, "which")
    for best in range(len(spans)):
        scores = np.array([0.9 if n == best else 0.1 for n in range(len(spans))], np.float32)
        chosen = choose_sentences(question, text, spans, scores)
        assert chosen == sorted(set(chosen)) and spans[best] in chosen


def test_a_sentence_that_joins_in_brings_the_list_that_it_introduces(tiny_index: Index) -> None:
    text = "They deal with:\n• borders\n• labour\nAd hoc groups deal with one subject."
    spans = [match.span() for match in re.finditer(r".+", text)]
    scores = np.array([0.87, 0.7, 0.7, 0.9], np.float32)
    assert choose_sentences(understand("Which groups are there?", tiny_index), text, spans, scores) == spans


@pytest.mark.parametrize(
    "sentences, best, shown",
    [
        (["Two ideas were put forward.", "One was a fund.", "Among them was a plan.", "It rained."], 0, [0, 1, 2]),
        (["Hizo dos propuestas.", "Una era un fondo.", "Llovió."], 0, [0, 1]),
        (["It names wages.", "They also name wars.", "It rained."], 0, [0, 1]),
        (["Expuso un estudio.", "Presentó también un plan.", "Llovió."], 0, [0, 1]),
        (["Objectives:", "The meeting seeks to:", "• learn", "• teach", "It rained."], 0, [0, 1, 2, 3]),
        (["The letter says:", "Learn.", "Teach."], 0, [0, 1]),
        (["It rained.", "One was a fund."], 1, [1]),
        (["It rained.", "The fund pays."], 0, [0]),
        (["The letter says:"], 0, [0]),
    ],
)
def test_a_sentence_that_only_announces_is_shown_with_what_it_announces(
    sentences: list[str], best: int, shown: list[int], tiny_index: Index
) -> None:
    assert numbers_chosen(sentences, "\n", best, tiny_index) == shown


@pytest.mark.parametrize(
    "sentences, best, shown",
    [
        (["The director spoke.", "His reason was the cost.", "It rained."], 1, [0, 1]),
        (["Habló la directora.", "Su motivo era el costo."], 1, [0, 1]),
        (["Ten states signed.", "Belize is not among them."], 1, [0, 1]),
        (["The director spoke.", "The cost was high."], 1, [1]),
        (["He ranked first."], 0, [0]),
    ],
)
def test_a_sentence_that_leans_on_the_one_before_is_shown_with_it(
    sentences: list[str], best: int, shown: list[int], tiny_index: Index
) -> None:
    assert numbers_chosen(sentences, " ", best, tiny_index) == shown
    assert numbers_chosen(sentences, "\n", best, tiny_index) == [best]  # the one before is another paragraph's


def test_each_part_of_a_question_gets_a_sentence_that_holds_what_it_asks_for(tiny_index: Index) -> None:
    text = "It was held in Belize. It rained. The law came in 2010."
    spans = [(0, 22), (23, 32), (33, 55)]
    question = understand("Where was it held, and when?", tiny_index)
    scores = np.array([0.5, 0.3, 0.4], np.float32)
    where, when = [True, False, False], [False, False, True]
    assert choose_sentences(question, text, spans, scores, np.array([where, when])) == [spans[0], spans[2]]
    assert choose_sentences(question, text, spans, scores, np.array([where])) == [spans[0]]
    far = scores - np.array([0, 0, 0.2], np.float32)
    assert choose_sentences(question, text, spans, far, np.array([where, when])) == [spans[0]]


def test_sentences_that_answer_nearly_as_well_are_shown_too_three_at_most(tiny_index: Index) -> None:
    text = "Rain fell. Snow fell. Frost came. Hail fell. Thaw came."
    spans = [(m.start(), m.end()) for m in re.finditer(r"\w+ \w+\.", text)]
    question = understand("What was the weather?", tiny_index)

    def chosen(*scores: float, **how: float) -> list[int]:
        return [spans.index(span) for span in choose_sentences(question, text, spans, np.array(scores, np.float32), **how)]

    assert chosen(0.5, 0.1, 0.46, 0.1, 0.1) == [0, 2]
    assert chosen(0.5, 0.1, 0.44, 0.1, 0.1) == [0]
    assert chosen(0.5, 0.1, 0.46, 0.1, 0.1, nearly=0.0) == [0]
    assert chosen(0.1, 0.41, 0.5, 0.41, 0.41) == [1, 2, 3], "the two beside the best may be twice as far below"
    assert chosen(0.46, 0.48, 0.47, 0.49, 0.5) == [1, 3, 4]


def test_a_sentence_without_year_is_of_the_year_of_the_sentence_before() -> None:
    named = [{"2014"}, set(), {"2013", "2014"}, set(), {"2015"}, set()]
    follows = np.array([False, True, True, True, True, False])
    assert _names_others({"2013"}, named, follows).tolist() == [True, True, False, False, True, False]
    assert not _names_others(set(), named, follows).any()
