from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.measures import (
    answer_f1,
    fact_recall,
    question_values,
    rank_measures,
    ranking_values,
    slices,
    span_f1,
    summarise,
    token_f1,
)
from eval.outcomes import Outcome, Reference, Shown, run_documents, run_items, run_marked_items
from eval.questions import JudgedQuestion, Judgement


def shown(rank: int, item: str = "", relevance: int = 0, **more: object) -> Shown:
    item = item or f"d{rank}:0-10"
    values: dict[str, object] = {
        "rank": rank,
        "id": item,
        "item": item,
        "document": item.split(":")[0],
        "variant": item.split(":")[0],
        "start": 0,
        "end": 10,
        "score": 1 / rank,
        "relevance": relevance,
        "facts": (0,) if relevance >= 2 else (),
        "marked": ((0, 10),),
        "marked_relevance": relevance,
        "marked_facts": (0,) if relevance >= 2 else (),
        "verbatim": True,
        "text": "0123456789",
    }
    return Shown(**{**values, **more})  # type: ignore[arg-type]


def outcome(
    identifier: str = "q",
    passages: Sequence[Shown] = (),
    relevant: dict[str, int] | None = None,
    *,
    answerable: bool = True,
    lang: str = "en",
    **more: object,
) -> Outcome:
    question = JudgedQuestion(
        identifier,
        lang,
        "fact",
        "Where?",
        answerable,
        (Judgement(3, document="d"),) if answerable else (),  # type: ignore[arg-type]
    )
    values: dict[str, object] = {
        "question": question,
        "collection": "tests",
        "status": "answered",
        "p": 0.9,
        "shown": tuple(passages),
        "relevant": relevant or {},
        "documents": {},
        "facts": 1,
        "understood_lang": "en",
    }
    return Outcome(**{**values, **more})  # type: ignore[arg-type]


rankings = st.lists(st.sampled_from("abcdefghijklmno"), unique=True, max_size=12)
judgements = st.dictionaries(st.sampled_from("abcdefghijklmno"), st.integers(0, 3), min_size=1, max_size=8)


@given(rankings, judgements)
@settings(deadline=None, max_examples=60)
def test_ranking_measures_are_their_definitions(items: list[str], judged: dict[str, int]) -> None:
    found = {name: v["q"] for name, v in rank_measures({"q": items}, {"q": judged}).items()}
    right = [judged.get(item, 0) >= 2 for item in items]
    total = sum(relevance >= 2 for relevance in judged.values())
    first = next((n for n, hit in enumerate(right[:10]) if hit), None)
    assert found["Success@1"] == float(any(right[:1]))
    assert found["Success@3"] == float(any(right[:3]))
    assert found["RR@10"] == pytest.approx(0 if first is None else 1 / (first + 1))
    assert found["R@5"] == pytest.approx(sum(right[:5]) / total if total else 0)
    precisions = [sum(right[: n + 1]) / (n + 1) for n, hit in enumerate(right) if hit]
    assert found["AP"] == pytest.approx(sum(precisions) / total if total else 0)
    discount = 1 / np.log2(np.arange(2, 12))
    gains = [judged.get(item, 0) for item in items[:10]]
    ideal = sorted(judged.values(), reverse=True)[:10]
    best = float(np.dot(ideal, discount[: len(ideal)]))
    expected = float(np.dot(gains, discount[: len(gains)])) / best if best else 0
    assert found["nDCG@10"] == pytest.approx(expected, abs=1e-6)


def test_a_question_without_result_counts_zero_and_stays_in_the_mean() -> None:
    hit = outcome("q1", [shown(1, "a:0-10", 3)], {"a:0-10": 3}, documents={"a": 3})
    silent = outcome("q2", [], {"b:0-10": 3}, documents={"b": 3})
    unheld = outcome("q3", [shown(1)], {})  # no passage of the index holds its place
    values = ranking_values([hit, silent, unheld])
    for name in ("Success@1", "RR@10", "nDCG@10", "R@5", "AP", "sentence Success@1"):
        assert values[name] == {"q1": 1.0, "q2": 0.0, "q3": 0.0}, name
    assert summarise([hit, silent, unheld])["Success@1"].value == pytest.approx(1 / 3)


def test_a_passage_that_is_only_about_the_subject_is_no_success_but_has_gain() -> None:
    values = ranking_values([outcome("q", [shown(1, "a:0-10", 1)], {"a:0-10": 1, "b:0-10": 3})])
    assert values["Success@1"]["q"] == 0
    assert values["nDCG@10"]["q"] == pytest.approx(1 / (3 + 1 / np.log2(3)))


def test_recall_counts_facts_not_passages() -> None:
    two_in_one = outcome("q", [shown(1, "a:0-10", 3, facts=(0, 1), marked_facts=(1,))], {"a:0-10": 3}, facts=3)
    assert fact_recall(two_in_one) == pytest.approx(2 / 3)
    assert fact_recall(two_in_one, marked=True) == pytest.approx(1 / 3)
    again = outcome("q", [shown(n, f"a:{n}-10", 3, facts=(0,)) for n in range(1, 8)], facts=2)
    assert fact_recall(again) == 1 / 2


def test_facts_behind_the_fifth_passage_are_not_recalled() -> None:
    passages = [shown(n) for n in range(1, 6)] + [shown(6, "x:0-10", 3)]
    assert fact_recall(outcome("q", passages)) == 0


def test_the_other_language_version_lower_down_is_no_second_hit() -> None:
    one = outcome("q", [shown(1, "a:0-10", 3), shown(2, "a:0-10", 3, id="a.es:0-12")])
    assert run_items(one) == ["a:0-10", "a.es:0-12#again"]


def test_documents_rank_at_their_best_passage_language_versions_as_one() -> None:
    passages = [shown(1, "a:0-10"), shown(2, "b:0-10"), shown(3, "a.es:0-9", variant="a"), shown(4, "c:0-10")]
    assert run_documents(outcome("q", passages)) == ["a", "b", "c"]


def test_a_sentence_beside_the_place_is_no_sentence_hit() -> None:
    one = outcome("q", [shown(1, "a:0-10", 3, marked_relevance=0, marked_facts=())], {"a:0-10": 3})
    assert run_marked_items(one) == ["a:0-10#beside"]
    values = ranking_values([one])
    assert (values["Success@1"]["q"], values["sentence Success@1"]["q"]) == (1.0, 0.0)


def test_token_f1_is_worked_as_by_hand_accents_and_case_aside() -> None:
    # three shared words, four found, six wanted
    assert token_f1("La reunión de Puebla", "reunion en Puebla de la OIM") == pytest.approx(2 * 4 / (4 + 6))
    assert token_f1("", "anything") == 0


def test_span_f1_is_worked_as_by_hand() -> None:
    assert span_f1([(0, 10)], [(5, 20)]) == pytest.approx(2 * 5 / (10 + 15))
    assert span_f1([(0, 5), (3, 10)], [(0, 10)]) == 1


def test_an_answer_is_held_against_the_nearest_reference_of_its_document() -> None:
    references = (
        Reference("x", ((0, 10),), "other words"),
        Reference("d1", ((0, 5),), "01234"),
        Reference("d1", ((0, 10),), "0123456789"),
    )
    given_answer = outcome("q", [shown(1)], references=references, answer="0123456789", answer_spans=((0, 10),))
    assert answer_f1(given_answer) == (1.0, 1.0)
    assert answer_f1(outcome("q", [shown(1)], references=references)) == (0.0, 0.0)


def test_false_answers_are_of_the_unanswerable_and_false_refusals_of_the_answerable() -> None:
    outcomes = [
        outcome("a1", [shown(1)], status="answered"),
        outcome("a2", [shown(1)], status="not_found"),
        outcome("a3", [shown(1)], status="related"),
        outcome("u1", [shown(1)], answerable=False, status="answered", facts=0),
        outcome("u2", [], answerable=False, status="not_found", facts=0),
    ]
    figures = summarise(outcomes)
    assert (figures["false answers"].value, figures["false answers"].n) == (1 / 2, 2)
    assert (figures["false refusals"].value, figures["false refusals"].n) == (pytest.approx(1 / 3), 3)


def test_a_quotation_that_is_not_the_document_breaks_citation_integrity() -> None:
    good = outcome("q1", [shown(1)])
    assert question_values([good])["citation integrity"] == {"q1": 1.0}
    for bad in (outcome("q", [shown(1), shown(2, verbatim=False)]), outcome("q", [shown(1)], answer_verbatim=False)):
        assert question_values([bad])["citation integrity"] == {"q": 0.0}


def test_slices_share_out_every_question_once_in_each_dimension() -> None:
    outcomes = [outcome(f"q{n}", lang="en" if n % 2 else "es") for n in range(5)]
    for parts in slices(outcomes).values():
        assert sorted(o.question.id for part in parts.values() for o in part) == sorted(o.question.id for o in outcomes)


def test_a_slice_without_answerable_questions_has_no_success_rather_than_zero() -> None:
    figure = summarise([outcome("u", answerable=False, facts=0)])["Success@1"]
    assert np.isnan(figure.value)
    assert figure.n == 0
