"""Passage vectors in FAISS: exact up to a size, then by inverted lists whose recall is measured when they are built."""

import json
import os
from pathlib import Path
from typing import Any

import faiss as untyped_faiss
import numpy as np
from numpy.typing import NDArray

from corpus.mapped import map_array
from index.embedders import Vectors
from index.errors import BuildRefused, IndexMismatch
from index.lexical import best

faiss: Any = untyped_faiss  # its stubs lag behind the library

EXACT_UP_TO = 50_000  # vectors; searching them all takes about 2 ms on one core
RECALL = 0.98  # of the exact best ten, on a sample, with and without a filter
EXACT_FILTERED = 30_000  # a filter that leaves no more than this is searched exactly
_AT_ONCE = 512  # vectors that are converted and multiplied
_FEW = 4096  # numbers
_NOISE = 2.5  # length of what is added to the sum of two passages, to have something as hard to find as a question
_PROBES = (8, 16, 32, 48, 64, 96, 128, 192, 256, 512)


def write_vectors(folder: Path, vectors: Vectors) -> str:
    """Write unit vectors (n, dim) for inner-product search and return the kind of index chosen.

    Up to EXACT_UP_TO vectors: `Flat`. Beyond: inverted lists of 8-bit vectors, searched in as many lists as give RECALL
    on a sample, beside the vectors in float16 for exact scores. Raises BuildRefused when no width gives it.
    """
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    n, dim = vectors.shape
    if n <= EXACT_UP_TO:
        flat = faiss.IndexFlatIP(dim)
        flat.add(vectors)
        faiss.write_index(flat, str(folder / "vectors.faiss"))
        return "Flat"
    faiss.omp_set_num_threads(len(os.sched_getaffinity(0)))
    lists = int(4 * np.sqrt(n))
    index = faiss.index_factory(dim, f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
    generator = np.random.default_rng(0)
    sample = generator.choice(n, size=min(n, lists * 48), replace=False)
    index.cp.niter = 10
    index.train(vectors[np.sort(sample)])
    index.add(vectors)
    probes = _choose_probes(index, vectors, generator)
    faiss.write_index(index, str(folder / "vectors.faiss"))
    np.save(folder / "vectors16.npy", vectors.astype(np.float16))
    kind = {"kind": f"IVF{lists},SQ8", "nprobe": probes}
    (folder / "vectors.json").write_text(json.dumps(kind), encoding="utf-8")
    return f"IVF{lists},SQ8 nprobe={probes}"


def _choose_probes(index: Any, vectors: Vectors, generator: "np.random.Generator", queries: int = 128) -> int:
    """The fewest lists to search for RECALL of the exact best ten.

    Queries stand between two passages, with noise: a question is not so near to any passage as passages are to each other.
    """
    n, dim = vectors.shape
    asked = vectors[generator.choice(n, size=queries, replace=False)] + vectors[generator.choice(n, size=queries, replace=False)]
    asked = asked + generator.normal(scale=_NOISE / np.sqrt(dim), size=asked.shape).astype(np.float32)
    asked = (asked / np.linalg.norm(asked, axis=1, keepdims=True)).astype(np.float32)
    _, exact = faiss.knn(asked, vectors, 10, metric=faiss.METRIC_INNER_PRODUCT)
    for probes in _PROBES:
        index.nprobe = probes
        _, found = index.search(asked, 24)
        if np.mean([len(set(a) & set(b)) / 10 for a, b in zip(exact, found, strict=True)]) >= RECALL:
            return probes
    raise BuildRefused(f"no search width gives a recall of {RECALL} over {n:,} vectors; report this, with the model's name")


def widen(half: NDArray[np.float16]) -> NDArray[np.float32]:
    """Finite float16 numbers as float32, exactly; in a third of the time that NumPy takes for each by itself.

    The bits move to their places in a float32 whose exponent is 112 too small, which a multiplication mends.
    """
    if half.size < _FEW:
        return half.astype(np.float32)
    bits = half.view(np.int16).astype(np.int32)
    bits <<= 13
    bits &= ~0x70000000  # copies of the sign
    wide: NDArray[np.float32] = bits.view(np.float32)
    wide *= np.float32(2.0**112)
    return wide


class VectorIndex:
    """Nearest neighbours by cosine."""

    def __init__(self, folder: Path, dim: int) -> None:
        path = folder / "vectors.faiss"
        # One question on one core: requests share the cores, and waking threads costs more than a search.
        faiss.omp_set_num_threads(1)
        try:
            self._index: Any = faiss.read_index(str(path), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY)
        except RuntimeError as error:
            problem = str(error).splitlines()[0]
            raise IndexMismatch(f"{path} cannot be opened: {problem}; run `rcm-qa build --force`") from None
        if self._index.d != dim:
            raise IndexMismatch(f"{path} holds vectors of {self._index.d} numbers, the model makes {dim}; rebuild the index")
        self.dim = dim
        self.size = int(self._index.ntotal)
        self._probes = 0
        self._vectors: NDArray[np.floating[Any]]
        if (folder / "vectors.json").is_file():
            self._probes = int(json.loads((folder / "vectors.json").read_text(encoding="utf-8"))["nprobe"])
            self._vectors = map_array(folder / "vectors16.npy")
            # FAISS would start 32 threads for each question to read lists ahead that are nearly always in memory.
            faiss.downcast_InvertedLists(faiss.downcast_index(self._index).invlists).prefetch_nthread = 0
        else:
            flat = faiss.downcast_index(self._index)
            self._vectors = faiss.rev_swig_ptr(flat.get_xb(), self.size * dim).reshape(self.size, dim)

    def search(
        self, vector: NDArray[np.float32], limit: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Ordinals and cosines of the nearest passages to one unit vector (dim,), best first, ties by ordinal."""
        count = self.size if allowed is None else int(np.count_nonzero(allowed))
        limit = min(limit, count)
        if limit < 1:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        if allowed is not None and count <= EXACT_FILTERED:
            inside = np.flatnonzero(allowed)
            return best(inside, self.score(vector, inside), limit)
        parameters = None
        selector = None
        if allowed is not None:
            bitmap = np.packbits(allowed, bitorder="little")
            selector = faiss.IDSelectorBitmap(bitmap)
        if self._probes:
            wider = 1 if allowed is None else min(8, max(1, round(self.size / count)))
            parameters = faiss.SearchParametersIVF(nprobe=self._probes * wider, sel=selector)
        elif selector is not None:
            parameters = faiss.SearchParameters(sel=selector)
        # A few more than asked for: FAISS breaks ties as it likes, `best` by ordinal; 8-bit scores are replaced by exact ones.
        wide = min(limit + 8, count)
        scores, ordinals = self._index.search(vector.reshape(1, -1), wide, params=parameters)
        found = ordinals[0] >= 0  # FAISS pads with -1
        hits = ordinals[0][found].astype(np.int64)
        return best(hits, self.score(vector, hits) if self._probes else scores[0][found], limit)

    def score(self, vector: NDArray[np.float32], ordinals: NDArray[np.int64]) -> NDArray[np.float32]:
        """Cosines of given passages with one unit vector."""
        scores = np.empty(len(ordinals), dtype=np.float32)
        for start in range(0, len(ordinals), _AT_ONCE):  # what is converted stays in the processor's cache
            part = slice(start, start + _AT_ONCE)
            scores[part] = self.vectors(ordinals[part]) @ vector
        return scores

    def vectors(self, ordinals: NDArray[np.int64]) -> Vectors:
        """The vectors (n, dim) of given passages."""
        found = self._vectors.take(ordinals, axis=0)
        return widen(found) if found.dtype == np.float16 else found
