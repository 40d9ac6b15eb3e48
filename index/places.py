"""Where each term stands in each passage, worked out at build time: a question only looks up."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.mapped import map_array
from index.analysis import Term

PLACE = np.dtype([("term", "<u4"), ("start", "<u2"), ("length", "<u2")])
_LIMIT = 1 << 16  # places beyond are left out; a passage is far shorter unless its text is hostile


class PlacesWriter:
    """Collects the terms of passages in order of ordinal; their numbers are known only when all terms are."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._rows: list[NDArray[np.void]] = []

    def add(self, terms: Iterable[Term]) -> None:
        """The terms of the next passage; places are offsets in its text."""
        rows = [
            (self._ids.setdefault(t.term, len(self._ids)), t.start, min(t.end - t.start, _LIMIT - 1))
            for t in terms
            if t.start < _LIMIT
        ]
        self._rows.append(np.array(rows, dtype=PLACE))

    def write(self, path: Path, numbers: Mapping[str, int]) -> None:
        """Write everything under the numbers that the lexical index gave to the terms."""
        rows = np.concatenate(self._rows) if self._rows else np.empty(0, dtype=PLACE)
        if len(rows):
            renumber = np.asarray([numbers[term] for term in self._ids], dtype=np.uint32)
            rows["term"] = renumber[rows["term"]]
        np.save(path.with_suffix(".npy"), rows)
        offsets = np.cumsum([0, *(len(part) for part in self._rows)], dtype=np.int64)
        np.save(path.with_name(f"{path.stem}-offsets.npy"), offsets)


class Places:
    """The places of terms, mapped."""

    def __init__(self, path: Path) -> None:
        self._rows = map_array(path.with_suffix(".npy"))
        self._offsets = map_array(path.with_name(f"{path.stem}-offsets.npy"))

    def find(self, ordinal: int, wanted: Mapping[int, str]) -> dict[str, list[tuple[int, int]]]:
        """Term -> its places (start, end) in the text of a passage, for the wanted terms (number -> term)."""
        rows = self._rows[int(self._offsets[ordinal]) : int(self._offsets[ordinal + 1])]
        found: dict[str, list[tuple[int, int]]] = {}
        if len(rows) and wanted:
            hits = np.asarray(rows[np.isin(rows["term"], np.fromiter(wanted, dtype=np.uint32))])
            for number, start, length in hits.tolist():
                found.setdefault(wanted[number], []).append((start, start + length))
        return found
