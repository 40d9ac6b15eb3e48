"""The question before, with the part exchanged that a follow-up brings: "and in 2015?", "and for women?", "when?"."""

import re
from collections.abc import Sequence

from corpus.numerals import find_ordinals, to_roman
from corpus.records import Lang
from corpus.words import find_words, fold
from index.searching import Index
from qa.expecting import YEAR
from qa.slots import QUESTION_WORD, Slot, find_slots

# A verb of its own, for which the question before has no place: "what can they do?", "where is it?".
AUXILIARY = re.compile(
    r"\b(is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might|must|"
    r"es|son|era|eran|fue|fueron|ser[aá]n?|est[aá]n?|estaban?|estuvo|estuvieron|hay|hubo|habr[aá]|ha|han|pueden?|deben?|"
    r"tienen?|hacen?|hizo|van?)\b",
    re.IGNORECASE,
)
EVENT = re.compile(
    r"\b(?P<one>meeting|conference|plenary|workshop|forum|congress|session|course|seminar|declaration|summit|"
    r"reuni[oó]n|conferencia|plenaria|taller|foro|congreso|sesi[oó]n|curso|seminario|declaraci[oó]n|cumbre)(?:e?s)?\b",
    re.IGNORECASE,
)
_ONE_OF_SEVERAL = re.compile(
    r"\b(?P<which>first|second|third|fourth|fifth|sixth|last|latest|previous|next|primer[oa]?|segund[oa]|tercer[oa]?|cuart[oa]|quint[oa]|"
    r"sext[oa]|[uú]ltim[oa]|anterior|siguiente|pr[oó]xim[oa])(?: ones?)?(?=\W*$| (?:in|on|at|held|en)\b)",
    re.IGNORECASE,
)
_AT_EVENT = re.compile(
    rf"{EVENT.pattern}(?: (?:(?:of|in|de|en) )?\d{{4}})?(?: held| celebrada)?(?P<at>(?: (?:in|at|en|de)(?: the| la| el)?)? )$",
    re.IGNORECASE,
)
SAME = re.compile(r"(?:(?:the )?same|lo mismo) ", re.IGNORECASE)
_ALIKE = (
    ("about", "on", "regarding", "concerning", "sobre"), ("for", "para"), ("against", "contra"), ("with", "con"), ("of", "de")
)  # fmt: skip
_PHRASE = re.compile(
    r"(?P<ones>(?:the ones?|those|los|las|el|la) )?(?P<before>about|on|regarding|concerning|sobre|for|para|against|contra|with|con|of|de) "
    r"(?P<what>.+)",
    re.IGNORECASE,
)
_PHRASE_ENDS = (
    r"(?= (?:of|for|in|on|with|about|from|to|at|by|since|against|and|or|that|del?|para|en|con|contra|sobre|desde|al?|y|o|que|por|"
    r"has|have|had|is|are|was|were|did|ha|han|fue|es|son)\b| ?\(|\)|\W*$)"
)
_ARTICLES = r"(?:the|its|their|his|her|el|la|los|las|su|sus)"
_NOUN = re.compile(
    rf"(?:(?P<before>for|of|in|on|with|about|from|para|de|en|con|sobre|desde) )?(?:(?P<article>{_ARTICLES}) )?(?P<noun>[^\W\d]+(?: [^\W\d]+)?)",
    re.IGNORECASE,
)
_ASKING_FOR = r"which|how many|qu[eé]|cu[aá]nt[oa]s"
_NOUN_AFTER = re.compile(
    rf"\b(?:(?P<article>{_ARTICLES})|{_ASKING_FOR}|what|about|for|sobre|para|contra) (?!{_ARTICLES} )(?P<noun>[^\W\d]+)",
    re.IGNORECASE,
)
_NOUN_ASKED = re.compile(rf"\b(?:{_ASKING_FOR}) (?P<noun>[^\W\d]+)", re.IGNORECASE)
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


_LEFT_OVER = re.compile(r" (?:about|for|like)(?=\W*$)", re.IGNORECASE)  # of "what ... about", which "when" has no use for


def swap_question_word(rest: str, earlier: str, lang: Lang) -> str | None:
    """ "And when?" after "Where was the RCM created?": the earlier question, in a language, with the new question word; None where
    it has none.
    """
    wh = QUESTION_WORD.search(rest)
    old = QUESTION_WORD.search(earlier)
    if wh is None:
        return f"{earlier.rstrip(' ?!.')} – {rest}"
    if old is None:
        return None
    word = _WH_IN[lang].get(fold(wh.group()), wh.group())
    word = word.capitalize() if old.group()[0].isupper() else word.lower()
    return earlier[: old.start()] + word + _LEFT_OVER.sub("", earlier[old.end() :])


def name_event(rest: str, earlier: str, index: Index) -> str | None:
    """ "When was the second one?" with the event of which the earlier question speaks; None where there is none."""
    one, event = _ONE_OF_SEVERAL.search(rest), _event_of(earlier, index)
    if one is None or event is None or EVENT.search(rest):
        return None
    return f"{rest[: one.start('which')]}{_before_noun(one['which'])} {event['one']}{rest[one.end() :]}"


def _event_of(question: str, index: Index) -> re.Match[str] | None:
    """The last event of a question, if possible one that is no part of a name: in "the plenary with the South American Conference"
    the plenary.
    """
    names = [slot for slot in find_slots(question, index) if slot.kind in ("concept", "name")]
    events = list(EVENT.finditer(question))
    plain = [event for event in events if not any(name.start <= event.start() < name.end for name in names)]
    return next(reversed(plain or events), None)


def _before_noun(which: str) -> str:
    """ "Primero" and "tercero" as they stand before a noun: "el primer congreso"."""
    return re.sub(r"^(primer|tercer)o$", r"\1", which, flags=re.IGNORECASE)


def swap_step(earlier: str, step: int, index: Index) -> str | None:
    """ "And the next one?": the earlier question about the edition, or else the year, that is `step` later; None where it names
    neither.
    """
    words = find_words(earlier)
    numbers = find_ordinals([word.surface for word in words], [word.folded for word in words])
    if numbers and (stepped := to_roman(numbers[-1][2] + step)):
        first, after, _ = numbers[-1]
        return _leave_place(earlier[: words[first].start] + stepped + earlier[words[after - 1].end :], index)
    if years := list(YEAR.finditer(earlier)):
        return _leave_place(f"{earlier[: years[-1].start()]}{int(years[-1].group()) + step}{earlier[years[-1].end() :]}", index)
    return None


def swap_event(rest: str, earlier: str, index: Index) -> str | None:
    """ "And the second?": the earlier question about the second of its events; None where it has none."""
    one, event = _ONE_OF_SEVERAL.search(rest), _event_of(earlier, index)
    if one is None or event is None:
        return None
    which = _before_noun(one["which"])
    if numbers := [slot for slot in find_slots(earlier, index) if slot.kind == "ordinal"]:
        return f"{earlier[: numbers[-1].start]}{which}{earlier[numbers[-1].end :]}"
    return f"{earlier[: event.start()]}{which} {event['one']}{earlier[event.end() :]}"


def swap_phrase(rest: str, slots: Sequence[Slot], earlier: str) -> str | None:
    """ "And on border security?", "¿y los de mujeres?": the earlier question with its like phrase exchanged; None without one."""
    new = _PHRASE.fullmatch(SAME.sub("", rest).strip(" ?!.,¿¡"))
    if new is None or QUESTION_WORD.search(new["what"]) or AUXILIARY.search(new["what"]) or len(new["what"].split()) > 6:
        return None
    if slots and all(slot.kind in ("year", "ordinal", "country") for slot in slots):
        return None
    several = [words for words in _ALIKE if new["ones"] or new["before"].lower() in words]
    alike = "|".join(word for words in several for word in words)
    found = list(re.finditer(rf"\b(?:{alike}) (?P<what>\S.*?){_PHRASE_ENDS}", earlier, re.IGNORECASE))
    if found:
        return earlier[: found[-1].start("what")] + new["what"] + earlier[found[-1].end() :]
    topic = re.search(r"\((\w+)[^()]*\)", earlier)
    if topic is None or not (new["ones"] or SAME.match(rest)):
        return None
    return f"{earlier[: topic.end(1)]} {new['before']} {new['what']}{earlier[topic.end() - 1 :]}"


def swap_noun(rest: str, earlier: str, index: Index) -> str | None:
    """ "And for women?" after "Which guidelines are there for children?", "and the observers?" after "Who are its members?": the
    earlier question with the noun in the like place exchanged; None without a like.
    """
    rest = rest.strip(" ?!.,")
    new = _NOUN.fullmatch(rest)
    if new is None or _PHRASE.match(new["noun"]) or not (new["before"] or new["article"] or " " not in new["noun"]):
        return None
    main = earlier.split("(", 1)[0]
    places = (
        (_NOUN_AFTER if new["article"] else _NOUN_ASKED)
        if new["before"] is None
        else re.compile(rf"\b{new['before']} (?:{_ARTICLES} )?(?P<noun>[^\W\d]+)", re.IGNORECASE)
    )
    named = [(slot.start, slot.end) for slot in find_slots(main, index) if slot.kind != "concept"]
    found = [
        m
        for m in places.finditer(main)
        if not AUXILIARY.fullmatch(m["noun"]) and not any(a < m.end("noun") and m.start("noun") < b for a, b in named)
    ]
    if not found:
        return None
    several = _is_several(new["noun"])
    old = next((m for m in reversed(found) if _is_several(m["noun"]) == several), found[-1])
    if new["before"] is None:
        with_article = new["article"] and old.groupdict().get("article")
        start, brought = (old.start("article"), rest) if with_article else (old.start("noun"), new["noun"])
        return earlier[:start] + brought + earlier[old.end() :]
    after = len(new["before"]) + 1  # with its article, or without
    return earlier[: old.start() + after] + rest[after:] + earlier[old.end() :]


_YEARS = re.compile(rf"(?<!between )(?<!entre )(?:{YEAR.pattern}(?:, | and |, and | y )?)+")  # of a list: all are exchanged


def swap_slots(asked: str, slots: Sequence[Slot], earlier: str, index: Index) -> str | None:
    """The earlier question with its year, number, country or name replaced by the follow-up's; None without a like."""
    swapped = earlier
    unplaced: list[str] = []
    for slot in slots:
        new = asked[slot.start : slot.end]
        old = [s for s in find_slots(swapped, index) if s.kind == slot.kind]
        if not old and slot.kind in ("country", "name"):
            old = [s for s in find_slots(swapped, index) if s.kind in ("country", "name")]
        if not old and slot.kind in ("year", "ordinal"):
            old = [s for s in find_slots(swapped, index) if s.kind in ("year", "ordinal")]
        if not old:
            unplaced.append(new)
            continue
        alike = [s for s in old if _is_several(swapped[s.start : s.end]) == _is_several(new)]
        target = (alike or old)[-1]
        start = min(
            [s.start for s in old if slot.kind == "year" and _YEARS.fullmatch(swapped, s.start, target.end)], default=target.start
        )
        swapped = swapped[:start] + new + swapped[target.end :]
        if slot.kind in ("year", "ordinal"):
            swapped = _leave_place(swapped, index)
    if len(unplaced) == len(slots):
        tail = " ".join(unplaced)
        return f"{earlier.rstrip(' ?!.')} ({tail})?"
    if unplaced:
        swapped = f"{swapped.rstrip(' ?!.')} ({' '.join(unplaced)})?"
    return swapped


def _is_several(name: str) -> bool:
    """Whether a name is of several, by the ending of its first word: "países miembros"."""
    return name.split()[0].endswith("s")


def _leave_place(question: str, index: Index) -> str:
    """A question about another meeting than the one before without the city or country of that."""
    for slot in reversed(find_slots(question, index)):
        at = _AT_EVENT.search(question[: slot.start]) if slot.kind in ("country", "name") else None
        if at is not None:
            question = question[: at.start("at")] + question[slot.end :]
    return question
