"""Search over an index of any size, measured in a process that holds nothing else: `python -m eval.bench_sizes FOLDER`."""

import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.bench_memory import resident
from index.lexical import LexicalIndex, best
from index.synonyms import searched_terms
from index.vectors import VectorIndex

POOL = 64  # passages that each arm puts forward, as in answers
DEPTH = 10
TOLERANCE = 5e-5  # of a cosine
FILTERS: dict[str, float] = {"all": 1.0, "30 %": 0.3, "1 %": 0.01}  # share of the passages that a filter leaves


@dataclass(frozen=True, slots=True)
class Probe:
    """One question as both arms see it."""

    vector: NDArray[np.float32]
    english: Mapping[str, float]
    near: Mapping[str, float]  # synonyms
    own: Mapping[str, float]
    possible_english: float
    possible_own: float


def filter_mask(name: str, size: int) -> NDArray[np.bool_] | None:
    """(size,) the passages that a filter leaves, chosen at random but always the same ones; None for all."""
    share = FILTERS[name]
    return None if share == 1.0 else np.random.default_rng([size, round(share * 1000)]).random(size) < share


def write_probes(folder: Path, probes: list[Probe]) -> None:
    """Keep questions beside an index."""
    np.save(folder / "probes.npy", np.stack([probe.vector for probe in probes]))
    terms = [[dict(p.english), dict(p.near), dict(p.own), p.possible_english, p.possible_own] for p in probes]
    (folder / "probes.json").write_text(json.dumps(terms), encoding="utf-8")


def read_probes(folder: Path) -> list[Probe]:
    """The questions beside an index."""
    terms = json.loads((folder / "probes.json").read_text(encoding="utf-8"))
    return [Probe(vector, *rest) for vector, rest in zip(np.load(folder / "probes.npy"), terms, strict=True)]


def search_lexical(
    english: LexicalIndex, spanish: LexicalIndex, probe: Probe, allowed: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """The lexical arm: both fields for a Spanish question, each score a share of what is possible."""
    searched = searched_terms(english, probe.english, probe.near)
    ordinals, _ = english.search(searched, POOL, allowed)
    if not probe.own:
        return ordinals
    union = np.union1d(ordinals, spanish.search(probe.own, POOL, allowed)[0])
    in_english = english.score(searched, union) / max(probe.possible_english, 1e-9)
    in_own = spanish.score(probe.own, union) / max(probe.possible_own, 1e-9)
    return best(union, np.maximum(in_english, in_own).astype(np.float32), POOL)[0]


def search_folder(folder: Path, rounds: int = 2) -> dict[str, Any]:
    """Milliseconds of each arm and of both, recall of the dense arm against `exact.npy`, with and without filters.

    Memory is that of this process while the index is still open: its pages are counted as long as they are mapped.
    """
    probes = read_probes(folder)
    exact = np.load(folder / "exact.npy")
    vectors = VectorIndex(folder, len(probes[0].vector))
    english, spanish = LexicalIndex(folder / "english"), LexicalIndex(folder / "spanish")
    masks = {name: filter_mask(name, vectors.size) for name in FILTERS}
    arms: dict[str, Callable[[Probe, NDArray[np.bool_] | None], object]] = {
        "dense": lambda probe, mask: vectors.search(probe.vector, POOL, mask),
        "lexical": lambda probe, mask: search_lexical(english, spanish, probe, mask),
        "both": lambda probe, mask: np.union1d(
            vectors.search(probe.vector, POOL, mask)[0], search_lexical(english, spanish, probe, mask)
        ),
    }
    took: dict[str, dict[str, float]] = {}
    for name, mask in masks.items():
        for arm, search in arms.items():
            values = []
            for number in range(rounds + 1):
                for probe in probes:
                    start = time.perf_counter()
                    search(probe, mask)
                    if number:  # the first pass reads the pages from disk
                        values.append((time.perf_counter() - start) * 1000)
            middle, high = np.quantile(values, [0.5, 0.95])
            took[arm if name == "all" else f"{arm}, {name}"] = {"p50_ms": float(middle), "p95_ms": float(high), "n": len(values)}
    recall: dict[str, float] = {}
    for at, (name, mask) in enumerate(masks.items()):
        found, best_possible = [], []
        for probe, row in zip(probes, exact[at], strict=True):
            found.append(vectors.score(probe.vector, vectors.search(probe.vector, DEPTH, mask)[0]))
            best_possible.append(vectors.score(probe.vector, row[row >= 0]))
        recall[name] = recall_at(found, best_possible)
    return {"search": took, "recall_at_10": recall, "vector_kind": vector_kind(folder), "memory": resident()}


def recall_at(found: list[NDArray[np.float32]], exact: list[NDArray[np.float32]]) -> float:
    """Mean share of the exact best that was found, given the cosines of both; a question without any is left out.

    What was found counts if it is as near as the last of the exact best: texts may be equal, and so their vectors. The
    tolerance is that of vectors in 16 bits.
    """
    shares = [float(np.sum(a >= b.min() - TOLERANCE)) / len(b) for a, b in zip(found, exact, strict=True) if len(b)]
    return float(np.mean(shares)) if shares else 1.0


def vector_kind(folder: Path) -> str:
    """What kind of vector index was written."""
    path = folder / "vectors.json"
    if not path.is_file():
        return "Flat"
    kind = json.loads(path.read_text(encoding="utf-8"))
    return f"{kind['kind']} nprobe={kind['nprobe']}"


def main(folder: str, rounds: str) -> None:
    """Print the figures of a folder as JSON."""
    print(json.dumps(search_folder(Path(folder), int(rounds))))


if __name__ == "__main__":
    main(*sys.argv[1:])
