"""Where each term stands in each passage, worked out at build time: a question only looks up."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.mapped import map_array
from index.analysis import Term

PLACE = np.dtype([("term", "<u4"), ("start", "<u2"), ("length", "<u2")])
_LIMIT = 1 << 16  # places beyond are left out; a passage is far shorter unless its text is hostile


def place_terms(terms: Iterable[Term], numbers: Mapping[str, int]) -> NDArray[np.void]:
    """The terms of a passage as rows (n,) PLACE; places are offsets in its text."""
    rows = [(numbers[t.term], t.start, min(t.end - t.start, _LIMIT - 1)) for t in terms if t.start < _LIMIT]
    return np.array(rows, dtype=PLACE)


class PlacesWriter:
    """Collects the places of passages in order of ordinal; the final numbers of terms are known only when all terms are."""

    def __init__(self) -> None:
        self._rows: list[NDArray[np.void]] = [np.empty(0, dtype=PLACE)]
        self._counts: list[NDArray[np.int32]] = [np.zeros(1, np.int32)]

    def add(self, places: NDArray[np.void], numbers: NDArray[np.intc], counts: NDArray[np.int32]) -> None:
        """The places of the next passages, `counts` (passages,) of each; `numbers` (terms,) are what stands for their terms."""
        rows = places.copy()
        rows["term"] = numbers[places["term"]]
        self._rows.append(rows)
        self._counts.append(counts)

    def write(self, path: Path, numbers: NDArray[np.intc]) -> None:
        """Write everything under the final `numbers` of what was added."""
        rows = np.concatenate(self._rows)
        rows["term"] = numbers[rows["term"]]
        np.save(path.with_suffix(".npy"), rows)
        offsets = np.cumsum(np.concatenate(self._counts), dtype=np.int64)
        np.save(path.with_name(f"{path.stem}-offsets.npy"), offsets)


class Places:
    """The places of terms, mapped."""

    def __init__(self, path: Path) -> None:
        # As plain numbers, which NumPy copies in a tenth of the time that it takes for rows of fields.
        self._rows = map_array(path.with_suffix(".npy")).view(np.uint64)
        self._offsets = map_array(path.with_name(f"{path.stem}-offsets.npy"))

    def find(
        self, ordinals: Sequence[int], wanted: NDArray[np.uint32]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.void]]:
        """Where terms stand in passages: positions in `ordinals`, positions in `wanted` (numbers of terms), places as PLACE.

        All are (places,), passage by passage, in the order in which they were written.
        """
        if not len(wanted):
            return np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0, PLACE)
        bounds = [self._offsets[ordinal : ordinal + 2].tolist() for ordinal in ordinals]
        rows = np.concatenate([self._rows[first:last] for first, last in bounds]).view(PLACE)
        numbers = rows["term"].copy()  # side by side, they are searched faster
        order = np.argsort(wanted)
        at = order.take(np.searchsorted(wanted, numbers, sorter=order), mode="clip")
        found = np.flatnonzero(wanted[at] == numbers)
        ends = np.cumsum([last - first for first, last in bounds])
        return np.searchsorted(ends, found, side="right"), at[found], rows[found]
