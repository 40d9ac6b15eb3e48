"""Translation weights from parallel text: IBM model 1 (Brown et al. 1993), run by `python -m corpus align`."""

import argparse
import gzip
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from corpus.lexicon import FOLDER
from corpus.loading import BUNDLED, load_collection
from corpus.words import ENGLISH_STOP_WORDS, SPANISH_STOP_WORDS, find_words

ITERATIONS = 6
MIN_COUNT = 4  # a word seen less often teaches nothing
MIN_PROBABILITY = 0.12
MAX_SENSES = 3
EMPHASIS = 3  # times that the bundled documents and small sources count: the large ones are about software
SMALL = 5_000  # pairs of a source

UNLEARNT = FOLDER / "unlearnt.txt"  # words, folded, that mean something else in most of the pairs than in documents
Pair = tuple[str, str]  # English, Spanish


def main(argv: Sequence[str]) -> int:
    """Learn the weights and write `corpus/lexicon/weights.tsv`."""
    parser = argparse.ArgumentParser(prog="python -m corpus align", description=__doc__)
    parser.add_argument("--pairs", type=Path, action="append", default=[], help="gzipped TSV: English, Spanish, source")
    parser.add_argument("--max-per-source", type=int, default=30_000, help="so that no one domain decides")
    parser.add_argument("--output", type=Path, default=FOLDER / "weights.tsv")
    options = parser.parse_args(argv)
    pairs = list(bundled_pairs()) * EMPHASIS
    for path in options.pairs:
        pairs += read_pairs(path, options.max_per_source)
    unlearnt = frozenset(UNLEARNT.read_text(encoding="utf-8").split())
    table = {spanish: senses for spanish, senses in learn(pairs).items() if spanish not in unlearnt}
    lines = [
        f"{spanish}\t" + " ".join(f"{english}:{probability:.2f}" for english, probability in senses)
        for spanish, senses in sorted(table.items())
    ]
    temporary = options.output.with_name(f".{options.output.name}.new")
    temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    temporary.replace(options.output)
    print(f"{len(pairs):,} pairs, {len(table):,} words -> {options.output}")
    return 0


def bundled_pairs() -> Iterator[Pair]:
    """Blocks of the bundled documents that stand at the same place in both language versions."""
    versions: dict[str, dict[str, list[str]]] = {}
    for document in load_collection([BUNDLED]).documents:
        blocks = [document.text[b.start : b.end] for b in document.blocks]
        versions.setdefault(document.variant_of or document.id, {})[document.lang] = blocks
    for pair in versions.values():
        english, spanish = pair.get("en", []), pair.get("es", [])
        if len(english) == len(spanish):
            yield from zip(english, spanish, strict=True)


def read_pairs(path: Path, most: int) -> Iterator[Pair]:
    """Pairs of a gzipped TSV file, at most `most` of one source, spread over it; those of a small one EMPHASIS times."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    counts = Counter(row[2] for row in rows if len(row) == 3)
    seen: Counter[str] = Counter()
    for row in rows:
        if len(row) != 3 or len(row[0]) > 600:
            continue
        english, spanish, source = row
        seen[source] += 1
        step = max(1, math.ceil(counts[source] / most))
        if seen[source] % step == 0 and not re.search(r"[{}<>$=_\\]", english):
            for _ in range(EMPHASIS if counts[source] < SMALL else 1):
                yield english, spanish


def _content(text: str, stop: frozenset[str]) -> list[str]:
    return [w.folded for w in find_words(text) if w.folded.isalpha() and len(w.folded) > 2 and w.folded not in stop]


def learn(pairs: Iterable[Pair]) -> dict[str, list[tuple[str, float]]]:
    """Spanish form -> English words with t(english | spanish), best first, for words seen often enough.

    IBM model 1 with a null word, over content words: expectation shares each English word out among the Spanish words
    of its pair by t, maximisation normalises by Spanish word.
    """
    english_ids: dict[str, int] = {}
    spanish_ids: dict[str, int] = {"": 0}
    sentences: list[tuple[list[int], list[int]]] = []
    counts: Counter[int] = Counter()
    for english, spanish in pairs:
        e = [english_ids.setdefault(w, len(english_ids)) for w in _content(english, ENGLISH_STOP_WORDS)]
        s = [spanish_ids.setdefault(w, len(spanish_ids)) for w in _content(spanish, SPANISH_STOP_WORDS)]
        if e and s and len(e) <= 60 and len(s) <= 60:
            sentences.append((e, s))
            counts.update(s)
    token_e: list[int] = []  # one row for each (English token, Spanish token or null) of each sentence
    token_s: list[int] = []
    group: list[int] = []
    number = 0
    for e, s in sentences:
        for word in e:
            token_e.extend([word] * (len(s) + 1))
            token_s.append(0)
            token_s.extend(s)
            group.extend([number] * (len(s) + 1))
            number += 1
    keys = np.asarray(token_s, dtype=np.int64) * len(english_ids) + np.asarray(token_e, dtype=np.int64)
    groups = np.asarray(group, dtype=np.int64)
    del token_e, token_s, group
    unique, place = np.unique(keys, return_inverse=True)
    spanish_of = unique // len(english_ids)
    t = np.ones(len(unique))
    for _ in range(ITERATIONS):
        weights = t[place]
        share = weights / np.bincount(groups, weights, number)[groups]
        expected = np.bincount(place, share, len(unique))
        t = expected / np.bincount(spanish_of, expected, len(spanish_ids))[spanish_of]
    english_words, spanish_words = list(english_ids), list(spanish_ids)
    table: dict[str, list[tuple[str, float]]] = {}
    for key, probability in zip(unique[t >= MIN_PROBABILITY].tolist(), t[t >= MIN_PROBABILITY].tolist(), strict=True):
        spanish_id, english_id = divmod(key, len(english_ids))
        if spanish_id and counts[spanish_id] >= MIN_COUNT:
            table.setdefault(spanish_words[spanish_id], []).append((english_words[english_id], probability))
    return {word: sorted(senses, key=lambda item: (-item[1], item[0]))[:MAX_SENSES] for word, senses in table.items()}
