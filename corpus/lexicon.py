"""The lexicon's files, and their compilation into forms: inflections from simplemma, names from the collection."""

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from corpus.errors import BadData
from corpus.gloss import Entry, Sense
from corpus.glossary import Term, load_glossary
from corpus.words import SPANISH_STOP_WORDS, WordCounts, find_words, fold, fold_once

FOLDER = Path(__file__).parent / "lexicon"
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


def read_synonyms(path: Path = FOLDER / "synonyms.tsv") -> Iterator[tuple[str, tuple[str, ...]]]:
    """English headwords with the words that a question may use for them, closest first. Raises BadData naming a bad line."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not re.fullmatch(r"[a-z]+\t[a-z]+(; [a-z]+)*", line):
            raise BadData(f"{path.name}:{number}: expected a headword, a tab and words joined by '; ', in small letters")
        headword, words = line.split("\t")
        yield headword, tuple(words.split("; "))


def read_weights(path: Path) -> dict[str, list[Sense]]:
    """Translation weights learnt from parallel text: folded Spanish form -> English stems with probability."""
    weights: dict[str, list[Sense]] = {}
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            spanish, _, pairs = line.partition("\t")
            if pairs and not line.startswith("#"):
                weights[spanish] = [Sense(e, float(p)) for e, _, p in (pair.rpartition(":") for pair in pairs.split(" "))]
    return weights


def _weigh(english: Iterable[str]) -> tuple[Sense, ...]:
    """Senses with weights that fall with their rank: 1, 1/2, 1/3, scaled to add up to 1."""
    senses = list(dict.fromkeys(english))
    total = sum(1 / rank for rank in range(1, len(senses) + 1))
    return tuple(Sense(sense, 1 / rank / total) for rank, sense in enumerate(senses, start=1))


class _Bases(dict[str | bytes, str]):
    """Lemma as simplemma writes it -> the folded headword of the lexicon, empty for a word that it lacks."""

    def __init__(self, headwords: Container[str]) -> None:
        self._headwords = headwords

    def __missing__(self, lemma: str | bytes) -> str:
        base = fold_once(lemma.decode() if isinstance(lemma, bytes) else lemma)
        self[lemma] = base if base in self._headwords else ""
        return self[lemma]


def _inflections(lemmas: Container[str]) -> Iterator[tuple[str, str]]:
    """(form, lemma) of every Spanish form of the given lemmas that simplemma knows; the lemma folded, the form as written."""
    from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

    found = DefaultDictionaryFactory().get_dictionary("es")
    bases = _Bases(lemmas)
    # Of close to a million forms a fifth is wanted: the bytes behind simplemma's view are read, not decoded one by one.
    for form, lemma in getattr(found, "_dict", found).items():
        base = bases[lemma]
        if base:
            text = form.decode() if isinstance(form, bytes) else form
            if " " not in text:
                yield text.lower(), base


def _plural(form: str) -> str:
    if form[-1] in "aeiou":
        return form + "s"
    return form[:-1] + "ces" if form.endswith("z") else form + "es"


@lru_cache(maxsize=2)
def _word_forms(folder: Path, stamp: tuple[int, ...]) -> tuple[dict[str, Entry], frozenset[str]]:
    """Form -> entry of single words, and the function words; `stamp` changes with the files, so that a run reads them once."""
    by_lemma: dict[str, list[LexiconLine]] = {}
    for line in read_lexicon(folder / "words.tsv"):
        by_lemma.setdefault(fold(line.spanish), []).append(line)
    # An accent tells function words apart (qué, que; él, el): the accented form has an entry of its own, and stands
    # for the plain spelling only where there is no other.
    functions: dict[str, LexiconLine] = {}
    for line in read_lexicon(folder / "function-words.tsv"):
        functions.setdefault(line.spanish, line)
        if line.spanish.isascii() or fold(line.spanish) not in functions:
            functions[fold(line.spanish)] = line
    forms: dict[str, Entry] = {}

    def merged(lemma: str) -> tuple[str, ...]:
        lines = by_lemma[lemma]
        senses = [sense for line in lines for sense in line.english[:1]]
        senses += [sense for line in lines for sense in line.english[1:]]
        return tuple(dict.fromkeys(senses))[:4]

    inflected: dict[str, Entry] = {}
    for lemma, lines in by_lemma.items():
        forms[lemma] = Entry(_weigh(merged(lemma)))
        inflected[lemma] = Entry(forms[lemma].senses, verb_form=all(line.pos == "v" for line in lines))
    for written, lemma in _inflections(by_lemma):
        form = fold_once(written)
        if form not in by_lemma:
            forms.setdefault(form, inflected[lemma])
        elif form != lemma and written != form and not any(line.spanish == written for line in by_lemma[form]):
            forms[written] = inflected[lemma]  # the accent tells "fundó" from "fundo"
    for lemma, lines in by_lemma.items():
        if any(line.pos in ("n", "adj") for line in lines) and len(lemma) > 2:
            forms.setdefault(_plural(lemma), forms[lemma])
            if lemma.endswith("o") and any(line.pos == "adj" for line in lines):
                forms.setdefault(lemma[:-1] + "a", forms[lemma])
                forms.setdefault(lemma[:-1] + "as", forms[lemma])
    for form, line in functions.items():
        forms[form] = Entry(_weigh(line.english), function=True)
    _apply_weights(forms, read_weights(folder / "weights.tsv"))
    return forms, frozenset(functions)


def compile_lexicon(
    names: frozenset[str] = frozenset(), folder: Path = FOLDER, glossary: Iterable[Term] | None = None
) -> dict[str, Entry]:
    """Folded form or phrase -> entry, from the lexicon's files, the glossary and simplemma's inflections.

    `names` are folded words that the collection writes with a capital in both languages: they stay as they are.
    Raises BadData when a file is malformed.
    """
    stamp = tuple(path.stat().st_mtime_ns for path in sorted(folder.glob("*.tsv")))
    known, functions = _word_forms(folder, stamp)
    forms = dict(known)
    for name in names:
        if name not in functions:
            forms[name] = Entry(())
    phrases: dict[str, tuple[Sense, ...]] = {}
    for line in read_lexicon(folder / "phrases.tsv"):
        phrases.setdefault(_key(line.spanish), _weigh(line.english))
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
            before = forms.get(key)
            forms[key] = Entry(senses, longest=before.longest if before else 1)
            continue
        forms[key] = Entry(senses)
        first = forms.get(words[0], Entry(()))
        forms[words[0]] = Entry(first.senses, first.function, first.verb_form, max(first.longest, len(words)))
    return forms


def _key(phrase: str) -> str:
    return " ".join(word.folded for word in find_words(phrase))


def _apply_weights(forms: dict[str, Entry], weights: dict[str, list[Sense]]) -> None:
    """Reorder and weigh senses by what parallel text shows; fill gaps for words that the lexicon lacks."""
    for form, learnt in weights.items():
        entry = forms.get(form)
        if entry is not None and entry.function:
            continue
        if entry is None:
            if learnt[0].english == form or learnt[0].weight < 0.3:
                continue  # a name of both languages, or too vague to fill a gap
            total = sum(sense.weight for sense in learnt)
            forms[form] = Entry(tuple(Sense(s.english, s.weight / total) for s in learnt[:3]))
            continue
        probability = {sense.english: sense.weight for sense in learnt}
        scored = [
            Sense(
                s.english,
                0.5 * s.weight
                + 0.5 * max(probability.get(word.folded, 0.0) for word in find_words(s.english) or find_words("x")),
            )
            for s in entry.senses
        ]
        known = {word.folded for s in entry.senses for word in find_words(s.english)}
        scored += [Sense(s.english, 0.5 * s.weight) for s in learnt if s.english not in known and s.weight >= 0.25]
        scored.sort(key=lambda s: -s.weight)
        total = sum(s.weight for s in scored[:4]) or 1.0
        forms[form] = Entry(tuple(Sense(s.english, s.weight / total) for s in scored[:4]), verb_form=entry.verb_form)


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
