"""A follow-up of a conversation as a question that stands alone: by rule, from the questions before it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.numerals import find_ordinals
from corpus.records import Lang
from corpus.words import STOP_WORDS_OF_EITHER, Word, find_words, fold
from index.searching import Index
from qa.expecting import YEAR
from qa.kinds import find_defined
from qa.language import guess_question_lang
from qa.rewording import reword

# Words that only point back: a question made of these and little else continues the one before it.
_POINTERS = frozenset(
    """it its they them their he she his her this that these those there then one ones same such former latter
    that's
    ello ella ellas ellos eso esa ese esas esos este esta estos estas esto aquel aquella ahi alli alla entonces mismo
    misma su sus dicho dicha dichos dichas le les lo""".split()
)
_CONTINUES = re.compile(
    r"^\W*(and|but|so|also|or|then|y|e|pero|entonces|tambi[eé]n|o|what about|how about|and what about|qu[eé] (hay|tal|pasa) (de|con)|y qu[eé] (hay|tal) (de|con))\b",
    re.IGNORECASE,
)
_STRIP_CONTINUE = re.compile(
    r"^\W*(?:(?:and|but|so|also|then|y|e|pero|entonces|tambi[eé]n)\b[\s,]*)*(?:(?:what|how) about|qu[eé] (?:hay|tal|pasa) (?:de|con))?\s*",
    re.IGNORECASE,
)
_WH = re.compile(
    r"\b(when|where|who|why|how many|how|which|what|cu[aá]ndo|d[oó]nde|qui[eé]n(?:es)?|por qu[eé]|cu[aá]nt[oa]s?|c[oó]mo|cu[aá]l(?:es)?|qu[eé])\b",
    re.IGNORECASE,
)

_IT = re.compile(
    r"(?P<before>.*?)\b(?:(?P<of>its|his|her)|it|he|she|him)\b(?P<after>.*) "
    r"\((?P<name>(?-i:[A-ZÁÉÍÓÚÑ][\w'’-]*(?P<joined> (?:of|on|for))?(?: [A-ZÁÉÍÓÚÑ][\w'’-]*){0,3}))\)\?",
    re.IGNORECASE,
)
_POINTED_AT = re.compile(
    r"\b(?:that|this|those|these|same|es[ae]s?|est[ae]s?|dich[ao]s?|mism[ao]s?) ([^\W\d]{4,})", re.IGNORECASE
)
_ELLIPSIS = re.compile(
    r"^\W*(?:and |y )?(?:(?:that|those|the ones?) (?:of|in|from)|(?:al?|en|de)? ?(?:el|la|los|las|al|del) (?:de|del))\b",
    re.IGNORECASE,
)
_YES_NO = re.compile(r"\W*(?:did|does|do|was|were|is|are|has|have|can|could)\b", re.IGNORECASE)
_THERE = re.compile(r"\b(?:there|ah[ií]|all[ií]|all[aá])\b", re.IGNORECASE)
_YEAR_AFTER = re.compile(
    r"\b(?:(?:the )?(?:next|following) year|the year after(?:wards)?|(?:a|one) year later|(?:el )?año siguiente|un año después)\b",
    re.IGNORECASE,
)
_YEAR_BEFORE = re.compile(
    r"\b(?:(?:the )?(?:previous|preceding) year|(?:the|a|one) year (?:before|earlier)|(?:el )?año anterior|un año antes)\b",
    re.IGNORECASE,
)
_COMPARES = re.compile(r"\b(differ\w*|compar\w+|diferenci\w+|distint[oa]s?)\b", re.IGNORECASE)
_ARTICLES = r"(?:the|its|their|his|her|el|la|los|las|su|sus)"
_NOUN = re.compile(
    rf"(?:(?P<before>for|of|in|on|with|about|from|para|de|en|con|sobre|desde) )?(?:(?P<article>{_ARTICLES}) )?(?P<noun>[^\W\d]+(?: [^\W\d]+)?)",
    re.IGNORECASE,
)
_ASKING_FOR = r"which|how many|qu[eé]|cu[aá]nt[oa]s"
_NOUN_AFTER = re.compile(rf"\b(?:{_ARTICLES}|{_ASKING_FOR}|what) (?P<noun>[^\W\d]+)", re.IGNORECASE)
_NOUN_ASKED = re.compile(rf"\b(?:{_ASKING_FOR}) (?P<noun>[^\W\d]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Slot:
    """Something of a question that a follow-up can exchange: a year, a meeting's number, a country, a language."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _FollowUp:
    """A question as asked in a conversation, and what it is made of."""

    text: str
    rest: str  # without "and"
    content: list[Word]  # words that carry meaning
    slots: list[_Slot]
    bare: list[Word]  # words of meaning that are in no slot


def _take_apart(asked: str, index: Index) -> _FollowUp:
    rest = _STRIP_CONTINUE.sub("", asked, count=1).strip() or asked
    content, slots = _content(find_words(asked)), _slots(asked, index)
    return _FollowUp(asked, rest, content, slots, [w for w in content if not any(s.start <= w.start < s.end for s in slots)])


def _content(words: Sequence[Word]) -> list[Word]:
    return [word for word in words if word.folded not in STOP_WORDS_OF_EITHER and word.folded not in _POINTERS]


def _slots(text: str, index: Index) -> list[_Slot]:
    words = find_words(text)
    slots = [_Slot("year", m.start(), m.end()) for m in YEAR.finditer(text)]
    for first, last, _ in find_ordinals([w.surface for w in words], [w.folded for w in words]):
        slots.append(_Slot("ordinal", words[first].start, words[last - 1].end))
    for term in index.analyzer.concepts(text):
        kind = "country" if term.term in index.countries else "concept"
        slots.append(_Slot(kind, term.start, term.end))
    known = {(s.start, s.end) for s in slots}
    for word in words:
        entry = index.gloss.entry(word.folded)
        named = (word.surface[:1].isupper() and word.start > 0) or (
            entry is not None and not entry.senses and not entry.function and not index.gloss.is_english(word.folded)
        )
        if (
            named
            and not any(s <= word.start < e for s, e in known)
            and word.folded in index.vocabulary
            and word.folded not in _WH_WORDS
            and word.folded not in STOP_WORDS_OF_EITHER
        ):
            slots.append(_Slot("name", word.start, word.end))
    joined: list[_Slot] = []
    for slot in sorted(slots, key=lambda s: s.start):
        before = joined[-1] if joined else None
        if before is not None and text[before.end : slot.start] == " " and {before.kind, slot.kind} <= {"name", "country"}:
            joined[-1] = _Slot(before.kind, before.start, slot.end)  # "Guatemala City" is one place
        else:
            joined.append(slot)
    return joined


_WH_WORDS = frozenset(
    "when where who why how which what cuando donde quien quienes por cuanto cuantos cuantas como cual cuales que".split()
)


# The question words of one language in the other, folded: a follow-up may come in either.
_WH_IN: dict[Lang, dict[str, str]] = {
    "en": {
        "cuando": "when", "donde": "where", "quien": "who", "quienes": "who", "por que": "why", "como": "how", "que": "what",
        "cual": "which", "cuales": "which", "cuantos": "how many", "cuantas": "how many", "cuanto": "how much", "cuanta": "how much",
    },
    "es": {
        "when": "cuándo", "where": "dónde", "who": "quién", "why": "por qué", "how": "cómo", "what": "qué", "which": "cuál",
        "how many": "cuántos",
    },
}  # fmt: skip


def complete_from_history(asked: str, history: Sequence[str], index: Index, lang: Lang) -> tuple[str, Lang] | None:
    """A follow-up in a language as a question that stands alone, as one would write it, and the language of that; None when it
    already does.
    """
    completed = _complete(asked, history, index, lang)
    return completed and (_as_written(_name_for_pronoun(completed[0]), completed[1]), completed[1])


def _complete(asked: str, history: Sequence[str], index: Index, lang: Lang) -> tuple[str, Lang] | None:
    """The same, with what it carries along in brackets.

    By rule: a bare question word takes the rest of the earlier question; a year, number, country or name takes the
    place of the like in it; other short or pointing questions carry its names along. What is exchanged in a question leaves
    its language; what is carried takes that of the follow-up.
    """
    found = _take_apart(asked, index)
    steps = _YEAR_AFTER.search(asked) or _YEAR_BEFORE.search(asked)
    if steps is None and _stands_alone(found):
        return None  # before the whole conversation is gone through
    earlier, spoken = _standing(history, index)
    if steps is not None:
        asked = _step_year(asked, earlier)
        found = _take_apart(asked, index)
        if _stands_alone(found):
            return None
    rest, content, slots, bare = found.rest, found.content, found.slots, found.bare
    if not content or (not bare and not slots):
        return _swap_question_word(rest, earlier, spoken, index), spoken
    if _CONTINUES.match(asked) and not slots and (exchanged := _swap_noun(rest, earlier, index)):
        return exchanged, spoken
    if slots and not bare and not _THERE.search(asked):
        swapped = _swap_slots(asked, slots, earlier, index)
        if swapped is not None:
            wh = _WH.search(rest)
            if wh and len(find_words(rest)) > 2 and not _only_prepositions(rest, slots, asked):
                swapped = _swap_question_word(wh.group(), swapped, spoken, index)
            return swapped, spoken
    kept = " ".join(_carried(asked, slots, earlier, index))
    if spoken == "es" and lang == "en":
        kept = index.gloss.gloss_text(kept, "es")
    return (f"{rest.rstrip(' ?!.')} ({kept})?" if kept else rest), lang


def _stands_alone(found: _FollowUp) -> bool:
    """Whether a question in a conversation needs nothing of what was asked before.

    One that continues ("and ..."), points back or compares stands alone only if it says much itself; another one if it has a
    subject: a name and something about it, or three words.
    """
    asked, rest, content, slots = found.text, found.rest, found.content, found.slots
    words = find_words(rest)
    pointing = any(word.folded in _POINTERS for word in words)
    numbers = sum(slot.kind in ("year", "ordinal") for slot in slots)
    names = len(slots) - numbers
    subject = len(content) - numbers
    if not pointing and (reword(rest, "en") or (names and len(found.bare) <= 1 and find_defined(rest))):
        return True  # "And what is the troika?"
    if len(words) <= 3 and _YES_NO.match(rest):
        return False  # "did Belize go?"
    if (_COMPARES.search(asked) and names == 1) or _ELLIPSIS.match(asked):
        return False
    if pointing:
        return not _CONTINUES.match(asked) and len(content) >= 4 and names > 0 and not _demonstrative(asked)
    if _CONTINUES.match(asked):
        return subject + numbers >= 4 and len(slots) > 0
    return subject >= (2 if slots else 3) or (names > 0 and len(content) > 0)


def _step_year(asked: str, earlier: str) -> str:
    """ "And the year after?" with that year, where the earlier question names one."""
    years = YEAR.findall(earlier)
    if not years:
        return asked
    later = _YEAR_AFTER.sub(str(int(years[-1]) + 1), asked)
    return _YEAR_BEFORE.sub(str(int(years[-1]) - 1), later)


def _name_for_pronoun(completed: str) -> str:
    """ "When did it start (RCM)?" with the name in the place of the pronoun, where a name is all that is carried along."""
    match = _IT.fullmatch(completed)
    if match is None:
        return completed
    name = f"the {match['name']}" if match["name"].isupper() or match["joined"] else match["name"]
    if match["of"]:
        name += "'s"
    return f"{match['before']}{name}{match['after']}?"


def _as_written(question: str, lang: Lang) -> str:
    """A completed question with its first letter a capital and its opening mark."""
    opened = question.lstrip("¿ ")
    return ("¿" if lang == "es" and question.endswith("?") else "") + opened[:1].upper() + opened[1:]


def _demonstrative(text: str) -> bool:
    return bool(
        re.search(
            r"\b(that|this|these|those|the same|es[ae]s?|est[ae]s?|dich[ao]s?|mism[ao]s?)\s+"
            r"(meeting|conference|year|forum|workshop|declaration|event|country|document|reuni[oó]n|conferencia|año|foro|taller|declaraci[oó]n|evento|pa[ií]s|documento)\b",
            text,
            re.IGNORECASE,
        )
    )


def _only_prepositions(rest: str, slots: Sequence[_Slot], asked: str) -> bool:
    left = rest
    for slot in slots:
        left = left.replace(asked[slot.start : slot.end], " ")
    return not _WH.search(left)


def _standing(history: Sequence[str], index: Index) -> tuple[str, Lang]:
    """The last question of the history, itself completed where it was a follow-up, and its language."""
    earlier, lang = history[0], guess_question_lang(history[0], index, None)
    for question in history[1:]:
        spoken = guess_question_lang(question, index, lang)
        earlier, lang = _complete(question, [earlier], index, spoken) or (question, spoken)
    return earlier, lang


def _swap_question_word(rest: str, earlier: str, lang: Lang, index: Index) -> str:
    """ "And when?" after "Where was the RCM created?": the earlier question with the new question word."""
    wh = _WH.search(rest)
    old = _WH.search(earlier)
    if wh is None:
        return f"{earlier.rstrip(' ?!.')} – {rest}"
    if old is None:
        return f"{rest.rstrip(' ?!.')} ({' '.join(_carried(rest, [], earlier, index))})?"
    word = _WH_IN[lang].get(fold(wh.group()), wh.group())
    word = word.capitalize() if old.group()[0].isupper() else word.lower()
    return (earlier[: old.start()] + word + earlier[old.end() :]).strip()


def _swap_noun(rest: str, earlier: str, index: Index) -> str | None:
    """ "And for women?" after "Which guidelines are there for children?", "and the observers?" after "Who are its members?": the
    earlier question with the noun in the like place exchanged; None without a like.
    """
    rest = rest.strip(" ?!.,")
    new = _NOUN.fullmatch(rest)
    if new is None or not (new["before"] or new["article"] or " " not in new["noun"]):
        return None
    main = earlier.split("(", 1)[0]
    places = (
        (_NOUN_AFTER if new["article"] else _NOUN_ASKED)
        if new["before"] is None
        else re.compile(rf"\b{new['before']} (?:{_ARTICLES} )?(?P<noun>[^\W\d]+)", re.IGNORECASE)
    )
    named = [(slot.start, slot.end) for slot in _slots(main, index) if slot.kind != "concept"]
    found = [m for m in places.finditer(main) if not any(a < m.end("noun") and m.start("noun") < b for a, b in named)]
    if not found:
        return None
    old = found[-1]
    if new["before"] is None:
        return earlier[: old.start("noun")] + new["noun"] + earlier[old.end() :]
    after = len(new["before"]) + 1  # with its article, or without
    return earlier[: old.start() + after] + rest[after:] + earlier[old.end() :]


def _swap_slots(asked: str, slots: Sequence[_Slot], earlier: str, index: Index) -> str | None:
    """The earlier question with its year, number, country or name replaced by the follow-up's; None without a like."""
    swapped = earlier
    unplaced: list[str] = []
    for slot in slots:
        new = asked[slot.start : slot.end]
        old = [s for s in _slots(swapped, index) if s.kind == slot.kind]
        if not old and slot.kind in ("country", "name"):
            old = [s for s in _slots(swapped, index) if s.kind in ("country", "name")]
        if not old and slot.kind in ("year", "ordinal"):
            old = [s for s in _slots(swapped, index) if s.kind in ("year", "ordinal")]
        if not old:
            unplaced.append(new)
            continue
        target = old[-1]
        swapped = swapped[: target.start] + new + swapped[target.end :]
    if len(unplaced) == len(slots):
        tail = " ".join(unplaced)
        return f"{earlier.rstrip(' ?!.')} ({tail})?"
    if unplaced:
        swapped = f"{swapped.rstrip(' ?!.')} ({' '.join(unplaced)})?"
    return swapped


def _carried(asked: str, slots: Sequence[_Slot], earlier: str, index: Index) -> list[str]:
    """The names, numbers and subject of the earlier question that a follow-up does not bring itself.

    What that question carried along itself, in brackets, is what the conversation is about; of the rest of it then only names,
    numbers and what it points at ("that workshop") go on.
    """
    own = {s.kind for s in slots}
    own_words = {w.folded for w in find_words(asked)}
    kept: list[str] = []
    old_slots = _slots(earlier, index)
    whole = {s.start: earlier[s.start : s.end] for s in old_slots if s.kind == "concept"}  # "Plan of Action", in one piece
    inside = {at for s in old_slots if s.kind == "concept" for at in range(s.start + 1, s.end)}
    years_given = "year" in own or "ordinal" in own
    taken: set[int] = set()
    named: set[int] = set()
    for slot in old_slots:
        named.update(range(slot.start, slot.end))
        if slot.kind in ("year", "ordinal") and years_given:
            taken.update(range(slot.start, slot.end))
    about = earlier.find("(")
    for match in _POINTED_AT.finditer(earlier, 0, max(about, 0)):
        named.update(range(*match.span(1)))
    for word in find_words(earlier):
        plain = word.folded
        if plain in STOP_WORDS_OF_EITHER or plain in _POINTERS or plain in own_words:
            continue
        if any(position in taken for position in range(word.start, word.end)) or plain in _WH_WORDS:
            continue
        if (word.start > about or word.start in named) and word.start not in inside:
            kept.append(whole.get(word.start, word.surface))
    return kept[:12]
