"""Indexes of any size for the benchmark: passages of the collection repeated with variation, nothing embedded."""

import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.bench_answers import Asked, question_vectors
from eval.bench_memory import MIB, available_bytes
from eval.bench_processes import BenchFailed, child_environment, last_line
from eval.bench_sizes import DEPTH, FILTERS, Probe, filter_mask, write_probes
from index.embedders import Vectors
from index.lexical import write_lexical
from index.vectors import write_vectors
from index.weighing import weigh_english, weigh_spanish
from qa.answering import Engine
from qa.retrieving import question_terms

Terms = list[tuple[str, float]]

SYNTHESIS = (
    "Passages by size are those of this index, repeated: each copy keeps four fifths of a passage's terms, takes the rest from "
    "another one, and every third brings a new word. Vectors are the index's own (passages, then sentences) as far as they go; "
    "the others are synthesised: two real ones mixed, with noise, unit length. Filters leave passages chosen at random. "
    "Questions are real."
)
BLOCK = 50_000
KEPT = 0.8
MIXED = 0.35  # weight of the second vector
NOISE = 0.6  # length of the noise beside a unit vector


@dataclass(frozen=True, slots=True)
class Material:
    """What synthetic indexes are made of: real vectors (n, dim) and the terms of each real passage in both fields."""

    vectors: Vectors
    english: list[Terms]
    spanish: list[Terms]


def gather_material(engine: Engine) -> Material:
    """The vectors and terms of an open index, as a build makes them."""
    index = engine.index
    documents = list(index.store.documents())
    english: list[Terms] = []
    spanish: list[Terms] = []
    for document in documents:
        cut = [passage for _, passage in index.store.passages_of(document.id)]
        for terms, weigh in ((english, weigh_english), (spanish, weigh_spanish)):
            terms += (list(found.items()) for found in weigh(index.analyzer, document, cut).by_passage())
    passages = index.vectors.vectors(np.arange(index.vectors.size))
    sentences = np.asarray(index.sentences, dtype=np.float32)
    sentences = sentences / np.maximum(np.linalg.norm(sentences, axis=1, keepdims=True), 1e-12)
    return Material(np.concatenate([passages, sentences]).astype(np.float32), english, spanish)


def make_probes(engine: Engine, questions: Sequence[Asked]) -> list[Probe]:
    """Real questions as both arms of the search see them."""
    probes = []
    for (text, lang), vector in zip(questions, question_vectors(engine, questions), strict=True):
        terms = question_terms(engine.index, text, lang)
        probes.append(Probe(vector, terms.english, terms.near, terms.own, terms.possible_english, terms.possible_own))
    return probes


def make_vectors(real: Vectors, size: int) -> Vectors:
    """(size, dim) float32, unit rows: the real ones first, then mixtures of two with noise. The same for a size always."""
    dim = real.shape[1]
    out = np.empty((size, dim), dtype=np.float32)
    known = min(size, len(real))
    out[:known] = real[:known]
    for start in range(known, size, BLOCK):
        generator = np.random.default_rng([start, dim])
        part = out[start : start + BLOCK]
        generator.standard_normal(out=part, dtype=np.float32)
        part *= NOISE / np.sqrt(dim)
        part += real[generator.integers(len(real), size=len(part))]
        part += MIXED * real[generator.integers(len(real), size=len(part))]
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return out


def vary_terms(real: Sequence[Terms], size: int) -> Iterator[dict[str, float]]:
    """The terms of `size` passages: the real ones first, then copies in which a part is another passage's."""
    generator = random.Random(size)
    for ordinal in range(size):
        own = real[ordinal % len(real)]
        if ordinal < len(real) or not own:
            yield dict(own)
            continue
        keep = max(1, round(KEPT * len(own)))
        start = generator.randrange(len(own) - keep + 1)
        terms = dict(own[start : start + keep])
        other = real[generator.randrange(len(real))]
        at = generator.randrange(len(other)) if other else 0
        terms.update(other[at : at + len(own) - keep])
        if ordinal % 3 == 0:
            terms[f"~{ordinal}"] = 1.0
        yield terms


def exact_best(vectors: Vectors, probes: Sequence[Probe]) -> NDArray[np.int64]:
    """(filters, probes, DEPTH) ordinals of the nearest vectors that each filter leaves, by brute force; -1 where none is left."""
    asked = np.stack([probe.vector for probe in probes])
    size = len(vectors)
    masks = [filter_mask(name, size) for name in FILTERS]
    scores = np.full((len(masks), len(probes), DEPTH), -np.inf, dtype=np.float32)
    ordinals = np.full(scores.shape, -1, dtype=np.int64)
    for start in range(0, size, BLOCK):
        cosines = asked @ vectors[start : start + BLOCK].T
        for n, mask in enumerate(masks):
            inside = np.arange(cosines.shape[1]) if mask is None else np.flatnonzero(mask[start : start + BLOCK])
            part = cosines[:, inside]
            if part.shape[1] > DEPTH:
                top = np.argpartition(-part, DEPTH - 1, axis=1)[:, :DEPTH]
            else:
                top = np.broadcast_to(np.arange(part.shape[1]), part.shape)
            all_scores = np.concatenate([scores[n], np.take_along_axis(part, top, axis=1)], axis=1)
            all_ordinals = np.concatenate([ordinals[n], inside[top] + start], axis=1)
            order = np.argsort(-all_scores, axis=1, kind="stable")[:, :DEPTH]
            scores[n] = np.take_along_axis(all_scores, order, axis=1)
            ordinals[n] = np.take_along_axis(all_ordinals, order, axis=1)
    return ordinals


def write_size(folder: Path, material: Material, probes: list[Probe], size: int) -> dict[str, Any]:
    """Write an index of `size` passages with its questions; seconds of the build, bytes on disk, how much is synthetic."""
    vectors = make_vectors(material.vectors, size)
    start = time.perf_counter()
    write_vectors(folder, vectors)
    vectors_s = time.perf_counter() - start
    np.save(folder / "exact.npy", exact_best(vectors, probes))
    del vectors
    start = time.perf_counter()
    write_lexical(folder / "english", vary_terms(material.english, size))
    write_lexical(folder / "spanish", vary_terms(material.spanish, size))
    lexical_s = time.perf_counter() - start
    write_probes(folder, probes)
    dense = sum(path.stat().st_size for path in folder.glob("vectors*"))
    lexical = sum(path.stat().st_size for name in ("english", "spanish") for path in (folder / name).iterdir())
    return {
        "passages": size,
        "real_vectors": min(size, len(material.vectors)),
        "build_s": {"vectors": vectors_s, "lexical": lexical_s},
        "bytes": {"vectors": dense, "lexical": lexical},
    }


def needs(material: Material, size: int) -> tuple[int, int]:
    """Bytes of (memory, disk) that an index of a size takes while it is built, roughly and not too little."""
    postings = sum(map(len, material.english)) / len(material.english) * size
    numbers = size * material.vectors.shape[1]
    return int(max(numbers * 9, postings * 36)) + 300 * MIB, int(numbers * 4 + postings * 12)


def measure_size(
    material: Material, probes: list[Probe], size: int, floor: Callable[[], float], rounds: int = 2
) -> dict[str, Any]:
    """Build an index of a size in a temporary folder and search it in a fresh process.

    `floor` measures the bare forward in milliseconds; the mean of just before and just after the searches is what they
    are compared with. Raises BenchFailed where memory or disk would not do.
    """
    memory, disk = needs(material, size)
    available = available_bytes()
    with tempfile.TemporaryDirectory(prefix="rcm-bench-") as name:
        free = shutil.disk_usage(name).free
        if available is not None and memory > available:
            raise BenchFailed(f"{size:,} passages need {memory / 2**30:.1f} GiB of memory, {available / 2**30:.1f} GiB are free")
        if disk > free:
            raise BenchFailed(f"{size:,} passages need {disk / 2**30:.1f} GiB in {name}, {free / 2**30:.1f} GiB are free")
        row = write_size(Path(name), material, probes, size)
        before = floor()
        done = subprocess.run(
            [sys.executable, "-m", "eval.bench_sizes", name, str(rounds)],
            capture_output=True,
            text=True,
            env=child_environment(),
        )
        if done.returncode:
            raise BenchFailed(f"{size:,} passages could not be searched: {last_line(done.stderr)}")
        return {**row, **json.loads(done.stdout), "floor_ms": (before + floor()) / 2}
