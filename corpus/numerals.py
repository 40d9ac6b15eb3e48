"""Ordinals as meetings are numbered: XV, 15th, fifteenth, decimoquinta, 15.ª; all become one number."""

import re

from corpus.words import find_words

_EN_UNITS = "first second third fourth fifth sixth seventh eighth ninth".split()
_EN_TEENS = "tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth".split()
_EN_TENS = {20: "twentieth", 30: "thirtieth", 40: "fortieth"}
_EN_TENS_STEM = {20: "twenty", 30: "thirty", 40: "forty"}
_ES_UNITS = ["primer", "segund", "tercer", "cuart", "quint", "sext", "septim", "octav", "noven"]
_ES_TENS = {10: "decim", 20: "vigesim", 30: "trigesim", 40: "cuadragesim"}
_SUFFIXED = re.compile(r"(\d{1,2})(?:st|nd|rd|th|er|ra|ro|da|do|ta|to|va|vo|na|no|ma|mo|a|o|ª|º)")


def _spelled() -> dict[str, int]:
    words: dict[str, int] = {}
    for number, word in enumerate(_EN_UNITS + _EN_TEENS, start=1):
        words[word] = number
    for tens, word in _EN_TENS.items():
        words[word] = tens
        for number, unit in enumerate(_EN_UNITS, start=1):
            words[_EN_TENS_STEM[tens] + unit] = tens + number
    for ending in "oa":
        for number, stem in enumerate(_ES_UNITS, start=1):
            words[stem + ending] = number
        words["onceav" + ending] = words["undecim" + ending] = 11
        words["doceav" + ending] = words["duodecim" + ending] = 12
        for tens, stem in _ES_TENS.items():
            words[stem + ending] = tens
            for number, unit in enumerate(_ES_UNITS, start=1):
                for joint in (stem + "o", stem + ending):
                    words[joint + unit + ending] = tens + number
    words["primer"] = 1
    words["tercer"] = 3
    words["decimotercer"] = 13
    words["vigesimoprimer"] = 21
    words["vigesimotercer"] = 23
    return words


ORDINAL_WORDS: dict[str, int] = _spelled()
# These are ordinary words far more often than numbers of meetings.
_COMMON = frozenset({"second", "segundo", "segunda", "quarter", "cuarto", "octavo", "quinta", "cuarta", "tercera", "tercero"})
_ES_TENS_WORDS = {stem + ending: tens for tens, stem in _ES_TENS.items() for ending in "oa"}
_EN_TENS_WORDS = {word: tens for tens, word in _EN_TENS_STEM.items()}
_SPELT = frozenset((*ORDINAL_WORDS, *_ES_TENS_WORDS, *_EN_TENS_WORDS))
_LONGEST_QUESTION = 24  # words; in longer texts "xv" in small letters is no number
_UNITS = {w: n for n, w in enumerate(_EN_UNITS, 1)} | {s + e: n for n, s in enumerate(_ES_UNITS, 1) for e in ("o", "a")}


def _spell_roman() -> dict[str, int]:
    tens, units = ("", "X", "XX", "XXX", "XL"), ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
    return {ten + unit: 10 * n + m for n, ten in enumerate(tens) for m, unit in enumerate(units) if ten or unit}


_ROMAN = _spell_roman()
# As questions write them, "xv reunion"; single letters and "xi" are hardly ever meant so.
_SMALL_ROMAN = {token.lower(): number for token, number in _ROMAN.items() if len(token) > 1 and token != "XI"}


def roman(token: str) -> int | None:
    """The value of a Roman numeral in capitals from I to XLIX; None for any other token."""
    return _ROMAN.get(token)


def to_roman(number: int) -> str | None:
    """A number from 1 to 49 as a Roman numeral; None for any other."""
    return next((token for token, value in _ROMAN.items() if value == number), None)


def find_ordinals(tokens: list[str], folded: list[str]) -> list[tuple[int, int, int]]:
    """(first token, token after the last, number) of each ordinal; `folded` is the tokens without case and accents."""
    found: list[tuple[int, int, int]] = []
    short = len(tokens) <= _LONGEST_QUESTION
    at = 0
    while at < len(tokens):
        token, plain = tokens[at], folded[at]
        if not (plain in _SPELT or token in _ROMAN or plain[:1].isdigit() or (short and plain in _SMALL_ROMAN)):
            at += 1  # nearly every word
            continue
        following = folded[at + 1] if at + 1 < len(tokens) else ""
        value: int | None = None
        length = 1
        if (tens := _ES_TENS_WORDS.get(plain) or _EN_TENS_WORDS.get(plain)) and following in _UNITS:
            value, length = tens + _UNITS[following], 2
        elif plain in ORDINAL_WORDS:
            value = ORDINAL_WORDS[plain]
        elif plain[:1].isdigit() and (match := _SUFFIXED.fullmatch(plain)):
            value = int(match[1])
        elif following in ("ª", "º") and re.fullmatch(r"\d{1,2}", plain):
            value, length = int(plain), 2  # "15.ª", where the stop parts the words
        elif number := _ROMAN.get(token):
            upper_follows = at + 1 < len(tokens) and tokens[at + 1][:1].isupper()
            if len(token) > 1 or upper_follows:
                value = number
        elif short:
            value = _SMALL_ROMAN.get(plain)
        if value is not None:
            found.append((at, at + length, value))
        at += length
    return found


def ordinals_in(text: str) -> set[int]:
    """The numbers of the ordinals of a text: XV, 15th, fifteenth, decimoquinta."""
    words = find_words(text)
    return {number for _, _, number in find_ordinals([word.surface for word in words], [word.folded for word in words])}
