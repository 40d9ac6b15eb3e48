"""Spanish into English word by word, with the project's own lexicon: for finding, never for showing."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import BadData
from corpus.mapped import map_array, map_bytes
from corpus.records import Lang
from corpus.words import Word, find_words

_FILES = ("forms.npy", "entries.npy", "entry_offsets.npy", "entries.bin", "vocabulary.npy")

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
        [[[s.english, round(s.weight, 3)] for s in entry.senses], int(entry.function), int(entry.verb_form), entry.longest]
    )


def _hashes(forms: Iterable[str]) -> NDArray[np.uint64]:
    """(n,) `form_hash` of each form, in order."""
    digests = b"".join(hashlib.blake2b(form.encode(), digest_size=8).digest() for form in forms)
    return np.frombuffer(digests, dtype=">u8").astype(np.uint64)


class Gloss:
    """The compiled lexicon, opened without reading it."""

    def __init__(self, folder: Path) -> None:
        self._forms = map_array(folder / "forms.npy")
        self._entries = map_array(folder / "entries.npy")
        self._offsets = map_array(folder / "entry_offsets.npy")
        self._blob = map_bytes(folder / "entries.bin")
        if len(self._blob) != self._offsets[-1]:
            raise BadData(f"entries.bin in {folder} is not as long as it was written; run `rcm-qa build --force`")
        self._vocabulary = map_array(folder / "vocabulary.npy")
        self._known: dict[str, Entry | None] = {}

    def entry(self, form: str) -> Entry | None:
        """What a folded form or phrase (words with one space between) stands for; None for an unknown one."""
        try:
            return self._known[form]
        except KeyError:
            pass
        wanted = np.uint64(form_hash(form))
        at = int(self._forms.searchsorted(wanted))
        entry: Entry | None = None
        if at < len(self._forms) and self._forms[at] == wanted:
            number = int(self._entries[at])
            senses, function, verb, longest = json.loads(self._blob[self._offsets[number] : self._offsets[number + 1]].tobytes())
            entry = Entry(tuple(Sense(e, w) for e, w in senses), bool(function), bool(verb), longest)
        if len(self._known) > 200_000:
            self._known.clear()
        self._known[form] = entry
        return entry

    def is_english(self, word: str) -> bool:
        """Whether a folded word is an English word known to the model."""
        wanted = np.uint64(form_hash(word))
        at = int(self._vocabulary.searchsorted(wanted))
        return at < len(self._vocabulary) and bool(self._vocabulary[at] == wanted)

    def resolve(self, form: str) -> Entry | None:
        """The entry of a form: as it stands, without clitics or a diminutive ending, or as a cognate."""
        entry = self.entry(form)
        if entry is not None or len(form) < 4 or not form.isalpha():
            return entry
        for bare in _without_clitics(form):
            entry = self.entry(bare)
            if entry is not None and entry.senses:
                break
        else:
            entry = self._cognate(form)
        self._known[form] = entry
        return entry

    def _cognate(self, form: str) -> Entry | None:
        if self.is_english(form):
            return None  # an English word, or a name of both languages
        for spanish, english in _COGNATES:
            if form.endswith(spanish) and len(form) - len(spanish) >= 3:
                for stem in _respell(form[: len(form) - len(spanish)]):
                    if self.is_english(stem + english):
                        return Entry((Sense(stem + english, 1.0),))
        return None

    def _begins_phrase(self, form: str) -> bool:
        entry = self.entry(form)
        return entry is not None and entry.longest > 1

    def senses(self, words: Sequence[Word], at: int) -> tuple[int, tuple[Sense, ...]]:
        """(how many words from `at` on are one unit, its senses, best first); no senses for an unknown word or a name."""
        word = words[at]
        if not word.surface.isascii():
            accented = self.entry(word.surface.lower())
            if accented is not None and (accented.function or (accented.senses and not self._begins_phrase(word.folded))):
                return 1, accented.senses
        entry = self.entry(word.folded)
        longest = entry.longest if entry else 1
        found: tuple[int, tuple[Sense, ...]] | None = None
        run = word.folded
        known = self._known
        for length in range(2, min(longest, len(words) - at) + 1):
            run = f"{run} {words[at + length - 1].folded}"
            phrase = known[run] if run in known else self.entry(run)
            if phrase is not None and phrase.senses:
                found = length, phrase.senses
        if found:
            return found  # the longest
        capitalised = at > 0 and word.surface[:1].isupper() and words[at - 1].end + 2 > word.start
        if capitalised and (entry is None or not entry.senses or entry.verb_form):
            return 1, ()
        entry = self.resolve(word.folded)
        return 1, entry.senses if entry else ()

    def gloss_words(self, text: str) -> list[tuple[int, int, tuple[Sense, ...]]]:
        """(start, end, senses) of every unit of a Spanish text in order; no senses where the word stays as it is."""
        words = find_words(text)
        units: list[tuple[int, int, tuple[Sense, ...]]] = []
        at = 0
        while at < len(words):
            length, senses = self.senses(words, at)
            units.append((words[at].start, words[at + length - 1].end, senses))
            at += length
        return units

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
