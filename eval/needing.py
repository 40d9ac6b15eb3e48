"""Learn which words of a question an answer cannot do without.

Late interaction tells how well each word finds a partner in a passage; a near miss matches all words but the one that matters.
Here a word weighs its rarity times exp(u . its token vector), and u is learnt so that the weighted share of what passages and
their answering sentences lack tells answers from passages that do not answer (logistic loss, L2 on u).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.questions import RELEVANT, JudgedQuestion
from eval.sets import QuestionSet
from eval.tokens import Tokens
from index.tokens import word_starts
from qa.answers import Question
from qa.examining import Examined
from qa.timing import Timing

STEPS, RATE, HELD = 150, 0.01, 0.03
CONTRAST = 0.3  # weight of the contrasts beside the other pairs

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and a passage that answers it or does not."""

    words: Floats  # (words, width) mean token vector of each word of the question
    rarity: Floats  # (words,)
    lacking: Floats  # (words, 2) one less the best cosine in the passage, and in its answering sentences
    answers: bool


def load_pairs(part: QuestionSet, questions: Sequence[JudgedQuestion], tokens: Tokens, contrasts: bool) -> list[Pair]:
    """Questions with the passages that show what is to be told apart.

    Questions come with their first passage; answerable ones that it does not answer are left out. With `contrasts` a
    question comes with the first passage that answers it and with the first that does not.
    """
    pairs: list[Pair] = []
    engine = part.engine()
    for question in questions:
        understood = engine.understand(question.question, history=question.history)
        found = engine.search(understood, Timing())
        if found.asked is None or not len(found.ordinals):
            continue
        _, seen = engine.examine(understood, found)
        words = _words(part, part.index.embedded_text(understood.search_text, understood.search_lang), tokens)
        if len(words) != len(found.asked.rarity):
            continue
        relevance = part.judge.judge(part.places[question.id]).relevance
        graded = [(one, relevance.get(one.ordinal, 0)) for one in seen]
        if contrasts:
            shown = [(one, True) for one, grade in graded if grade >= RELEVANT][:1]
            shown += [(one, False) for one, grade in graded if not grade][:1]
        else:
            shown = [(one, question.answerable) for one, grade in graded[:1] if not question.answerable or grade >= RELEVANT]
        pairs += [Pair(words, found.asked.rarity, _lacking(understood, one), answers) for one, answers in shown]
    return pairs


def _lacking(question: Question, one: Examined) -> Floats:
    """(words, 2) what a passage and its answering sentences lack of a question's words."""
    assert one.words is not None, "an index that holds the words of questions holds those of passages"
    chosen = one.best_answer(question)
    numbers = [n for n, span in enumerate(one.passage.sentences) if span in chosen]
    return 1 - np.stack((one.words.passage, one.words.sentences[numbers].max(axis=0)), axis=1)


def _words(part: QuestionSet, text: str, tokens: Tokens) -> Floats:
    """(words, width) the mean token vector of each word."""
    tokens.load([text])
    _, rows = tokens[text]
    [encoded] = part.index.embedder.encode([text])  # type: ignore[union-attr]
    if len(rows) != len(encoded.words):
        return np.empty((0, rows.shape[1]), np.float32)
    starts, lengths = word_starts(encoded.words)
    return (np.add.reduceat(rows.astype(np.float32), starts, axis=0) / lengths[:, None]).astype(np.float32)


def learn_need(judged: Sequence[Pair], contrasts: Sequence[Pair]) -> Floats:
    """(width,) to the log of how much an answer needs a word."""
    import torch

    def padded(pairs: Sequence[Pair]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        most = max(len(pair.rarity) for pair in pairs)

        def stack(arrays: Sequence[Floats]) -> torch.Tensor:
            out = torch.zeros(len(arrays), most, *arrays[0].shape[1:])
            for row, values in zip(out, arrays, strict=True):
                row[: len(values)] = torch.from_numpy(values)
            return out

        answers = torch.tensor([float(pair.answers) for pair in pairs])
        return stack([p.words for p in pairs]), stack([p.rarity for p in pairs]), stack([p.lacking for p in pairs]), answers

    need = torch.zeros(judged[0].words.shape[1], requires_grad=True)
    slopes = torch.full((2,), 8.0, requires_grad=True)
    sets = [(padded(pairs), weight) for pairs, weight in ((judged, 1.0), (contrasts, CONTRAST)) if pairs]
    biases = torch.full((len(sets),), 3.0, requires_grad=True)
    optimizer = torch.optim.Adam([{"params": [need], "lr": RATE}, {"params": [slopes, biases], "lr": 5 * RATE}])
    for _ in range(STEPS):
        loss = HELD * (need**2).sum()
        for bias, ((words, rarity, lacking, answers), weight) in zip(biases, sets, strict=True):
            weights = rarity * torch.exp(words @ need)
            share = (weights[..., None] * lacking).sum(1) / weights.sum(1, keepdim=True)
            loss = loss + weight * torch.nn.functional.binary_cross_entropy_with_logits(bias - share @ slopes, answers)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return need.detach().numpy()  # type: ignore[no-any-return]
