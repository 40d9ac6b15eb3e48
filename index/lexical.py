"""BM25 over weighted terms, memory-mapped, top-k without scoring every passage."""

import itertools
from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.mapped import map_array, map_bytes
from index.errors import IndexMismatch

_FILES = ("terms.bin", "term_offsets.npy", "posting_offsets.npy", "passages.npy", "impacts.npy", "bounds.npy")
_BLOCK = 1 << 20  # postings whose impacts are worked out at a time
_PROBED = 16  # times as long as the candidates are many, and probing a list beats adding it
_SMALL = 1 << 16  # passages and postings together that are sooner added up than sorted out
_SHORT = 4  # times as long as the passages are many, and a list is gone through whole
_ROUNDING = 1e-5  # share of the greatest possible score that sums of float32 may be off by, far more than they are


class LexicalWriter:
    """Collects the weighted terms of passages in order of ordinal, then writes the index of them all."""

    def __init__(self) -> None:
        self._ids: defaultdict[str, int] = defaultdict()
        self._ids.default_factory = self._ids.__len__
        self._numbers, self._weights = array("i"), array("d")  # lists of objects would take five times the memory
        self._counts, self._lengths = array("i"), array("d")

    def number(self, terms: Collection[str]) -> NDArray[np.intc]:
        """(terms,) numbers that stand for terms until all are known."""
        return np.fromiter(map(self._ids.__getitem__, terms), np.intc, len(terms))

    def add(
        self,
        numbers: NDArray[np.intc],
        weights: NDArray[np.float64],
        counts: NDArray[np.int32],
        lengths: NDArray[np.float64],
    ) -> None:
        """The terms of the next passages, one after the other, with their weights; `counts` and `lengths` (passages,) are
        how many terms each has and the sum of their weights."""
        for kept, more in ((self._numbers, numbers), (self._weights, weights), (self._counts, counts), (self._lengths, lengths)):
            kept.frombytes(more.tobytes())

    def write(self, folder: Path, k1: float = 1.2, b: float = 0.6) -> NDArray[np.intc]:
        """Write the index; returns the final number of each term, in order of the numbers that stood for it.

        An impact is idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / mean length)) with
        idf = ln(1 + (N - df + 0.5) / (df + 0.5)): BM25 as in Robertson and Zaragoza (2009), Lucene's positive idf;
        tf are the summed weights of a term's occurrences (a title counts less than the text, a second sense less).
        """
        ids = self._ids
        n = len(self._counts)
        names = sorted(ids)
        rank = np.empty(len(ids), dtype=np.intc)
        rank[[ids[name] for name in names]] = np.arange(len(names), dtype=np.intc)
        numbers = rank[np.frombuffer(self._numbers, dtype=np.intc)]
        order = np.argsort(numbers, kind="stable")  # passages of a term stay in order
        df = np.bincount(numbers, minlength=len(names))
        offsets = np.concatenate(([0], np.cumsum(df)))
        numbers = numbers[order]
        passage_array = np.repeat(np.arange(n, dtype=np.int32), self._counts)[order]
        tf = np.frombuffer(self._weights)[order]
        self._numbers, self._weights = array("i"), array("d")
        del order
        length = np.frombuffer(self._lengths)
        mean = float(length.mean()) if n and length.any() else 1.0
        idf = np.log1p((n - df + 0.5) / (df + 0.5))
        norm = k1 * (1 - b + b * length / mean)
        impacts = np.empty(len(tf), dtype=np.float32)
        for start in range(0, len(tf), _BLOCK):
            part = slice(start, start + _BLOCK)
            impacts[part] = idf[numbers[part]] * tf[part] * (k1 + 1) / (tf[part] + norm[passage_array[part]])
        bounds = np.maximum.reduceat(impacts, offsets[:-1]) if names else impacts
        encoded = [name.encode() for name in names]
        folder.mkdir(parents=True)
        (folder / "terms.bin").write_bytes(b"".join(encoded))
        np.save(folder / "term_offsets.npy", np.cumsum([0, *map(len, encoded)], dtype=np.int64))
        np.save(folder / "posting_offsets.npy", offsets)
        np.save(folder / "passages.npy", passage_array)
        np.save(folder / "impacts.npy", impacts)
        np.save(folder / "bounds.npy", bounds)
        np.save(folder / "size.npy", np.asarray([n], dtype=np.int64))
        return rank


def write_lexical(folder: Path, passages: Iterable[Mapping[str, float]]) -> dict[str, int]:
    """Write the index of passages given as term weights, in order of their ordinals; returns the number of each term."""
    writer = LexicalWriter()
    for passage in passages:
        weights = np.fromiter(passage.values(), np.float64, len(passage))
        counts, lengths = np.array([len(passage)], np.int32), np.array([sum(passage.values())], np.float64)
        writer.add(writer.number(passage), weights, counts, lengths)
    return dict(zip(writer._ids, writer.write(folder).tolist(), strict=True))


class LexicalIndex:
    """A written index, opened without reading it: the arrays are mapped, a term is found by binary search."""

    def __init__(self, folder: Path) -> None:
        for name in _FILES:
            if not (folder / name).is_file():
                raise IndexMismatch(f"{folder} lacks {name}; the index is damaged, run `rcm-qa build --force`")
        self._names = map_bytes(folder / "terms.bin")
        self._name_offsets = map_array(folder / "term_offsets.npy")
        if len(self._names) != self._name_offsets[-1]:
            raise IndexMismatch(f"terms.bin in {folder} is not as long as it was written; run `rcm-qa build --force`")
        self._offsets = map_array(folder / "posting_offsets.npy")
        self._passages = map_array(folder / "passages.npy")
        self._impacts = map_array(folder / "impacts.npy")
        self._bounds = map_array(folder / "bounds.npy")
        self._numbers: dict[str, int | None] = {}
        self.size = int(map_array(folder / "size.npy")[0])

    def __contains__(self, term: str) -> bool:
        return self.number(term) is not None

    def terms(self) -> Iterator[str]:
        """All terms in order."""
        raw = bytes(self._names)
        offsets = self._name_offsets.tolist()
        for start, end in itertools.pairwise(offsets):
            yield raw[start:end].decode()

    def number(self, term: str) -> int | None:
        """The number of a term, None for an unknown one."""
        if term in self._numbers:
            return self._numbers[term]
        wanted = term.encode()
        low, high = 0, self.count
        found: int | None = None
        while low < high:
            middle = (low + high) // 2
            name = self._names[self._name_offsets[middle] : self._name_offsets[middle + 1]].tobytes()
            if name == wanted:
                found = middle
                break
            if name < wanted:
                low = middle + 1
            else:
                high = middle
        if len(self._numbers) > 100_000:
            self._numbers.clear()
        self._numbers[term] = found
        return found

    def numbers(self, terms: Iterable[str]) -> NDArray[np.uint32]:
        """(terms,) the numbers of terms; for an unknown one a number that no term has."""
        found = [self.number(term) for term in terms]
        return np.array([self.count if number is None else number for number in found], dtype=np.uint32)

    @property
    def count(self) -> int:
        """How many terms there are."""
        return len(self._name_offsets) - 1

    def name(self, number: int) -> str:
        """The term with a number."""
        return self._names[self._name_offsets[number] : self._name_offsets[number + 1]].tobytes().decode()

    def frequency(self, term: str) -> int:
        """In how many passages a term occurs."""
        at = self.number(term)
        return 0 if at is None else int(self._offsets[at + 1] - self._offsets[at])

    def idf(self, term: str) -> float:
        """ln(1 + (N - df + 0.5) / (df + 0.5)), the weight of a term by its rarity."""
        df = self.frequency(term)
        return float(np.log1p((self.size - df + 0.5) / (df + 0.5)))

    def _lists(self, terms: Mapping[str, float]) -> list[tuple[float, float, NDArray[np.int32], NDArray[np.float32]]]:
        """(upper bound, weight, passages, impacts) of each known term, highest bound first."""
        lists = []
        for term, weight in terms.items():
            at = self.number(term)
            if at is not None and weight > 0:
                a, b = int(self._offsets[at]), int(self._offsets[at + 1])
                lists.append((weight * float(self._bounds[at]), weight, self._passages[a:b], self._impacts[a:b]))
        lists.sort(key=lambda item: -item[0])
        return lists

    def search(
        self, terms: Mapping[str, float], limit: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Ordinals and scores of the best passages, best first, ties by ordinal; those without any term are left out.

        Exact: lists are added from the highest bound on; once what is left cannot lift an untouched passage into the best
        `limit`, only passages that can still get there are kept, fewer with each list, and a list far longer than they are
        many is probed for them instead of being added (MaxScore, Turtle and Flood 1995).
        """
        lists = self._lists(terms)
        if not lists or limit < 1:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        _, list_weights, list_passages, list_impacts = zip(*lists, strict=True)
        sizes = [len(passages) for passages in list_passages]
        if self.size + sum(sizes) <= _SMALL:
            added = np.repeat(list_weights, sizes) * np.concatenate(list_impacts)
            sums = np.bincount(np.concatenate(list_passages), added, self.size).astype(np.float32)
            matching = np.flatnonzero(sums if allowed is None else sums * allowed)
            return best(matching, sums[matching], limit)
        # A passage that a filter leaves out never comes up from minus infinity.
        scores = np.zeros(self.size, np.float32) if allowed is None else np.where(allowed, np.float32(0), np.float32(-np.inf))
        left = sum(bound for bound, *_ in lists)
        slack = _ROUNDING * left
        threshold = 0.0  # at least `limit` passages have it
        candidates: NDArray[np.intp] | None = None
        for bound, weight, passages, impacts in lists:
            if candidates is not None:
                reached = scores[candidates]
                threshold = _raise_threshold(threshold, reached, limit)
                candidates = candidates[reached >= threshold - left - slack]
            elif threshold - left - slack > 0:
                candidates = np.flatnonzero(scores >= threshold - left - slack)
            left -= bound
            if candidates is not None and len(passages) > _PROBED * len(candidates):
                found, added = _probe(passages, impacts, candidates)
                scores[candidates[found]] += np.float32(weight) * added
                continue
            # Three times as fast as `scores[passages] +=`, which converts the ordinals twice and copies the scores.
            np.add.at(scores, passages, np.float32(weight) * impacts)
            if candidates is None:
                threshold = _raise_threshold(threshold, scores[passages], limit)
        if candidates is None:
            candidates = np.flatnonzero(scores > max(threshold - slack, 0))
        return best(candidates, scores[candidates], limit)

    def score(self, terms: Mapping[str, float], ordinals: NDArray[np.int64]) -> NDArray[np.float32]:
        """Scores of different passages (sorted or not), zero where no term occurs."""
        known = [(t, w, number) for t, w in terms.items() if w > 0 and (number := self.number(t)) is not None]
        weights = np.array([weight for _, weight, _ in known])
        bounds = self._bounds[[number for *_, number in known]] * weights if known else weights
        # Added up from the highest bound on, as `search` does: the same sums, to the last bit.
        order = np.argsort(-bounds, kind="stable")
        impacts = self.impacts([known[n][0] for n in order.tolist()], ordinals)
        scores: NDArray[np.float32] = (weights[order, None].astype(np.float32) * impacts).sum(axis=0)
        return scores

    def impacts(self, terms: Sequence[str], ordinals: NDArray[np.int64]) -> NDArray[np.float32]:
        """(terms, n) what each term adds to the score of each of different passages at weight 1, zero where it does not occur."""
        out = np.zeros((len(terms), len(ordinals)), dtype=np.float32)
        short: list[tuple[int, int, int]] = []
        known = [(row, number) for row, term in enumerate(terms) if (number := self.number(term)) is not None]
        numbers = np.array([number for _, number in known], dtype=np.intp)
        starts, ends = self._offsets[numbers].tolist(), self._offsets[numbers + 1].tolist()
        for (row, _), a, b in zip(known, starts, ends, strict=True):
            if b - a <= _SHORT * len(ordinals):
                short.append((row, a, b))
            else:
                found, added = _probe(self._passages[a:b], self._impacts[a:b], ordinals)
                out[row, found] = added
        if short:
            # One look at all short lists together costs less than a search in each.
            columns = np.full(self.size, -1, dtype=np.int32)
            columns[ordinals] = np.arange(len(ordinals), dtype=np.int32)
            column = columns[np.concatenate([self._passages[a:b] for _, a, b in short])]
            rows = np.repeat([row for row, _, _ in short], [b - a for _, a, b in short])
            wanted = column >= 0
            out[rows[wanted], column[wanted]] = np.concatenate([self._impacts[a:b] for _, a, b in short])[wanted]
        return out


def _probe(
    passages: NDArray[np.int32], impacts: NDArray[np.float32], ordinals: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """(n,) whether each ordinal is in a list, and the impacts of those that are."""
    # Ordinals of the list's own type: for another one NumPy would convert the whole list first.
    at = np.minimum(np.searchsorted(passages, ordinals.astype(np.int32)), len(passages) - 1)
    found = passages[at] == ordinals
    return found, impacts[at[found]]


def _raise_threshold(threshold: float, scores: NDArray[np.float32], limit: int) -> float:
    """The score that `limit` of these passages have, or the threshold so far where fewer are above it."""
    above = scores[scores > threshold]
    return float(np.partition(above, len(above) - limit)[len(above) - limit]) if len(above) >= limit else threshold


def best(ordinals: NDArray[np.int64], scores: NDArray[np.float32], limit: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The one place where results are ordered: score down, ordinal up, at most `limit`."""
    if len(ordinals) > limit * 8:
        cut = np.partition(scores, len(scores) - limit)[len(scores) - limit]
        keep = scores >= cut
        ordinals, scores = ordinals[keep], scores[keep]
    order = np.lexsort((ordinals, -scores))[:limit]
    return ordinals[order], scores[order]
