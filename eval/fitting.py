"""Fusion weights by direction, learnt on the dev split by coordinate search on RR@10."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.records import LANGS, Lang
from eval.calibrating import folds_of
from eval.judging import Judge
from eval.questions import RELEVANT, main_document
from eval.sets import QuestionSet
from qa.fusion import FusionWeights, fuse
from qa.retrieving import RetrievalSettings, score_candidates
from qa.timing import Timing
from qa.weights import PATH, load_weights

# What is searched in each direction. One lexical weight of each question language stays as it is: the scores of a
# language's passages have no unit of their own. `own` counts only where both sides are Spanish.
_COSINE = (0.0, 0.15, 0.3, 0.45, 0.6, 0.8, 1.0, 1.3)
_LEXICAL = (0.25, 0.5, 0.75, 1.0, 1.3, 1.6, 2.0)
GRID: dict[str, dict[str, tuple[float, ...]]] = {
    "en-en": {"dense": _COSINE, "sentence": _COSINE},
    "en-es": {"dense": _COSINE, "sentence": _COSINE, "lexical": _LEXICAL},
    "es-en": {"dense": _COSINE, "sentence": _COSINE, "lexical": _LEXICAL},
    "es-es": {"dense": _COSINE, "sentence": _COSINE, "own": (0.0, 0.25, 0.5, 0.75, 1.0)},
}
SWEEPS = 4
CUTOFF = 10
LEAST_GAIN = 0.001  # of mean RR@10; a smaller one is chance, and the weights stay

Weights = dict[str, FusionWeights]


@dataclass(frozen=True, slots=True)
class Asked:
    """A dev question with the scores of its candidates in every arm; all arrays are (n,), ordered by ordinal."""

    id: str
    lang: Lang
    group: str
    spanish: NDArray[np.bool_]  # passages in Spanish
    dense: NDArray[np.float32]
    sentence: NDArray[np.float32]
    english: NDArray[np.float32]
    own: NDArray[np.float32]
    relevant: NDArray[np.bool_]
    twin: NDArray[np.int64]  # position of the other language version among the candidates, else the own position

    def reciprocal_rank(self, weights: Mapping[str, FusionWeights]) -> float:
        """RR@10 of the ranking that weights give: language versions joined with the better score, ties by ordinal."""
        if not self.relevant.any():
            return 0.0
        scores = np.zeros(len(self.dense), dtype=np.float32)
        for passage, inside in (("en", ~self.spanish), ("es", self.spanish)):
            if inside.any():
                arms = (self.dense[inside], self.sentence[inside], self.english[inside], self.own[inside])
                scores[inside] = fuse(*arms, weights[f"{self.lang}-{passage}"])
        scores = np.maximum(scores, scores[self.twin])
        kept = np.arange(len(scores)) <= self.twin
        order = np.argsort(-scores[kept], kind="stable")[:CUTOFF]
        hits = np.flatnonzero(self.relevant[kept][order])
        return 1 / (1 + float(hits[0])) if len(hits) else 0.0


@dataclass(frozen=True, slots=True)
class FusionFit:
    """The weights found for a question language and mean RR@10: before, after, and on folds that were held out."""

    weights: Weights
    questions: int
    before: float
    after: float
    held_out: float
    kept: bool  # the weights before do as well on questions not seen, so they stay


def _twin_positions(judge: Judge, ordinals: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) the position of each passage's other language version, its own where that is no candidate."""
    place = {int(ordinal): n for n, ordinal in enumerate(ordinals)}
    twins = [judge.twin_of(int(ordinal)) for ordinal in ordinals]
    return np.asarray([n if t is None else place.get(t, n) for n, t in enumerate(twins)], dtype=np.int64)


def load_asked(sets: Sequence[QuestionSet]) -> list[Asked]:
    """Search every answerable question once and keep the scores of its candidates."""
    asked: list[Asked] = []
    settings = RetrievalSettings(weights=load_weights(), twins=False)
    none: NDArray[np.int64] = np.empty(0, np.int64)
    for part in sets:
        engine = part.engine(settings)
        rows = part.index.attributes.rows
        spanish = part.index.attributes.names["lang"].index("es")
        for question in part.questions:
            if not question.answerable:
                continue
            understood = engine.understand(question.question, history=question.history)
            found = engine.search(understood, Timing())
            ordinals = np.sort(found.ordinals)
            if not understood.filters.as_dict():
                twins = rows["twin"][ordinals].astype(np.int64)
                ordinals = np.union1d(ordinals, twins[twins >= 0])
            scored = score_candidates(part.index, understood, settings, found.vector, found.terms, ordinals, none, none)
            order = np.argsort(scored.ordinals)
            judged = part.judge.judge(part.places[question.id])
            asked.append(
                Asked(
                    id=question.id,
                    lang=understood.lang,
                    group=main_document(question, part.places),
                    spanish=rows["lang"][ordinals] == spanish,
                    dense=scored.dense[order],
                    sentence=scored.sentence[order],
                    english=scored.english[order],
                    own=scored.own[order],
                    relevant=np.asarray([judged.relevance.get(int(o), 0) >= RELEVANT for o in ordinals], dtype=np.bool_),
                    twin=_twin_positions(part.judge, ordinals),
                )
            )
    return asked


def mean_rr(asked: Sequence[Asked], weights: Mapping[str, FusionWeights]) -> float:
    """Mean RR@10; a question without a relevant candidate counts zero."""
    return float(np.mean([question.reciprocal_rank(weights) for question in asked])) if asked else 0.0


def search_weights(asked: Sequence[Asked], lang: Lang, start: Weights) -> Weights:
    """Coordinate search from `start`: each weight in turn goes where RR@10 is best, until a sweep changes nothing.

    Among equals the value nearest to where it was stays.
    """
    weights = dict(start)
    present = {"es" for question in asked if question.spanish.any()} | {"en" for question in asked if not question.spanish.all()}
    best = mean_rr(asked, weights)
    for _ in range(SWEEPS):
        changed = False
        for passage in sorted(present, key=lambda side: side != lang):
            direction = f"{lang}-{passage}"
            for name, values in GRID[direction].items():
                now = getattr(weights[direction], name)
                for value in sorted(values, key=lambda v: abs(v - now)):
                    tried = {**weights, direction: replace(weights[direction], **{name: value})}
                    score = mean_rr(asked, tried)
                    if score > best + LEAST_GAIN:
                        weights, best, changed = tried, score, True
        if not changed:
            break
    return weights


def fit_fusion(asked: Sequence[Asked], before: Weights) -> dict[Lang, FusionFit]:
    """The weights of each question language that has questions, with an honest estimate from held-out folds."""
    fits: dict[Lang, FusionFit] = {}
    for lang in LANGS:
        own = [question for question in asked if question.lang == lang]
        if not own:
            continue
        start = {direction: before.get(direction, FusionWeights()) for direction in GRID}
        weights = search_weights(own, lang, start)
        folds = folds_of([question.group for question in own], np.ones(len(own), dtype=np.bool_), seed=0)
        held: list[float] = []
        for fold in range(int(folds.max()) + 1):
            rest = [question for question, at in zip(own, folds, strict=True) if at != fold]
            learnt = search_weights(rest, lang, start) if rest else start
            held += [question.reciprocal_rank(learnt) for question, at in zip(own, folds, strict=True) if at == fold]
        before_rr, held_out = mean_rr(own, start), float(np.mean(held))
        kept = held_out < before_rr + LEAST_GAIN
        fits[lang] = FusionFit(start if kept else weights, len(own), before_rr, mean_rr(own, weights), held_out, kept)
    return fits


def merge_fits(fits: Mapping[Lang, FusionFit], before: Weights) -> Weights:
    """All directions: the learnt ones of each question language, the others as they were."""
    merged = {direction: before.get(direction, FusionWeights()) for direction in GRID}
    for lang, fit in fits.items():
        merged.update({direction: w for direction, w in fit.weights.items() if direction.startswith(f"{lang}-")})
    return merged


def write_weights(weights: Mapping[str, FusionWeights], ranking: Mapping[str, float], path: Path = PATH) -> None:
    """Write `weights.json`, fusion and closer look, beside and rename it into place."""
    record = {
        "version": 1,
        "weights": {direction: asdict(weights[direction]) for direction in sorted(weights)},
        "ranking": dict(ranking),
    }
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)
