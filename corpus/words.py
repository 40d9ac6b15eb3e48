"""Words of a text with their places, folded (case and accents gone, ñ kept), and the function words of both languages."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_SHORT, _LONG = 300, 2000  # characters
_SENTENCE_START = re.compile(r"[.!?:\n•|]\s?$")
_WORD = re.compile(r"(?:[A-Z]\.){2,}|\d+(?:[.,]\d+)+|[^\W_]+(?:['’][^\W_]+)*")


class Word(NamedTuple):
    """A word where it stands in a text: `text[start:end] == surface`. Made by the hundred for each question, so a tuple."""

    surface: str
    folded: str
    start: int
    end: int


# Letters of the two languages, and what is left of each; whatever else has an accent is taken apart by Unicode's rules.
_PLAIN = str.maketrans("áéíóúüàèìòùâêîôûäëïöãõç’", "aeiouuaeiouaeiouaeioaoc'")


def fold_once(word: str) -> str:
    """What `fold` gives, not kept: for the many forms that are seen once."""
    if word.isascii():
        folded = word.lower()
    else:
        folded = word.casefold().translate(_PLAIN)
        if not folded.replace("ñ", "n").isascii():
            pieces = unicodedata.normalize("NFD", folded.replace("ñ", "\0"))
            folded = "".join(c for c in pieces if not unicodedata.combining(c)).replace("\0", "ñ")
    if folded[:1].isdigit():
        return folded.replace(",", "").replace(".", "")
    if folded.endswith("'s"):
        folded = folded[:-2]
    return folded.replace(".", "").replace("'", "")


@lru_cache(maxsize=65_536)
def fold(word: str) -> str:
    """Lower case without accents, ñ kept: "Migración" -> "migracion", "Año" -> "año"; "1,190" -> "1190"."""
    return fold_once(word)


def find_words(text: str) -> list[Word]:
    """The words of a text in order."""
    if len(text) > _LONG:
        return _words_of(text)
    return list(_words_of_short(text) if len(text) <= _SHORT else _words_of_passage(text))


def folded_words(text: str) -> list[str]:
    """The words of a text in order, folded; where their places do not matter, in a third of the time."""
    return [fold(surface) for surface in _WORD.findall(text)]


def _words_of(text: str) -> list[Word]:
    # A named tuple's own constructor takes longer than all else here.
    return [tuple.__new__(Word, (surface := m.group(), fold(surface), m.start(), m.end())) for m in _WORD.finditer(text)]


@lru_cache(maxsize=128)
def _words_of_short(text: str) -> tuple[Word, ...]:
    """The same, kept: every step of an answer asks for the words of the same question."""
    return tuple(_words_of(text))


@lru_cache(maxsize=16)
def _words_of_passage(text: str) -> tuple[Word, ...]:
    """The same for longer texts: the passages of a document are analysed for each field in turn."""
    return tuple(_words_of(text))


@dataclass(frozen=True, slots=True)
class WordCounts:
    """How often each word occurs, as it is written."""

    words: list[str]
    counts: NDArray[np.int64]  # (words, 3): in titles, in texts, in texts inside a sentence with a capital and small letters


def count_words(title: str, text: str) -> WordCounts:
    """The words of one document."""
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for match in _WORD.finditer(title):
        counts[match.group()][0] += 1
    for match in _WORD.finditer(text):
        surface = match.group()
        found = counts[surface]
        found[1] += 1
        if surface[0].isupper() and (start := match.start()) and not surface.isupper():
            found[2] += not _SENTENCE_START.search(text, max(0, start - 2), start)
    return WordCounts(list(counts), np.array(list(counts.values()), dtype=np.int64).reshape(-1, 3))


def add_counts(parts: Iterable[WordCounts]) -> WordCounts:
    """The words of several documents together."""
    ids: defaultdict[str, int] = defaultdict()
    ids.default_factory = ids.__len__
    numbers = [np.empty(0, np.int64)]
    counts = [np.empty((0, 3), np.int64)]
    for part in parts:
        numbers.append(np.fromiter(map(ids.__getitem__, part.words), np.int64, len(part.words)))
        counts.append(part.counts)
    rows, values = np.concatenate(numbers), np.concatenate(counts)
    columns = [np.bincount(rows, values[:, column], len(ids)) for column in range(3)]
    return WordCounts(list(ids), np.stack(columns, axis=1).astype(np.int64))


ENGLISH_STOP_WORDS = frozenset(
    """a an the of and or in on at to from by for with without into onto upon about as is are was were be been being am
    do does did done doing have has had having can could will would shall should may might must not no nor so than then
    that this these those there here it its itself he him his she her hers they them their theirs we us our ours you
    your yours i me my mine who whom whose which what when where why how if but because while during until unless also
    too very just only own same such both each other another any some all more most many much few several between
    through out up down off over under again once per via among across within tell give list name show please let
    happen happens happened located situated vs versus
    s t d ll re ve m did doesnt didnt dont isnt wasnt werent arent hasnt havent hadnt wont wouldnt couldnt shouldnt cant
    cannot""".split()
)
SPANISH_STOP_WORDS = frozenset(
    """el la los las lo un una unos unas al del de a ante bajo con contra desde durante en entre hacia hasta mediante
    para por segun sin so sobre tras y e o u ni que si no pero mas sino aunque porque pues como cuando donde quien quienes
    cual cuales cuanto cuanta cuantos cuantas cuyo cuya cuyos cuyas este esta estos estas esto ese esa esos esas eso
    aquel aquella aquellos aquellas aquello yo tu el ella ello nosotros nosotras vosotros ellos ellas usted ustedes me te
    se nos os le les mi mis su sus tus nuestro nuestra nuestros nuestras suyo suya ser es son era eran fue fueron sea sean
    sido siendo soy eres somos sera seran seria serian estar esta estan estaba estaban estuvo estado haber ha han hay habia
    habian hubo hayan haya he hemos muy tambien ya mas menos tan tanto todo toda todos todas otro otra otros otras mismo
    misma mismos mismas cada algun alguna algunos algunas ningun ninguna uno asi aqui alli entonces ademas dime diga
    lista nombre muestra favor qué
    has habias habiamos hube hubimos hubieron habra habre habremos habran habria habriamos habrian hubiera hubieramos
    hubieran hubiese hubiesen hayas hayamos habiendo habido eras eramos fuimos fui sere seremos seriamos seas seamos
    fuese fuesen fueran estabamos estuvimos estuve estare estara estaremos estaran estaria estariamos estarian estemos
    estuviera estuvieran estuviese estuviesen estando puedo puedes puede podemos pueden pueda puedas podamos puedan
    podre podra podremos podran podia podiamos podian pude pudo pudimos pudieron podria podriamos podrian pudiera
    pudieramos pudieran pudiese pudiesen pudiendo debo debe debemos deben deba debamos deban debera deberemos deberan
    debia debiamos debian debio debieron deberia deberiamos deberian debiera debieramos debieran debiese debiesen""".split()
)
STOP_WORDS_OF_EITHER = ENGLISH_STOP_WORDS | SPANISH_STOP_WORDS
