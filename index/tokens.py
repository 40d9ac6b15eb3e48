"""Late interaction: the words of a question against the words of a passage, each a short vector in its context.

Khattab and Zaharia 2020 (ColBERT, SIGIR): each word of the question looks for its best partner in the passage. A passage's
vector is a mean and hides what it lacks; here every word that finds no partner shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.mapped import map_array

TOKENS_UP_TO = 50_000  # passages; beyond, their tokens would take more room than all else together
# What is left of a number's cosine where the number itself does not stand; chosen on the dev and the teaching questions.
EXACT = 0.4
# Of a word that a follow-up carries along from the question before, in the choice of the sentence; chosen on dev conversations.
ALONG = 0.25
CARRIED = 0.85  # of a word's partner in the sentence before; chosen on the dev and the teaching questions
SCALE = 254.0  # of the 8-bit numbers: components of unit vectors are almost all below a half, larger ones are cut

Tokens = NDArray[np.int8]  # (tokens, dim), unit rows times SCALE


@dataclass(frozen=True, slots=True)
class Encoded:
    """What the model makes of one text; the marks that it sets around a text are left out."""

    vector: NDArray[np.float32]  # (dim,), unit
    pieces: NDArray[np.int32]  # (tokens,) numbers in the model's vocabulary
    words: NDArray[np.int32]  # (tokens,) number of the word that a token is part of, from 0
    spans: tuple[tuple[int, int], ...]  # of each word in the text
    tokens: NDArray[np.float32]  # (tokens, d), unit rows
    importance: NDArray[np.float32]  # (tokens, 2) log of how much each matters in a question: for ranking, for deciding


@dataclass(frozen=True, slots=True)
class AskedWords:
    """The words of a question as late interaction sees them. Arrays are (words,) unless said otherwise."""

    tokens: NDArray[np.float32]  # (tokens, d), unit rows divided by SCALE
    starts: NDArray[np.int64]  # first token of each word
    lengths: NDArray[np.float32]  # tokens of each word
    rarity: NDArray[np.float32]  # inverse document frequency of the rarest token of each word
    focus: NDArray[np.float32]  # how much a sentence is to say the word: its rarity, of words only carried along a share
    weight: NDArray[np.float32]  # rarity times learnt importance for ranking
    need: NDArray[np.float32]  # rarity times learnt importance for deciding: how much an answer needs the word
    stems: tuple[str, ...]  # of the words that carry meaning; of function words and signs empty

    @property
    def exact(self) -> NDArray[np.bool_]:
        """(words,) which are numbers: nothing else stands for them."""
        return np.array([any(map(str.isdigit, stem)) for stem in self.stems], dtype=np.bool_)

    @property
    def content(self) -> NDArray[np.bool_]:
        """(words,) which carry meaning."""
        return np.array([bool(stem) for stem in self.stems], dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class WordMatches:
    """How well each word of a question finds a partner in one passage: a cosine, raised where the word itself stands there."""

    passage: NDArray[np.float32]  # (words,) anywhere in the passage or its header
    sentences: NDArray[np.float32]  # (sentences, words) in one sentence or the header
    late: float  # late interaction with the passage: the mean over the question's words, by weight
    # (sentences,) the mean by rarity alone: what tells passages apart matters less among the sentences of one.
    late_sentences: NDArray[np.float32]
    # (sentences,) the same with what the sentence before says, which need not be said again, for CARRIED of its worth.
    late_in_context: NDArray[np.float32]


def word_starts(words: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """First token and number of tokens of each word, from the word of each token."""
    starts = np.flatnonzero(np.diff(words, prepend=-1))
    return starts, np.diff(starts, append=len(words)).astype(np.float32)


def pack(tokens: NDArray[np.float32]) -> Tokens:
    """Unit rows in 8 bits."""
    packed: Tokens = np.clip(np.rint(tokens * SCALE), -127, 127).astype(np.int8)
    return packed


def write_tokens(
    folder: Path, pieces: Sequence[NDArray[np.int32]], tokens: Sequence[Tokens], counts: Sequence[Sequence[int]]
) -> None:
    """Write the tokens of all passages.

    `pieces` and `tokens` are those of each passage's embedded text, `counts` the tokens of each of its sentences; the
    sentences stand at the end of the text, what comes before them is the header.
    """
    folder.mkdir()
    np.save(folder / "tokens.npy", np.concatenate([part for part in tokens if len(part)]))
    np.save(folder / "starts.npy", np.cumsum([0, *map(len, tokens)], dtype=np.int64))
    bounds: list[NDArray[np.int64]] = []
    for rows, sentences in zip(tokens, counts, strict=True):
        ends = np.cumsum(sentences)
        bounds.append(np.clip(len(rows) - ends[-1] + ends - sentences, 0, len(rows)))
    np.save(folder / "sentences.npy", np.concatenate(bounds).astype(np.uint16))
    size = max(int(p.max(initial=0)) for p in pieces) + 1
    frequency = np.zeros(size, np.int64)
    for found in pieces:
        frequency[found] += 1  # once for each number, however often it is there
    rarity = np.log1p((len(pieces) - frequency + 0.5) / (frequency + 0.5))
    np.save(folder / "rarity.npy", rarity.astype(np.float32))


class TokenIndex:
    """The tokens of all passages, mapped from disk."""

    def __init__(self, folder: Path) -> None:
        self._tokens = map_array(folder / "tokens.npy")
        self._starts = map_array(folder / "starts.npy")
        self._sentences = map_array(folder / "sentences.npy")
        self._rarity = map_array(folder / "rarity.npy")

    @property
    def size(self) -> int:
        """Number of passages."""
        return len(self._starts) - 1

    def ask(self, encoded: Encoded, stems: Sequence[str], asked_until: int | None = None) -> AskedWords | None:
        """The words of a question with their weight here; None for a text without any.

        `stems` is (words,), empty for words that carry no meaning; after `asked_until` the text only says of what it asks.
        """
        if not len(encoded.pieces):
            return None
        starts, lengths = word_starts(encoded.words)
        known = encoded.pieces < len(self._rarity)
        rarest = float(np.log1p((self.size + 0.5) / 0.5))
        rarity = np.where(known, self._rarity[np.where(known, encoded.pieces, 0)], rarest)
        importance = np.exp(np.add.reduceat(encoded.importance, starts, axis=0) / lengths[:, None])
        rarest_piece = np.maximum.reduceat(rarity, starts).astype(np.float32)
        return AskedWords(
            tokens=encoded.tokens / np.float32(SCALE),
            starts=starts,
            lengths=lengths,
            rarity=rarest_piece,
            focus=rarest_piece
            * np.array(
                [ALONG if asked_until is not None and start > asked_until else 1.0 for start, _ in encoded.spans], np.float32
            ),
            weight=(rarest_piece * importance[:, 0]).astype(np.float32),
            need=(rarest_piece * importance[:, 1]).astype(np.float32),
            stems=tuple(stems),
        )

    def match(
        self,
        asked: AskedWords,
        ordinals: NDArray[np.int64],
        sentences: NDArray[np.int64],
        counts: NDArray[np.int64],
        standing: NDArray[np.float32],
        heading: NDArray[np.float32],
    ) -> list[WordMatches]:
        """The words of a question in each of several passages.

        `sentences` are the numbers of their sentences, one passage after the other, `counts` (passages,) how many each has.
        `standing` (sentences, words) and `heading` (passages, words) are what each word has by spelling, in the sentence and
        in what stands over the passage: the share of what its cosine lacks that is made up for. A number that stands in
        neither has little of its cosine left: another number is as near as itself, and means something else.
        """
        starts, ends = self._starts[ordinals], self._starts[ordinals + 1]
        sizes = ends - starts
        tokens = [self._tokens[a:b].astype(np.float32) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
        # All passages in one product would wake the threads of the linear algebra, which then wait at full speed.
        cosines = np.concatenate([asked.tokens @ rows.T for rows in tokens], axis=1)
        # The parts of a passage are its header and its sentences; a part goes on to where the next begins.
        heads = np.cumsum(counts + 1) - counts - 1
        is_sentence = np.ones(len(sentences) + len(ordinals), np.bool_)
        is_sentence[heads] = False
        begins = np.repeat(np.cumsum(sizes) - sizes, counts + 1)
        begins[is_sentence] += self._sentences[sentences]
        filled = begins < np.append(begins[1:], cosines.shape[1])
        parts = np.full((len(begins), len(cosines)), -1.0, np.float32)
        parts[filled] = np.maximum.reduceat(cosines, begins[filled], axis=1).T
        whole = np.maximum.reduceat(parts, heads, axis=0)
        single = np.maximum(parts[is_sentence], np.repeat(parts[heads], counts, axis=0))
        whole, single = _mean_tokens(whole, asked), _mean_tokens(single, asked)
        ends = np.cumsum(counts)
        exact = asked.exact
        heading_of = np.repeat(heading, counts, axis=0)
        standing_in = np.maximum.reduceat(standing, ends - counts, axis=0)
        for best, stands in ((single, np.maximum(standing, heading_of)), (whole, np.maximum(standing_in, heading))):
            best[exact & (stands == 0)] *= EXACT
            best += (1 - best) * stands
        late = (whole @ asked.weight / asked.weight.sum()).tolist()
        shares = asked.focus / asked.focus.sum()
        before = CARRIED * np.roll(single, 1, axis=0)
        before[ends - counts] = 0.0  # nothing stands before the first sentence of a passage
        late_sentences, in_context = single @ shares, np.maximum(single, before) @ shares
        return [
            WordMatches(row, single[a:b], mean, late_sentences[a:b], in_context[a:b])
            for row, mean, a, b in zip(whole, late, (ends - counts).tolist(), ends.tolist(), strict=True)
        ]


def _mean_tokens(best: NDArray[np.float32], asked: AskedWords) -> NDArray[np.float32]:
    """(n, words) from (n, tokens): a word of several tokens counts with their mean."""
    return (np.add.reduceat(best, asked.starts, axis=1) / asked.lengths).astype(np.float32, copy=False)
