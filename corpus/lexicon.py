"""The lexicon's files, and what they become for a collection: names stay as they are."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from os.path import commonprefix
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import BadData
from corpus.gloss import Entry, Forms, Sense, replace_forms
from corpus.glossary import Term, load_glossary
from corpus.words import SPANISH_STOP_WORDS, WordCounts, find_words, fold

FOLDER = Path(__file__).parent / "lexicon"
WORD_FILES = ("words.tsv", "function-words.tsv", "weights.tsv")  # what forms.npz is made of
POS = frozenset(["n", "v", "adj", "adv", "prep", "conj", "pron", "det", "num", "intj", "name", "phr"])
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
    return _read_thesaurus(path, re.compile(r"[a-z]+\t[a-z]+(?:; [a-z]+)*"), "a headword")


def read_expressions(path: Path = FOLDER / "expressions.tsv") -> Iterator[tuple[str, list[str]]]:
    """English expressions of several words with the single words that a text may use, likeliest first.

    Raises BadData naming a bad line.
    """
    return _read_thesaurus(path, re.compile(r"[a-z]+(?: [a-z]+)+\t[a-z]+(?:; [a-z]+)*"), "an expression")


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


def read_forms(folder: Path) -> dict[str, NDArray[Any]]:
    """What `corpus.inflecting` packed of a lexicon's single words. Raises BadData where the words have changed since."""
    path = folder / "forms.npz"
    if path.is_file():
        with np.load(path) as file:
            forms = dict(file)
        if forms.pop("made_of").tobytes() == hash_words(folder):
            return forms
    raise BadData(f"{path} was not made of the words beside it; run `python -m corpus inflect`")


def hash_words(folder: Path) -> bytes:
    """Hash of the files that the forms are made of."""
    digest = hashlib.sha256()
    for path in (folder / name for name in WORD_FILES):
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.digest()


def compile_lexicon(
    names: frozenset[str] = frozenset(), folder: Path = FOLDER, glossary: Iterable[Term] | None = None
) -> dict[str, NDArray[Any]]:
    """The entries of folded forms and phrases (see `pack_forms`): the lexicon's words in all their forms, its phrases, the glossary.

    `names` are folded words that the collection writes with a capital in both languages: they stay as they are.
    Raises BadData when a file is malformed or the forms are out of date.
    """
    packed = read_forms(folder)
    known = Forms(packed)
    changed: dict[str, Entry] = {}

    def find(form: str) -> Entry | None:
        return changed.get(form) or known.entry(form)

    for name in names:
        before = known.entry(name)
        if before is None or not (before.function or _is_cognate(name, before)):
            changed[name] = Entry(())
    phrases: dict[str, tuple[Sense, ...]] = {}
    for line in read_lexicon(folder / "phrases.tsv"):
        phrases.setdefault(_key(line.spanish), weigh(line.english))
    for line in read_lexicon(folder / "phrases.tsv"):
        if not line.spanish.isascii() and (key := _accented_key(line.spanish, known)) != _key(line.spanish):
            phrases[key] = weigh(line.english)
    for term in load_glossary() if glossary is None else glossary:
        for spanish in (term.es, *term.aliases_es):
            phrases.setdefault(_key(spanish), (Sense(term.en, 1.0),))
        for abbreviation in term.abbr_es:
            english = term.abbr_en[0] if term.abbr_en else term.en
            if len(fold(abbreviation)) > 2:
                phrases.setdefault(_key(abbreviation), (Sense(english, 1.0),))
    for key, senses in phrases.items():
        words = key.split(" ")
        if len(words) == 1:
            before = find(key)
            changed[key] = Entry(senses, longest=before.longest, follow=before.follow) if before else Entry(senses)
            continue
        changed[key] = Entry(senses)
        start, second = fold(words[0]), fold(words[1])
        first = find(start) or Entry(())
        longest, follow = max(first.longest, len(words)), first.follow | {second}
        changed[start] = Entry(first.senses, first.function, first.verb_form, longest, follow)
    return replace_forms(packed, changed)


def _is_cognate(name: str, entry: Entry) -> bool:
    """Whether the English of a name is nearly the same word ("organización", "Caribe"), so that it may be translated."""
    senses = [fold(sense.english) for sense in entry.senses]
    return any(len(commonprefix((name, sense))) >= max(4, min(5, len(sense))) for sense in senses)


def _key(phrase: str) -> str:
    return " ".join(word.folded for word in find_words(phrase))


def _accented_key(phrase: str, known: Forms) -> str:
    """The key of a phrase whose function words keep their accents."""
    words = [(word.folded, word.surface.lower()) for word in find_words(phrase)]
    return " ".join(accented if accented != folded and _is_function(accented, known) else folded for folded, accented in words)


def _is_function(form: str, known: Forms) -> bool:
    entry = known.entry(form)
    return entry is not None and entry.function


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
