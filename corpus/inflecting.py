"""The lexicon's words in all their forms, its phrases and the glossary: `python -m corpus inflect`.

By simplemma's inflections and learnt weights. Done beforehand and kept beside the words, since it takes as long as the
embedding of two hundred passages.
"""

import argparse
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from corpus.gloss import Entry, Sense, form_hash, pack_forms
from corpus.glossary import Term, load_glossary
from corpus.lexicon import FOLDER, LexiconLine, hash_lexicon, read_lexicon, weigh
from corpus.words import ENGLISH_STOP_WORDS, find_words, fold, fold_once

_REGULAR_ENDINGS = {"ar": ("ó", "aron", "aba", "aban"), "er": ("ió", "ieron", "ía", "ían"), "ir": ("ió", "ieron", "ía", "ían")}
_PARTICIPLES = ("ado", "ido", "uesto", "isto", "ierto", "crito", "icho", "echo", "eso")


def main(argv: Sequence[str]) -> int:
    """Write `corpus/lexicon/forms.npz`."""
    parser = argparse.ArgumentParser(prog="python -m corpus inflect", description=__doc__)
    parser.parse_args(argv)
    count = write_forms(FOLDER)
    print(f"{count:,} forms -> {FOLDER / 'forms.npz'}")
    return 0


def write_forms(folder: Path, glossary: Iterable[Term] | None = None) -> int:
    """Write the forms of a folder's words and phrases and of the glossary beside them; returns how many there are."""
    forms, fixed = all_forms(folder, load_glossary() if glossary is None else glossary)
    path = folder / "forms.npz"
    temporary = path.with_name(".forms.new")
    with temporary.open("wb") as file:
        np.savez_compressed(
            file,
            made_of=np.frombuffer(hash_lexicon(folder), np.uint8),
            fixed=np.array(sorted(set(map(form_hash, fixed))), np.uint64),
            **pack_forms(forms),  # type: ignore[arg-type]
        )
    temporary.replace(path)
    return len(forms)


def all_forms(folder: Path, glossary: Iterable[Term]) -> tuple[dict[str, Entry], list[str]]:
    """The entries of all forms and phrases, and the forms that stay though a collection writes them as names."""
    forms = word_forms(folder)
    functions = frozenset(form for form, entry in forms.items() if entry.function)
    phrases = read_phrases(folder, glossary, functions)
    add_phrases(forms, phrases)
    return forms, [*functions, *(key for key in phrases if " " not in key)]


def read_phrases(folder: Path, glossary: Iterable[Term], functions: Container[str]) -> dict[str, tuple[Sense, ...]]:
    """Folded phrases of the lexicon and of the glossary, with their senses. Raises BadData for a malformed line.

    `functions` are function words as they are written. One with an accent keeps it inside a phrase, where the same phrase
    without the accent means something else: "para qué", "para que".
    """
    phrases: dict[str, tuple[Sense, ...]] = {}
    accented: dict[str, tuple[Sense, ...]] = {}
    for line in read_lexicon(folder / "phrases.tsv"):
        folded, key = _key(line.spanish), _key(line.spanish, functions)
        phrases.setdefault(folded, weigh(line.english))
        if key != folded:
            accented[key] = weigh(line.english)
    phrases |= accented
    for term in glossary:
        for spanish in (term.es, *term.aliases_es):
            phrases.setdefault(_key(spanish), (Sense(term.en, 1.0),))
        for abbreviation in term.abbr_es:
            english = term.abbr_en[0] if term.abbr_en else term.en
            if len(fold(abbreviation)) > 2:
                phrases.setdefault(_key(abbreviation), (Sense(english, 1.0),))
    return phrases


def _key(phrase: str, functions: Container[str] = frozenset()) -> str:
    """The words of a phrase, folded but for function words with an accent."""
    words = [(word.folded, word.surface.lower()) for word in find_words(phrase)]
    return " ".join(written if written != folded and written in functions else folded for folded, written in words)


def add_phrases(forms: dict[str, Entry], phrases: Mapping[str, tuple[Sense, ...]]) -> None:
    """Put phrases over single words: each has an entry of its own, and its first word says that it begins one."""
    for key, senses in phrases.items():
        words = key.split(" ")
        start = fold(words[0])
        first = forms.get(start, Entry(()))
        if len(words) == 1:
            forms[key] = Entry(senses, longest=first.longest, follow=first.follow)
            continue
        forms[key] = Entry(senses)
        longest, follow = max(first.longest, len(words)), first.follow | {fold(words[1])}
        forms[start] = Entry(first.senses, first.function, first.verb_form, longest, follow)


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


def _regular_pasts(lemmas: Mapping[str, Sequence[LexiconLine]]) -> Iterator[tuple[str, str]]:
    """(form, lemma) of the regular past of each verb in the third person: simplemma lacks a few ("presidió", "entraba")."""
    for lemma, lines in lemmas.items():
        if any(line.pos == "v" for line in lines):
            for ending in _REGULAR_ENDINGS.get(lemma[-2:], ()):
                yield lemma[:-2] + ending, lemma


def _plural(form: str) -> str:
    if form[-1] in "aeiou":
        return form + "s"
    return form[:-1] + "ces" if form.endswith("z") else form + "es"


def _add_feminine(forms: dict[str, Entry], masculine: str) -> None:
    """The feminine forms of an adjective in -o, where no other word has them."""
    for ending in ("a", "as"):
        forms.setdefault(masculine[:-1] + ending, forms[masculine])


def _merge_senses(lines: Sequence[LexiconLine]) -> tuple[str, ...]:
    """At most four senses of a word: the first of each of its lines, then the others."""
    senses = [sense for line in lines for sense in line.english[:1]] + [sense for line in lines for sense in line.english[1:]]
    return tuple(dict.fromkeys(senses))[:4]


def word_forms(folder: Path) -> dict[str, Entry]:
    """Form -> entry of single words; forms are folded where the accent tells nothing. Raises BadData for a malformed line."""
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

    inflected: dict[str, Entry] = {}
    for lemma, lines in by_lemma.items():
        forms[lemma] = Entry(weigh(_merge_senses(lines)))
        verbs_first = sorted(lines, key=lambda line: line.pos != "v")
        inflected[lemma] = Entry(weigh(_merge_senses(verbs_first)), verb_form=all(line.pos == "v" for line in lines))
    # Before the verbs: "visas" are more of a visa than endorsed, and "expuesta" is to "expuesto" what that is to itself.
    for lemma, lines in by_lemma.items():
        kinds = {line.pos for line in lines}
        if kinds & {"n", "adj"} and len(lemma) > 2:
            forms.setdefault(_plural(lemma), forms[lemma])
        accented = any(line.pos == "adj" and line.spanish != lemma for line in lines)  # "específica", not "especifica"
        if lemma.endswith("o") and "adj" in kinds and (accented or lemma.endswith(_PARTICIPLES)):
            _add_feminine(forms, lemma)
    for written, lemma in chain(_inflections(by_lemma), _regular_pasts(by_lemma)):
        form = fold_once(written)
        if form not in by_lemma and form not in functions:
            forms.setdefault(form, inflected[lemma])
        elif form != lemma and written != form and not any(line.spanish == written for line in by_lemma.get(form, ())):
            forms.setdefault(written, inflected[lemma])  # the accent tells "fundó" from "fundo", "bajó" from "bajo"
        elif form != lemma and written in {line.spanish for line in by_lemma.get(form, ())} and by_lemma[lemma][0].pos == "v":
            # "cuesta" is a slope and "costs": the headword first, then the verb.
            senses = [*_merge_senses(by_lemma[form])[:2], *_merge_senses(by_lemma[lemma])]
            forms[form] = Entry(weigh(list(dict.fromkeys(senses))[:4]))
    for lemma, lines in by_lemma.items():
        if lemma.endswith("o") and any(line.pos == "adj" for line in lines):
            _add_feminine(forms, lemma)
    for form, line in functions.items():
        forms[form] = Entry(weigh(line.english), function=True)
    english = {word.folded for lines in by_lemma.values() for line in lines for s in line.english for word in find_words(s)}
    _apply_weights(forms, _read_weights(folder / "weights.tsv"), english | ENGLISH_STOP_WORDS)
    return forms


def _read_weights(path: Path) -> dict[str, list[Sense]]:
    """Translation weights learnt from parallel text: folded Spanish form -> English stems with probability."""
    weights: dict[str, list[Sense]] = {}
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            spanish, _, pairs = line.partition("\t")
            if pairs and not line.startswith("#"):
                weights[spanish] = [Sense(e, float(p)) for e, _, p in (pair.rpartition(":") for pair in pairs.split(" "))]
    return weights


def _apply_weights(forms: dict[str, Entry], weights: dict[str, list[Sense]], english: Container[str]) -> None:
    """Reorder and weigh senses by what parallel text shows; fill gaps for words that the lexicon lacks.

    `english` are folded English words: one that stands in a Spanish text, as in a title, is no gap; nor does Spanish fill one.
    """
    for form, learnt in weights.items():
        entry = forms.get(form)
        if entry is not None and entry.function:
            continue
        if entry is None:
            likeliest = learnt[0].english
            if form in english or (likeliest in weights and likeliest not in english) or learnt[0].weight < 0.3:
                continue
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
