"""Spanish into English word by word, with the project's own lexicon: for finding, never for showing."""

import hashlib
import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import BadData
from corpus.mapped import map_array, map_bytes
from corpus.numerals import roman
from corpus.records import Lang
from corpus.words import Word, find_words, fold

_ARRAYS, _BYTES = ("forms.npy", "entries.npy", "entry_offsets.npy"), "entries.bin"

# Endings of learned words that both languages share. A cognate counts only if it is a known English word.
_COGNATES = (
    ("aciones", "ations"), ("acion", "ation"), ("ciones", "tions"), ("cion", "tion"), ("siones", "sions"),
    ("sion", "sion"), ("idades", "ities"), ("idad", "ity"), ("edad", "ety"), ("mente", "ly"), ("amente", "ly"),
    ("almente", "ally"), ("ismo", "ism"), ("istas", "ists"), ("ista", "ist"), ("icos", "ic"), ("icas", "ic"),
    ("ico", "ic"), ("ica", "ic"), ("ico", "ical"), ("ica", "ical"), ("ia", "y"), ("ias", "ies"), ("encia", "ence"),
    ("encias", "ences"), ("encia", "ency"), ("ancia", "ance"), ("ancias", "ances"), ("ario", "ary"),
    ("arios", "aries"), ("aria", "ary"), ("orio", "ory"), ("oria", "ory"), ("ivo", "ive"), ("iva", "ive"),
    ("ivos", "ive"), ("ivas", "ive"), ("oso", "ous"), ("osa", "ous"), ("osos", "ous"), ("osas", "ous"),
    ("able", "able"), ("ible", "ible"), ("ables", "able"), ("ibles", "ible"), ("ados", "ated"), ("ado", "ated"),
    ("ada", "ated"), ("adas", "ated"), ("ar", "ate"), ("izar", "ize"), ("ificar", "ify"), ("al", "al"),
    ("ales", "al"), ("ente", "ent"), ("entes", "ents"), ("ante", "ant"), ("antes", "ants"), ("o", ""), ("a", ""),
    ("e", ""), ("os", "s"), ("as", "s"), ("es", "s"), ("o", "e"), ("a", "e"), ("", ""),
)  # fmt: skip
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_CLITICS = re.compile(r"(?:me|te|se|nos|os|les?|los?|las?){1,2}$")


@dataclass(frozen=True, slots=True)
class Sense:
    """An English word or phrase for a Spanish word; the weights of one word's senses add up to 1."""

    english: str
    weight: float


@dataclass(frozen=True, slots=True)
class Entry:
    """What a Spanish form stands for. `function` words belong in running text, not among search terms."""

    senses: tuple[Sense, ...]
    function: bool = False
    verb_form: bool = False  # an inflected verb: as a capitalised word inside a sentence it is rather a name
    longest: int = 1  # words of the longest phrase that begins with this form
    follow: frozenset[str] = frozenset()  # the second words of these phrases


def form_hash(form: str) -> int:
    """64 bits of a folded form; the compiled lexicon holds these instead of the forms."""
    return int.from_bytes(hashlib.blake2b(form.encode(), digest_size=8).digest(), "big")


def pack_forms(forms: Mapping[str, Entry]) -> dict[str, NDArray[Any]]:
    """The compiled lexicon as arrays, by the name of their file: sorted hashes of forms (n,) uint64, the number of each
    form's entry (n,) uint32, where the entries begin (m + 1,) int64, and the entries one after the other, uint8."""
    packed: dict[str, int] = {}
    numbers: dict[int, int] = {}  # the forms of a word share its entry: each is written out once
    entries = np.empty(len(forms), dtype=np.uint32)
    for row, entry in enumerate(forms.values()):
        number = numbers.get(id(entry))
        if number is None:
            number = numbers[id(entry)] = packed.setdefault(_record(entry), len(packed))
        entries[row] = number
    hashes = _hashes(forms)
    order = np.lexsort((entries, hashes))
    encoded = [record.encode() for record in packed]
    return {
        "forms.npy": hashes[order],
        "entries.npy": entries[order],
        "entry_offsets.npy": np.cumsum([0, *map(len, encoded)], dtype=np.int64),
        "entries.bin": np.frombuffer(b"".join(encoded), dtype=np.uint8),
    }


class Forms:
    """What was packed, in memory or mapped. Raises BadData where the entries are not as long as they were packed."""

    def __init__(self, packed: Mapping[str, NDArray[Any]]) -> None:
        # As views: one number of an array costs several times what it costs here.
        self._forms, self._entries = packed["forms.npy"].data, packed["entries.npy"].data
        self._offsets, self._blob = packed["entry_offsets.npy"].data, packed["entries.bin"].data
        if len(self._blob) != self._offsets[-1]:
            raise BadData("entries.bin is not as long as it was written")

    def find(self, form: str) -> bytes | None:
        """The entry of a form, as it was packed."""
        wanted = form_hash(form)
        at = bisect_left(self._forms, wanted)
        if at == len(self._forms) or self._forms[at] != wanted:
            return None
        number = self._entries[at]
        return self._blob[self._offsets[number] : self._offsets[number + 1]].tobytes()

    def entry(self, form: str) -> Entry | None:
        """What a folded form or phrase (words with one space between) stands for; None for an unknown one."""
        record = self.find(form)
        if record is None:
            return None
        senses, function, verb, longest, follow = json.loads(record)
        return Entry(tuple(Sense(e, w) for e, w in senses), bool(function), bool(verb), longest, frozenset(follow))


def replace_forms(packed: Mapping[str, NDArray[Any]], forms: Mapping[str, Entry]) -> dict[str, NDArray[Any]]:
    """What was packed, with other entries for these forms."""
    more = pack_forms(forms)
    kept = ~np.isin(packed["forms.npy"], more["forms.npy"])
    hashes = np.concatenate((packed["forms.npy"][kept], more["forms.npy"]))
    before = np.uint32(len(packed["entry_offsets.npy"]) - 1)
    entries = np.concatenate((packed["entries.npy"][kept], more["entries.npy"] + before))
    order = np.argsort(hashes)
    return {
        "forms.npy": hashes[order],
        "entries.npy": entries[order],
        "entry_offsets.npy": np.concatenate(
            (packed["entry_offsets.npy"], packed["entry_offsets.npy"][-1] + more["entry_offsets.npy"][1:])
        ),
        "entries.bin": np.concatenate((packed["entries.bin"], more["entries.bin"])),
    }


def write_gloss(folder: Path, lexicon: Mapping[str, NDArray[Any]], vocabulary: Iterable[str]) -> None:
    """Write the compiled lexicon and the English words known to the model."""
    folder.mkdir(parents=True)
    for name, array in lexicon.items():
        if name.endswith(".npy"):
            np.save(folder / name, array)
        else:
            array.tofile(folder / name)
    np.save(folder / "vocabulary.npy", np.sort(_hashes(set(vocabulary))))


def _record(entry: Entry) -> str:
    return _ENCODER.encode(
        [
            [[s.english, round(s.weight, 3)] for s in entry.senses],
            int(entry.function),
            int(entry.verb_form),
            entry.longest,
            sorted(entry.follow),
        ]
    )


def _hashes(forms: Iterable[str]) -> NDArray[np.uint64]:
    """(n,) `form_hash` of each form, in order."""
    digests = b"".join(hashlib.blake2b(form.encode(), digest_size=8).digest() for form in forms)
    return np.frombuffer(digests, dtype=">u8").astype(np.uint64)


class Gloss:
    """The compiled lexicon, opened without reading it."""

    def __init__(self, folder: Path) -> None:
        try:
            self._forms = Forms({name: map_array(folder / name) for name in _ARRAYS} | {_BYTES: map_bytes(folder / _BYTES)})
        except BadData as error:
            raise BadData(f"{folder}: {error}; run `rcm-qa build --force`") from None
        self._vocabulary = map_array(folder / "vocabulary.npy").data
        self._known: dict[str, Entry | None] = {}
        self._resolved: dict[str, Entry | None] = {}
        # Words that mean the same wherever they stand, unless they begin a phrase: second words of these, own senses.
        self._alone: dict[str, tuple[frozenset[str], tuple[Sense, ...]]] = {}
        self._english: dict[str, bool] = {}

    def entry(self, form: str) -> Entry | None:
        """What a folded form or phrase (words with one space between) stands for; None for an unknown one."""
        try:
            return self._known[form]
        except KeyError:
            pass
        entry = self._forms.entry(form)
        if len(self._known) > 200_000:
            self._known.clear()
        self._known[form] = entry
        return entry

    def is_english(self, word: str) -> bool:
        """Whether a folded word is an English word known to the model."""
        return self._is_english(word)

    def _is_english(self, word: str) -> bool:
        try:
            return self._english[word]
        except KeyError:
            pass
        wanted = form_hash(word)
        at = bisect_left(self._vocabulary, wanted)
        known = at < len(self._vocabulary) and self._vocabulary[at] == wanted
        if len(self._english) > 50_000:
            self._english.clear()
        self._english[word] = known
        return known

    def resolve(self, form: str) -> Entry | None:
        """The entry of a form: as it stands, without clitics or a diminutive ending, or as a cognate."""
        entry = self.entry(form)
        if entry is not None or len(form) < 4 or not form.isalpha():
            return entry
        try:
            return self._resolved[form]
        except KeyError:
            pass
        for bare in _without_clitics(form):
            entry = self.entry(bare)
            if entry is not None and entry.senses:
                break
        else:
            entry = self._cognate(form)
        if len(self._resolved) > 50_000:
            self._resolved.clear()
        self._resolved[form] = entry
        return entry

    def _cognate(self, form: str) -> Entry | None:
        if self._is_english(form):
            return None  # an English word, or a name of both languages
        for spanish, english in _COGNATES:
            if form.endswith(spanish) and len(form) - len(spanish) >= 3:
                for stem in _respell(form[: len(form) - len(spanish)]):
                    if self._is_english(stem + english):
                        return Entry((Sense(stem + english, 1.0),))
        return None

    def _written(self, word: Word) -> str:
        """A word as phrases hold it: folded, but a function word keeps its accent ("para qué", "para que")."""
        if not word.surface.isascii():
            accented = self.entry(word.surface.lower())
            if accented is not None and accented.function:
                return word.surface.lower()
        return word.folded

    def senses(self, words: Sequence[Word], at: int) -> tuple[int, tuple[Sense, ...]]:
        """(how many words from `at` on are one unit, its senses, best first); no senses for an unknown word or a name."""
        return self._senses(words, at)

    def _senses(self, words: Sequence[Word], at: int) -> tuple[int, tuple[Sense, ...]]:
        word = words[at]
        alone = self._alone.get(word.surface)
        if alone is not None:
            follow, senses = alone
            if not follow or at + 1 == len(words) or words[at + 1].folded not in follow:
                return 1, senses
        if len(word.surface) > 1 and roman(word.surface) is not None:
            return 1, ()  # the number of a meeting: "VI" is nothing seen
        entry = self.entry(word.folded)
        if entry is not None and at + 1 < len(words) and words[at + 1].folded in entry.follow:
            stretch = [self._written(w) for w in words[at : at + entry.longest]]
            for length in range(len(stretch), 1, -1):
                phrase = self.entry(" ".join(stretch[:length]))
                if phrase is not None and phrase.senses:
                    return length, phrase.senses
        follow = entry.follow if entry else frozenset()
        if not word.surface.isascii():
            accented = self.entry(word.surface.lower())
            if accented is not None and (accented.function or accented.senses):
                return 1, self._remember(word, follow, accented.senses)
        resolved = self.resolve(word.folded)
        senses = resolved.senses if resolved else ()
        if senses and word.surface[:1].isupper() and (entry is None or entry.verb_form):
            inside = at > 0 and words[at - 1].end + 2 > word.start
            return 1, () if inside else senses  # a capital inside a sentence: rather a name
        return 1, self._remember(word, follow, senses)

    def _remember(self, word: Word, follow: frozenset[str], senses: tuple[Sense, ...]) -> tuple[Sense, ...]:
        """The senses of a word that means the same wherever it stands, unless one of `follow` comes after it."""
        if len(self._alone) > 50_000:
            self._alone.clear()
        self._alone[word.surface] = follow, senses
        return senses

    def units(self, words: Sequence[Word]) -> list[tuple[int, int, tuple[Sense, ...]]]:
        """(first word, how many words, senses) of every unit of a Spanish text in order; no senses for what stays as it is."""
        units: list[tuple[int, int, tuple[Sense, ...]]] = []
        at = 0
        while at < len(words):
            length, senses = self._senses(words, at)
            units.append((at, length, senses))
            at += length
        return units

    def gloss_words(self, text: str) -> list[tuple[int, int, tuple[Sense, ...]]]:
        """(start, end, senses) of every unit of a Spanish text in order; no senses where the word stays as it is."""
        words = find_words(text)
        return [(words[at].start, words[at + length - 1].end, senses) for at, length, senses in self.units(words)]

    def gloss_text(self, text: str, lang: Lang) -> str:
        """A Spanish text with each word or phrase in its likeliest English; an English text as it stands."""
        if lang != "es":
            return text
        parts: list[str] = []
        end = 0
        for start, stop, senses in self.gloss_words(text):
            gap = text[end:start].replace("¿", "").replace("¡", "")
            parts.append(gap)
            parts.append(senses[0].english if senses else text[start:stop])
            end = stop
        parts.append(text[end:])
        return re.sub(r" {2,}", " ", "".join(parts)).strip()


class AskedGloss(Gloss):
    """A gloss that notes what it is asked: work that asked only this is the same wherever the answers are the same.

    The answers depend on the whole collection, by its names and its English words.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked: set[str] = set()  # words as they are written; after a space, folded words that may be English
        self._answers = _Answers(self)

    def senses(self, words: Sequence[Word], at: int) -> tuple[int, tuple[Sense, ...]]:
        """What `Gloss.senses` says. Phrases need no note: they come from the lexicon alone, not from the collection."""
        self.asked.add(words[at].surface)
        return super().senses(words, at)

    def units(self, words: Sequence[Word]) -> list[tuple[int, int, tuple[Sense, ...]]]:
        """What `Gloss.units` says."""
        units = super().units(words)
        self.asked.update([words[at].surface for at, _, _ in units])
        return units

    def is_english(self, word: str) -> bool:
        """What `Gloss.is_english` says."""
        self.asked.add(" " + word)
        return super().is_english(word)

    def answers(self, asked: Iterable[str]) -> bytes:
        """Hash of all that the gloss says to what was asked, in this order."""
        return hashlib.sha256(b"\n".join(map(self._answers.__getitem__, asked))).digest()

    def answer(self, question: str) -> bytes:
        """All that the gloss says to one question."""
        if question[0] == " ":
            return b"1" if self._is_english(question[1:]) else b"0"
        accented = b"" if question.isascii() else self._forms.find(question.lower()) or b""
        folded = fold(question)
        record = self._forms.find(folded)
        if record is None and (resolved := self.resolve(folded)) is not None:
            record = b"~" + _record(resolved).encode()
        return accented + b"|" + (record or b"")


class _Answers(dict[str, bytes]):
    """What a gloss answers, worked out when it is first asked: nearly every word stands in many documents."""

    def __init__(self, gloss: AskedGloss) -> None:
        self._gloss = gloss

    def __missing__(self, question: str) -> bytes:
        self[question] = self._gloss.answer(question)
        return self[question]


def _without_clitics(form: str) -> Iterable[str]:
    """The form without enclitic pronouns ("protegerlos"), or without a diminutive or superlative ending."""
    match = _CLITICS.search(form)
    if match:
        bare = form[: match.start()]
        if re.search(r"(?:[aei]r|[ae]ndo|iendo|[aei]d?)$", bare) and len(bare) >= 4:
            yield bare
    for ending, replacements in (
        ("itos", ("o", "os", "")), ("itas", ("a", "as", "")), ("ito", ("o", "")), ("ita", ("a", "")),
        ("isimo", ("o", "e", "")), ("isima", ("a", "e", "")), ("isimos", ("o", "e")), ("isimas", ("a", "e")),
        ("mente", ("", "o")),
    ):  # fmt: skip
        if form.endswith(ending) and len(form) - len(ending) >= 3:
            for replacement in replacements:
                yield form[: len(form) - len(ending)] + replacement
    for prefix in ("re", "pre", "co", "ex", "anti", "sub", "inter", "multi", "inter", "contra", "auto", "super", "vice"):
        if form.startswith(prefix) and len(form) - len(prefix) >= 5:
            yield form[len(prefix) :]
            return


def _respell(stem: str) -> Iterable[str]:
    """English spellings of a Spanish stem: f for ph, t for th, c for ch, single for double letters."""
    yield stem
    for spanish, english in (("f", "ph"), ("t", "th"), ("c", "ch"), ("i", "y"), ("cu", "qu"), ("c", "cc"), ("s", "ss"),
                             ("m", "mm"), ("n", "nn"), ("p", "pp"), ("l", "ll"), ("t", "tt"), ("r", "rr"), ("z", "c"), ("x", "xc")):  # fmt: skip
        if spanish in stem:
            yield stem.replace(spanish, english, 1)
    if stem.startswith("es"):
        yield stem[1:]
