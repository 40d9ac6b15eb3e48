"""The arms' scores to one: pure functions, every score on a scale that does not depend on the result list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """How much each arm counts for one direction (question language - passage language)."""

    dense: float = 0.5  # cosine of question and passage
    sentence: float = 0.5  # best cosine of question and a sentence of the passage
    lexical: float = 1.0  # BM25 as a share of what a passage with every term could reach
    own: float = 0.0  # how much of the lexical score comes from the terms of the passage's own language


def fuse(dense: Scores, sentence: Scores, english: Scores, own: Scores, weights: FusionWeights) -> Scores:
    """Weighted sum of the arms for passages of one language; each argument is (n,) in [-1, 1] or [0, 1].

    A convex combination of scores with fixed ranges beats rank fusion (Bruch, Gai and Ingber 2023, TOIS 42:20), and
    its value can be compared between questions.
    """
    lexical = (1 - weights.own) * english + weights.own * own
    return (weights.dense * dense + weights.sentence * sentence + weights.lexical * lexical).astype(np.float32)


def reciprocal_rank_fusion(rankings: Sequence[Sequence[int]], k: int = 60) -> dict[int, float]:
    """Sum over rankings of 1 / (k + rank), rank from 1 (Cormack, Clarke and Büttcher 2009): the plain baseline."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking, start=1):
            scores[item] = scores.get(item, 0.0) + 1 / (k + rank)
    return scores


def share_of_possible(scores: Scores, possible: float) -> Scores:
    """BM25 scores as a share of the most that the question's terms could give, in [0, 1]."""
    return np.minimum(scores / possible, 1.0).astype(np.float32) if possible > 0 else np.zeros_like(scores)


def possible_score(groups: Sequence[Mapping[str, float]], idf: Mapping[str, float], k1: float = 1.2) -> float:
    """The score of a passage that holds the best form of every word of the question, endlessly often.

    `groups` are the alternative terms, with weights, of each word: own form, stems of its senses, its concept.
    """
    return sum(max(weight * idf[term] for term, weight in group.items()) for group in groups) * (k1 + 1)
