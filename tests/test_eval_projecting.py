from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from eval import projecting
from eval.judging import Judge
from eval.projecting import Example, half_of, load_examples, rarity_of, train
from eval.questions import BUNDLED_QUESTIONS, LEARNING_QUESTIONS, JudgedQuestion, Judgement, load_questions, resolve
from eval.sets import QuestionSet
from index.projecting import DIM, LEARNT, projection_name, projection_of
from index.searching import Index

WIDTH = 96


class Spoken:
    """Token vectors by text: each word has a wide vector of its own, made from its letters."""

    def __init__(self) -> None:
        self._rng_cache: dict[str, NDArray[np.float16]] = {}

    def _word(self, word: str) -> NDArray[np.float16]:
        if word not in self._rng_cache:
            generator = np.random.default_rng(sum(ord(c) * 31**n for n, c in enumerate(word)) % 2**32)
            self._rng_cache[word] = generator.normal(size=WIDTH).astype(np.float16)
        return self._rng_cache[word]

    def __getitem__(self, text: str) -> tuple[NDArray[np.int32], NDArray[np.float16]]:
        words = text.split()
        return np.asarray([sum(map(ord, w)) % 500 for w in words], np.int32), np.stack([self._word(w) for w in words])


def late(question: str, passage: str, tokens: Spoken, projection: NDArray[np.float32]) -> float:
    asked, said = (tokens[text][1].astype(np.float32) @ projection for text in (question, passage))
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    said /= np.linalg.norm(said, axis=1, keepdims=True)
    return float((asked @ said.T).max(axis=1).mean())


@pytest.mark.slow
def test_words_that_answer_each_other_are_brought_together(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("EPOCHS", 8), ("RATE", 0.02), ("NEAR", 0.0)):
        monkeypatch.setattr(projecting, name, value)
    tokens = Spoken()
    pairs = [(f"asked{n}", f"told{n}") for n in range(12)]
    examples = [
        Example(f"{asked} noise", (f"{told} filler", *(f"{other} filler" for _, other in pairs if other != told)), (True,) + (False,) * 11)
        for asked, told in pairs
    ]  # fmt: skip
    rarity = {example.question: np.ones(500, np.float32) for example in examples}
    projection, importance = train(examples * 4, tokens, rarity)  # type: ignore[arg-type]
    assert projection.shape == (WIDTH, DIM)
    asked, noise = (float(tokens[word][1][0].astype(np.float32) @ importance) for word in ("asked3", "noise"))
    assert asked > noise, "a word that tells nothing apart matters less"
    right = sum(
        max(range(12), key=lambda n: late(example.question, example.passages[n], tokens, projection)) == 0 for example in examples
    )
    assert right >= 11


def test_rarity_is_that_of_the_index() -> None:
    found = rarity_of(Spoken(), ["a b", "a", "a a"])  # type: ignore[arg-type]
    assert found[ord("a")] == pytest.approx(np.log1p(0.5 / 3.5))
    assert found[ord("b")] == pytest.approx(np.log1p(2.5 / 1.5))


def test_a_document_is_in_one_half_and_other_collections_in_none() -> None:
    assert half_of("") is None
    halves = [half_of(f"document-{n}") for n in range(40)]
    assert set(halves) == {0, 1} and halves == [half_of(f"document-{n}") for n in range(40)]


def test_examples_are_questions_whose_answer_is_among_their_candidates(tiny_index: Index) -> None:
    questions = [
        JudgedQuestion("a", "en", "fact", "Which meeting took place in Tapachula?", True, (Judgement(3, document="tapachula", quote="took place in Tapachula"),)),
        JudgedQuestion("b", "en", "off-domain", "How many whales swim there?", False),
    ]  # fmt: skip
    part = QuestionSet("tiny", questions, resolve(questions, tiny_index.store), tiny_index, Judge(tiny_index))
    [example] = load_examples(part)
    assert "Tapachula" in next(text for text, answers in zip(example.passages, example.answers, strict=True) if answers)
    assert 1 <= sum(example.answers) < len(example.answers)


def test_what_is_learnt_from_is_never_of_the_test_split() -> None:
    learning = load_questions(LEARNING_QUESTIONS)
    judged = load_questions(BUNDLED_QUESTIONS)
    assert {question.split for question in learning} == {"dev"}
    only_test = {j.document for q in judged for j in q.judgements if q.split == "test"} - {
        j.document for q in judged for j in q.judgements if q.split == "dev"
    }
    main = {question.judgements[0].document for question in learning if question.answerable}
    assert not main & only_test
    asked = {question.question for question in judged if question.split == "test"}
    assert not asked & {question.question for question in learning}


def test_a_model_that_nothing_was_learnt_for_has_its_principal_directions(tmp_path: Path) -> None:
    assert LEARNT.is_file()
    assert projection_name("another model") == "principal"

    class Model:
        def encode(self, texts: list[str], **how: object) -> list["Tensor"]:
            return [Tensor(np.eye(WIDTH, dtype=np.float32)[: 2 + n % 5]) for n, _ in enumerate(texts)]

    class Tensor:
        def __init__(self, values: NDArray[np.float32]) -> None:
            self.values = values

        def numpy(self) -> NDArray[np.float32]:
            return self.values

    projection, importance = projection_of("another model", Model())
    assert projection.shape == (WIDTH, DIM)
    assert importance.tolist() == [[0.0, 0.0]] * WIDTH
