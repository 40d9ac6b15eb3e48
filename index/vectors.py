"""Passage vectors in FAISS: written once, opened mapped, searched with filters."""

from pathlib import Path
from typing import Any

import faiss as untyped_faiss
import numpy as np
from numpy.typing import NDArray

from index.embedders import Vectors
from index.errors import IndexMismatch
from index.lexical import best

faiss: Any = untyped_faiss  # its stubs lag behind the library


def write_vectors(path: Path, vectors: Vectors) -> None:
    """Write unit vectors (n, dim) for inner-product search; a vector's position is its passage's ordinal."""
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(np.ascontiguousarray(vectors, dtype=np.float32))
    faiss.write_index(flat, str(path))


class VectorIndex:
    """Exact or approximate nearest neighbours by cosine."""

    def __init__(self, path: Path, dim: int) -> None:
        try:
            self._index: Any = faiss.read_index(str(path), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY)
        except RuntimeError as error:
            raise IndexMismatch(f"{path} cannot be opened: {str(error).splitlines()[0]}; run `rcm-qa build --force`") from None
        if self._index.d != dim:
            raise IndexMismatch(f"{path} holds vectors of {self._index.d} numbers, the model makes {dim}; rebuild the index")
        self.dim = dim
        self.size = int(self._index.ntotal)

    def search(
        self, vector: NDArray[np.float32], limit: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Ordinals and cosines of the nearest passages to one unit vector (dim,), best first, ties by ordinal."""
        limit = min(limit, self.size if allowed is None else int(allowed.sum()))
        if limit < 1:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        parameters = None
        if allowed is not None:
            bitmap = np.packbits(allowed, bitorder="little")
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bitmap))
        # A few more than asked for: FAISS breaks ties as it likes, `best` by ordinal.
        wide = min(limit + 8, self.size if allowed is None else int(allowed.sum()))
        scores, ordinals = self._index.search(vector.reshape(1, -1), wide, params=parameters)
        found = ordinals[0] >= 0  # FAISS pads with -1
        return best(ordinals[0][found].astype(np.int64), scores[0][found], limit)

    def score(self, vector: NDArray[np.float32], ordinals: NDArray[np.int64]) -> NDArray[np.float32]:
        """Cosines of given passages with one unit vector."""
        if not len(ordinals):
            return np.empty(0, np.float32)
        return np.asarray(self._index.reconstruct_batch(ordinals) @ vector, dtype=np.float32)

    def vectors(self, ordinals: NDArray[np.int64]) -> Vectors:
        """The vectors (n, dim) of given passages."""
        return np.asarray(self._index.reconstruct_batch(ordinals), dtype=np.float32)
