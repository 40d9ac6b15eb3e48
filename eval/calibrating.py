"""The calibrated probability and its operating points, learnt on the dev split; the product reads the JSON written here.

scikit-learn and scipy are imported here only: answering needs none of them.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import floor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.records import LANGS, Lang
from eval.abstention import aurc, auroc, calibration_error
from eval.errors import BadQuestions
from eval.questions import LEARNING_QUESTIONS, RELEVANT, main_document
from eval.sets import QuestionSet
from qa.deciding import FEATURES, PATH

STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)  # C of the logistic regression: the inverse of its L2 penalty
BORROWED = (0.0, 0.3, 1.0)  # weight of the other language's questions
TEACHING = 0.1  # weight of questions that only teach: others wrote them, and more of them in other words
FOLDS = 5
REPEATS = 4
# Of the unanswerable questions; in Spanish a fifth below the target of 10 %, as blind readers' questions were answered more often.
MAX_FALSE_ANSWERS: dict[Lang, float] = {"en": 0.07, "es": 0.08}
MAX_FALSE_REFUSALS = 0.02  # of the answerable questions: half of the target, as unseen questions are refused more often
MAX_UNSEEN_REFUSALS = 0.04  # of those that only teach: others wrote them, in other words, as users do
_ROUNDING = 6
# Whether more of a feature can only speak for an answer (1) or against it (-1).
SIGNS = {name: 1 if name in ("sentence", "synonyms", "ahead", "typed_sentence") else -1 for name in FEATURES}

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """A dev question as calibration sees it."""

    id: str
    lang: Lang
    group: str  # questions of one group are never on both sides of a fold
    answerable: bool
    right: bool  # answerable, and the first passage holds a judged place
    features: tuple[float, ...] | None  # in the order of FEATURES; None where there was no candidate
    teaching: bool = False  # no figure rests on it, and of the operating points only that of refusals


@dataclass(slots=True)
class LanguageFit:
    """The model of one question language and how it did on questions that it had not seen."""

    model: dict[str, Any]  # the entry of calibration.json
    strength: float
    borrowed: float
    p: Floats  # out of fold, of the examples with features
    right: NDArray[np.bool_]
    answerable: NDArray[np.bool_]
    figures: dict[str, float] = field(default_factory=dict)
    features: dict[str, tuple[float, float]] = field(default_factory=dict)  # AUROC of each alone: answerable, right


def load_features(sets: Sequence[QuestionSet]) -> list[Example]:
    """Ask every question and keep the features of its first passage."""
    examples: list[Example] = []
    for part in sets:
        engine = part.engine()
        for question in part.questions:
            understood, candidates, scored = engine.score(question.question, history=question.history)
            right = False
            if scored is not None and question.answerable:
                judged = part.judge.judge(part.places[question.id])
                right = judged.relevance.get(int(candidates.ordinals[0]), 0) >= RELEVANT
            features = tuple(scored.features.get(name, np.nan) for name in FEATURES) if scored is not None else None
            group = main_document(question, part.places)
            teaching = part.name == LEARNING_QUESTIONS.stem
            examples.append(Example(question.id, understood.lang, group, question.answerable, right, features, teaching))
    return examples


@contextmanager
def usable_calibration(path: Path = PATH) -> Iterator[None]:
    """A file that was made for other features stops every engine: put a neutral one there first.

    What was there comes back when the calibration fails.
    """
    before = path.read_bytes() if path.is_file() else None
    try:
        usable = before is not None and tuple(json.loads(before)["features"]) == FEATURES
    except (ValueError, KeyError, TypeError):
        usable = False
    if not usable:
        zeros = [0.0] * len(FEATURES)
        model = {"mean": zeros, "scale": [1.0] * len(FEATURES), "weights": zeros, "bias": 0.0, "curve": []}
        neutral = {**model, "answered": 0.5, "related": 0.5}
        write_calibration(dict.fromkeys(LANGS, neutral), path)
    try:
        yield
    except BaseException:
        if not usable and before is not None:
            path.write_bytes(before)
        raise


def write_calibration(models: dict[Any, dict[str, Any]], path: Path = PATH) -> None:
    """Write `calibration.json` beside and rename it into place."""
    record = {"version": 1, "features": list(FEATURES), "models": models}
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)


def answered_point(p: Floats, answerable: NDArray[np.bool_], most: float = 0.07) -> float:
    """The lowest probability to answer at with at most this share of the unanswerable questions answered.

    It lies half-way between the first unanswerable question that must not be answered and the next higher probability.
    """
    wrong = np.sort(p[~answerable])[::-1]
    allowed = floor(most * len(wrong) + 1e-9)
    if allowed >= len(wrong):
        return 0.5
    blocked = float(wrong[allowed])
    above = p[p > blocked]
    between = (blocked + float(above.min())) / 2 if len(above) else (blocked + 1.0) / 2
    return between if between > blocked else float(above.min())  # neighbours among floating-point numbers


def related_point(p: Floats, answerable: NDArray[np.bool_], most: float = MAX_FALSE_REFUSALS) -> float:
    """The highest probability to refuse below with at most this share of the answerable questions refused."""
    asked = np.sort(p[answerable])
    allowed = floor(most * len(asked) + 1e-9)
    if allowed >= len(asked):
        return 0.5
    kept = float(asked[allowed])
    below = p[p < kept]
    return (kept + float(below.max())) / 2 if len(below) else kept / 2


def _fit(x: Floats, y: NDArray[np.bool_], weight: Floats, strength: float) -> tuple[Floats, float]:
    """Weights and bias of the logistic regression on standardised features, each weight of the sign that it must have.

    Minimises the weighted log loss plus |weights|^2 / (2 strength) within bounds (L-BFGS-B). With a few hundred
    questions free signs fit accidents of the sample, such as that short questions are refused.
    """
    from scipy.optimize import minimize

    side = np.where(y, 1.0, -1.0)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        margin = side * (x @ parameters[:-1] + parameters[-1])
        slope = -side * weight * _sigmoid(-margin)
        value = float((weight * np.logaddexp(0, -margin)).sum() + (parameters[:-1] ** 2).sum() / (2 * strength))
        return value, np.append(x.T @ slope + parameters[:-1] / strength, slope.sum())

    bounds = [{1: (0.0, None), -1: (None, 0.0), 0: (0.0, 0.0)}[SIGNS.get(name, 0)] for name in FEATURES]
    found = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, bounds=[*bounds, (None, None)], method="L-BFGS-B")
    return np.asarray(found.x[:-1], dtype=np.float64), float(found.x[-1])


def _sigmoid(z: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(z, -30, 30))), dtype=np.float64)


def log_loss(p: Floats, y: NDArray[np.bool_]) -> float:
    """Mean of -ln of the probability given to what was the case, probabilities kept off 0 and 1 by 1e-6."""
    q = np.clip(p, 1e-6, 1 - 1e-6)
    return float(-np.mean(np.where(y, np.log(q), np.log(1 - q))))


def folds_of(groups: Sequence[str], answerable: NDArray[np.bool_], seed: int) -> NDArray[np.int64]:
    """(n,) the fold of every question; questions of one group share theirs.

    Every fold gets its part of the unanswerable questions; with fewer documents than FOLDS there are as many folds as
    documents, at least two.
    """
    rng = np.random.default_rng(seed)
    count = min(FOLDS, max(2, len({group for group, yes in zip(groups, answerable, strict=True) if yes})))
    sizes = {group: [0, 0] for group in groups}
    for group, yes in zip(groups, answerable, strict=True):
        sizes[group][0 if yes else 1] += 1
    names = sorted(sizes)
    shuffled = [names[at] for at in rng.permutation(len(names))]
    load = np.zeros((count, 2))
    fold: dict[str, int] = {}
    for side in (0, 1):
        mine = [name for name in shuffled if (sizes[name][0] > 0) == (side == 0)]
        for name in sorted(mine, key=lambda name: -sum(sizes[name])):
            share = load[:, side] / (load[:, 0] + 1) if side else load[:, 0]
            fold[name] = int(np.argmin(share))
            load[fold[name]] += sizes[name]
    return np.asarray([fold[group] for group in groups], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Table:
    """The examples with features of both languages as arrays."""

    x: Floats
    right: NDArray[np.bool_]
    answerable: NDArray[np.bool_]
    own: NDArray[np.bool_]  # of the language that is fitted, and not only for teaching
    weight: Floats  # what a row counts beside the rows that are its like
    foreign: NDArray[np.bool_]  # of the other language; what is neither that nor own only teaches
    groups: list[str]

    def train(self, rows: NDArray[np.bool_], strength: float, borrowed: float) -> tuple[Floats, Floats, Floats, float]:
        """Mean, scale, weights and bias learnt from some rows."""
        used = rows & (~self.foreign | (borrowed > 0))
        mean = self.x[used & self.own].mean(axis=0)
        scale = self.x[used & self.own].std(axis=0)
        scale[scale < 1e-6] = 1.0
        weight = self.weight[used] * np.where(self.foreign[used], borrowed, 1.0)
        weights, bias = _fit((self.x[used] - mean) / scale, self.right[used], weight, strength)
        return mean, scale, weights, bias

    def out_of_fold(self, strength: float, borrowed: float, seed: int) -> Floats:
        """(n,) probabilities of the questions of this language, each from a model that did not see its group; others NaN."""
        folds = folds_of(self.groups, self.answerable, seed)
        p = np.full(len(self.x), np.nan)
        for fold in range(int(folds.max()) + 1):
            rows = folds != fold
            held = ~rows & ~self.foreign
            if not held.any():
                continue
            if len(np.unique(self.right[rows & self.own])) < 2:
                p[held] = self.right[rows & self.own].mean()
                continue
            mean, scale, weights, bias = self.train(rows, strength, borrowed)
            p[held] = _sigmoid((self.x[held] - mean) / scale @ weights + bias)
        return p


def _table(examples: Sequence[Example], lang: Lang) -> _Table:
    kept = [example for example in examples if example.features is not None]
    x = np.asarray([example.features for example in kept], dtype=np.float64).reshape(len(kept), len(FEATURES))
    known = ~np.isnan(x)  # an index without tokens has no late interaction: its features count as their mean
    mean = np.divide(np.where(known, x, 0.0).sum(axis=0), known.sum(axis=0), out=np.zeros(len(FEATURES)), where=known.any(axis=0))
    return _Table(
        x=np.where(known, x, mean),
        right=np.asarray([example.right for example in kept], dtype=np.bool_),
        answerable=np.asarray([example.answerable for example in kept], dtype=np.bool_),
        own=np.asarray([example.lang == lang and not example.teaching for example in kept], dtype=np.bool_),
        weight=np.asarray([TEACHING if example.teaching else 1.0 for example in kept]),
        foreign=np.asarray([example.lang != lang for example in kept], dtype=np.bool_),
        groups=[example.group for example in kept],
    )


def fit_language(examples: Sequence[Example], lang: Lang) -> LanguageFit:
    """The model of a question language: penalty and borrowing by grouped cross-validated log loss, then all questions.

    Raises BadQuestions when the dev questions show only right or only wrong answers.
    """
    table = _table(examples, lang)
    right, answerable = table.right[table.own], table.answerable[table.own]
    if len(right) < 2 * FOLDS or right.all() or not right.any() or answerable.all():
        raise BadQuestions(
            f"the dev questions in {lang} do not teach a calibration: {len(right)} questions, {int(right.sum())} answered "
            f"rightly, {int((~answerable).sum())} not answerable; add questions of the kind that is missing"
        )
    best: tuple[float, float, float] | None = None
    for borrowed in BORROWED:
        if borrowed and not table.foreign.any():
            continue
        for strength in STRENGTHS:
            held_out = [table.out_of_fold(strength, borrowed, seed)[table.own] for seed in range(REPEATS)]
            loss = float(np.mean([log_loss(p, right) for p in held_out]))
            if best is None or loss < best[0] - 1e-9:
                best = (loss, strength, borrowed)
    assert best is not None
    _, strength, borrowed = best
    every = np.mean([table.out_of_fold(strength, borrowed, seed) for seed in range(REPEATS)], axis=0)
    p = every[table.own]
    groups = [group for group, own in zip(table.groups, table.own, strict=True) if own]
    curved = curve_out_of_fold(p, right, answerable, groups)
    losses = log_loss(p, right), log_loss(curved, right)
    curve = rising_curve(p, right) if losses[1] < losses[0] else []
    if curve:
        every = bend(every, curve)
        p = every[table.own]
    mean, scale, weights, bias = table.train(np.ones(len(table.x), dtype=np.bool_), strength, borrowed)
    # Questions without a candidate are refused whatever the model says, so they count at probability 0.
    empty = [e for e in examples if e.features is None and e.lang == lang and not e.teaching]
    p_all = np.concatenate([p, np.zeros(len(empty))])
    answerable_all = np.concatenate([answerable, np.asarray([example.answerable for example in empty], dtype=np.bool_)])
    answered = answered_point(p_all, answerable_all, MAX_FALSE_ANSWERS[lang])
    related = min(related_point(p_all, answerable_all), answered)
    unseen = ~table.own & ~table.foreign
    if table.answerable[unseen].any():
        related = min(related, related_point(every[unseen], table.answerable[unseen], MAX_UNSEEN_REFUSALS))
    model = {
        "mean": [round(float(v), _ROUNDING) for v in mean],
        "scale": [round(float(v), _ROUNDING) for v in scale],
        "weights": [round(float(v), _ROUNDING) for v in weights],
        "bias": round(bias, _ROUNDING),
        "curve": curve,
        "answered": round(answered, _ROUNDING),
        "related": round(related, _ROUNDING),
    }
    fit = LanguageFit(model, strength, borrowed, curved if curve else p, right, answerable)
    fit.figures = _figures(fit, p_all, answerable_all, losses)
    own = table.x[table.own]
    fit.features = {name: (auroc(own[:, n], answerable), auroc(own[:, n], right)) for n, name in enumerate(FEATURES)}
    return fit


def _figures(fit: LanguageFit, p_all: Floats, answerable_all: NDArray[np.bool_], losses: tuple[float, float]) -> dict[str, float]:
    answered, related = float(fit.model["answered"]), float(fit.model["related"])
    unanswerable = p_all[~answerable_all]
    return {
        "questions": float(len(p_all)),
        "right at rank 1": float(fit.right[fit.answerable].mean()),
        "log loss": losses[0],
        "log loss isotonic": losses[1],
        "AUROC": auroc(p_all, answerable_all),
        "AURC": aurc(fit.p, fit.right),
        "ECE": calibration_error(fit.p, fit.right),
        "false answers": float((unanswerable >= answered).mean()) if len(unanswerable) else 0.0,
        "false refusals": float((p_all[answerable_all] < related).mean()),
        "answerable answered": float((p_all[answerable_all] >= answered).mean()),
    }


def rising_curve(p: Floats, y: NDArray[np.bool_]) -> list[list[float]]:
    """Points [x, y] of the isotonic regression of outcomes on probabilities, from (0, 0) to (1, 1), both rising.

    Each level stands at the mean of the probabilities that it is pooled from and lines lead from one to the next, so that
    different probabilities stay different (centred isotonic regression: Oron and Flournoy 2017, Statistics in
    Biopharmaceutical Research).
    """
    from sklearn.isotonic import isotonic_regression

    xs, own, counts = np.unique(np.round(p, _ROUNDING), return_inverse=True, return_counts=True)
    levels = isotonic_regression(np.bincount(own, y) / counts, sample_weight=counts, y_min=0.01, y_max=0.99)
    starts = np.flatnonzero(np.diff(levels, prepend=-1.0))
    middles = np.add.reduceat(xs * counts, starts) / np.add.reduceat(counts, starts)
    points = [[0.0, 0.0]]
    for x, level in zip(np.round(middles, _ROUNDING).tolist(), np.round(levels[starts], _ROUNDING).tolist(), strict=True):
        if points[-1][0] < x < 1 and points[-1][1] < level:
            points.append([x, level])
    return [*points, [1.0, 1.0]]


def bend(p: Floats, curve: Sequence[Sequence[float]]) -> Floats:
    """Probabilities as a curve bends them."""
    xs, heights = zip(*curve, strict=True)
    return np.asarray(np.interp(p, xs, heights), dtype=np.float64)


def curve_out_of_fold(p: Floats, y: NDArray[np.bool_], answerable: NDArray[np.bool_], groups: list[str]) -> Floats:
    """The logistic model's out-of-fold output bent by curves that did not see the question's group."""
    folds = folds_of(groups, answerable, seed=99)
    out = np.empty_like(p)
    for fold in range(int(folds.max()) + 1):
        held = folds == fold
        out[held] = bend(p[held], rising_curve(p[~held], y[~held]))
    return out


def calibrate(examples: Sequence[Example]) -> dict[Lang, LanguageFit]:
    """The fits of both question languages."""
    return {lang: fit_language(examples, lang) for lang in LANGS}
