"""The lexicon's files, and what they become for a collection: names stay as they are."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus import glossary
from corpus.errors import BadData
from corpus.gloss import Entry, Forms, Sense, form_hash, replace_forms
from corpus.words import SPANISH_STOP_WORDS, WordCounts, find_words, fold

FOLDER = Path(__file__).parent / "lexicon"
LEXICON_FILES = ("words.tsv", "function-words.tsv", "weights.tsv", "phrases.tsv")  # and the glossary: forms.npz is made of them
_FAR_MORE = 4  # times
_ALIKE, _LEAST_ALIKE = 5, 4  # letters at the beginning that make words of two languages alike, of a short word all
POS = frozenset(["n", "v", "adj", "adv", "prep", "conj", "pron", "det", "num", "intj", "name", "phr"])
_WORD_LINE = re.compile(r"[a-z]+\t[a-z]+(?:; [a-z]+)*")
_WORDS = re.compile(r"[a-zA-Záéíóúüñ'’.\- 0-9/ªº]+")


@dataclass(frozen=True, slots=True)
class LexiconLine:
    """One line of the lexicon: a Spanish headword or phrase, its part of speech, its English by frequency of sense."""

    spanish: str
    pos: str
    english: tuple[str, ...]


def read_lexicon(path: Path) -> Iterator[LexiconLine]:
    """The lines of one lexicon file. Raises BadData naming the line that is malformed."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        parts = line.split("\t")
        if len(parts) != 3:
            raise BadData(f"{path.name}:{number}: expected 3 columns (spanish, pos, english), found {len(parts)}")
        spanish, pos, english = parts
        senses = tuple(sense.strip() for sense in english.split(";"))
        if pos not in POS:
            raise BadData(f"{path.name}:{number}: unknown part of speech {pos!r}; known: {', '.join(sorted(POS))}")
        if not spanish or not all(senses):
            raise BadData(f"{path.name}:{number}: an empty headword or sense")
        yield LexiconLine(spanish, pos, senses)


def read_synonyms(path: Path = FOLDER / "synonyms.tsv") -> Iterator[tuple[str, list[str]]]:
    """English words with those that a question may use for them, closest first. Raises BadData naming a bad line."""
    return _read_thesaurus(path, _WORD_LINE, "a headword")


def read_expressions(path: Path = FOLDER / "expressions.tsv") -> Iterator[tuple[str, list[str]]]:
    """English expressions of several words with the single words that a text may use, likeliest first.

    Raises BadData naming a bad line.
    """
    return _read_thesaurus(path, re.compile(r"[a-z]+(?: [a-z]+)+\t[a-z]+(?:; [a-z]+)*"), "an expression")


def read_irregular(path: Path = FOLDER / "irregular.tsv") -> Iterator[tuple[str, list[str]]]:
    """English words, and numbers, with their irregular forms and other spellings. Raises BadData naming a bad line."""
    return _read_thesaurus(path, re.compile(r"(?:[a-z]+|\d+)\t[a-z]+(?:; [a-z]+)*"), "a word")


@cache
def irregular_forms() -> dict[str, str]:
    """English form -> the word that it is a form of, where no stemmer sees that: children, women, held, found, fifteen."""
    return {form: word for word, forms in read_irregular() for form in forms}


def _read_thesaurus(path: Path, pattern: re.Pattern[str], what: str) -> Iterator[tuple[str, list[str]]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not pattern.fullmatch(line):
            raise BadData(f"{path.name}:{number}: expected {what}, a tab and words joined by '; ', in small letters")
        headword, _, words = line.partition("\t")
        yield headword, words.split("; ")


def weigh(english: Iterable[str]) -> tuple[Sense, ...]:
    """Senses with weights that fall with their rank: 1, 1/2, 1/3, scaled to add up to 1."""
    senses = list(dict.fromkeys(english))
    total = sum(1 / rank for rank in range(1, len(senses) + 1))
    return tuple(Sense(sense, 1 / rank / total) for rank, sense in enumerate(senses, start=1))


def read_forms(folder: Path) -> tuple[dict[str, NDArray[Any]], NDArray[np.uint64]]:
    """What `corpus.inflecting` packed of a lexicon, and the hashes (n,) of the forms that stay though they are names.

    Raises BadData where what it was made of has changed since.
    """
    path = folder / "forms.npz"
    if path.is_file():
        with np.load(path) as file:
            forms = dict(file)
        if forms.pop("made_of").tobytes() == hash_lexicon(folder):
            fixed = forms.pop("fixed")
            return forms, fixed
    raise BadData(f"{path} was not made of the words and phrases beside it and the glossary; run `python -m corpus inflect`")


def hash_lexicon(folder: Path) -> bytes:
    """Hash of the files that the forms are made of."""
    digest = hashlib.sha256()
    for path in (*(folder / name for name in LEXICON_FILES), glossary.PATH):
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.digest()


def compile_lexicon(
    names: frozenset[str] = frozenset(), folder: Path = FOLDER, english: Mapping[str, int] | None = None
) -> dict[str, NDArray[Any]]:
    """The entries of folded forms and phrases (see `pack_forms`): the lexicon's words in all their forms, its phrases, the glossary.

    `names` are folded words that the collection writes with a capital in both languages: they stay as they are, unless
    they are function words or have a meaning of their own in the phrases or the glossary, or unless `english`, how often
    the English texts use each folded word, has their translation far more often than themselves: "Estados" are states.
    Raises BadData when the forms are out of date.
    """
    packed, fixed = read_forms(folder)
    known = Forms(packed)
    kept = set(fixed.tolist())
    # In order, since entries are numbered as they come: a set's own order differs from one process to the next.
    entries = {name: known.entry(name) for name in sorted(names) if form_hash(name) not in kept}
    kept_names = {
        name: _untranslated(entry)
        for name, entry in entries.items()
        if not _is_cognate(name, entry) and not _is_translated(name, entry, english or {})
    }
    return replace_forms(packed, kept_names)


def _is_translated(name: str, entry: Entry | None, english: Mapping[str, int]) -> bool:
    """Whether English texts say the English of a name far more often than the name, so that it is a word like others."""
    if entry is None or not entry.senses:
        return False
    uses = [english.get(word.folded, 0) for word in find_words(entry.senses[0].english)]
    return min(uses, default=0) > _FAR_MORE * english.get(name, 0)


def count_folded(words: WordCounts) -> Counter[str]:
    """How often the texts use each folded word."""
    counts: Counter[str] = Counter()
    for word, count in zip(words.words, words.counts[:, 1].tolist(), strict=True):
        counts[fold(word)] += count
    return counts


def _is_cognate(name: str, entry: Entry | None) -> bool:
    """Whether the English of a name is nearly the same word ("organización", "Caribe"), so that it may be translated."""
    senses = [fold(sense.english) for sense in entry.senses] if entry else []
    return any(len(sense) >= _LEAST_ALIKE and name[:_ALIKE].startswith(sense[:_ALIKE]) for sense in senses)


def _untranslated(entry: Entry | None) -> Entry:
    """A name: it has no senses, but phrases may begin with it."""
    return Entry((), longest=entry.longest, follow=entry.follow) if entry else Entry(())


def find_names(english: WordCounts, spanish: WordCounts) -> frozenset[str]:
    """Folded words that texts of both languages write with a capital inside sentences, nearly always."""
    small: Counter[str] = Counter()
    capital: list[Counter[str]] = []
    for found in (english, spanish):
        capital.append(Counter())
        for word, (_, texts, inside) in zip(found.words, found.counts.tolist(), strict=True):
            if inside:
                capital[-1][fold(word)] += inside
            elif word[0].islower():
                small[fold(word)] += texts
    return frozenset(
        word
        for word, count in capital[1].items()
        if capital[0][word] and small[word] * 20 <= count + capital[0][word] and word not in SPANISH_STOP_WORDS and len(word) > 2
    )
