"""The words of the collection as they are written, for mending misspelt questions."""

from collections import Counter
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from string import ascii_lowercase

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from corpus.words import WordCounts, fold
from index.errors import IndexMismatch


def write_vocabulary(folder: Path, counts: WordCounts) -> None:
    """Write `words.tsv`: folded word, how often, the spelling that occurs most, 1 where it is ever written small.

    Words of the titles are included.
    """
    spellings: dict[str, Counter[str]] = {}
    for surface, count in zip(counts.words, counts.counts[:, :2].sum(axis=1).tolist(), strict=True):
        folded = fold(surface)
        if folded.isalpha():
            spellings.setdefault(folded, Counter())[surface] = count
    lines = (
        f"{word}\t{found.total()}\t{_usual(found)}\t{int(any(surface.islower() for surface in found))}\n"
        for word, found in sorted(spellings.items())
    )
    (folder / "words.tsv").write_text("".join(lines), encoding="utf-8")


def _usual(spellings: Counter[str]) -> str:
    return min(spellings, key=lambda s: (-spellings[s], s))


def slips(word: str, other: str) -> int:
    """How many letters are missing, too many, others or exchanged with their neighbour."""
    return int(DamerauLevenshtein.distance(word, other))


def one_slip_away(word: str) -> set[str]:
    """The folded words that one missing, added, other or exchanged letter makes of a word."""
    parts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    made = {a + b[1:] for a, b in parts if b} | {a + b[1] + b[0] + b[2:] for a, b in parts if len(b) > 1}
    made |= {a + letter + b for a, b in parts for letter in ascii_lowercase}
    made |= {a + letter + b[1:] for a, b in parts if b for letter in ascii_lowercase}
    return made - {word}


class Vocabulary:
    """Lookups of words and of their nearest neighbours by spelling. Raises IndexMismatch where the file is damaged."""

    def __init__(self, folder: Path) -> None:
        path = folder / "words.tsv"
        self._words: dict[str, tuple[int, str, bool]] = {}
        try:
            for line in path.read_text(encoding="utf-8").splitlines():
                word, count, spelling, small = line.split("\t")
                self._words[word] = (int(count), spelling, small == "1")
        except (OSError, ValueError) as error:
            raise IndexMismatch(f"{path} is damaged ({error}); run `rcm-qa build --force`") from None

    @cached_property
    def _by_length(self) -> dict[int, list[str]]:
        lengths: dict[int, list[str]] = {}
        for word, (count, _, _) in self._words.items():
            if count >= 2 and len(word) >= 4:
                lengths.setdefault(len(word), []).append(word)
        return lengths

    def __contains__(self, word: str) -> bool:
        return word in self._words

    def count(self, word: str) -> int:
        """How often a folded word occurs in the collection."""
        return self._words.get(word, (0, "", False))[0]

    def is_common(self, word: str) -> bool:
        """Whether the collection ever writes a folded word small: it is no word of names alone."""
        return self._words.get(word, (0, "", False))[2]

    def spelling(self, word: str) -> str:
        """The usual spelling of a folded word, with its accents and capitals."""
        return self._words[word][1]

    def nearest(self, word: str, unwanted: Callable[[str], bool] = lambda form: False) -> str | None:
        """The word of the collection that a misspelt one most likely is: one slip, two in eight letters or more.

        Folded words that are `unwanted` are passed over. None when nothing is near enough. Optimal string alignment distance
        (a swap of neighbours is one slip).
        """
        most = 1 if len(word) < 8 else 2
        if len(word) < 4:
            return None
        found: list[tuple[int, int, str]] = []
        for length in range(len(word) - most, len(word) + most + 1):
            for candidate, distance, _ in process.extract(
                word, self._by_length.get(length, []), scorer=DamerauLevenshtein.distance, score_cutoff=most, limit=8
            ):
                if unwanted(candidate):
                    continue
                same_start = candidate[0] == word[0] or candidate[:2] == word[1::-1]
                found.append((int(distance) + (0 if same_start else 1), -self.count(candidate), candidate))
        if not found:
            return None
        distance, _, best = min(found)
        return best if distance <= most else None
