"""A follow-up of a conversation as a question that stands alone: by rule, from the questions before it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.records import Lang
from corpus.words import Word, find_words, fold, folded_words
from index.searching import Index
from qa.carrying import NO_CONTENT, POINTED_AT, POINTERS, PREPOSITIONS, carry_along
from qa.exchanging import (
    AUXILIARY,
    EVENT,
    SAME,
    name_event,
    swap_event,
    swap_noun,
    swap_phrase,
    swap_question_word,
    swap_slots,
    swap_step,
)
from qa.expecting import YEAR
from qa.kinds import CAPITALS, find_defined
from qa.language import guess_question_lang
from qa.rewording import reword
from qa.slots import QUESTION_WORD, Slot, find_slots

# What puts a question right: "no, I mean the second one".
_RATHER = re.compile(
    r"\W*(?:no,? )?(?:sorry,? |perd[oó]n,? )?(?:i (?:mean|meant)|me (?:refer[ií]a|refiero) (?:a|(?=al ))|quer[ií]a decir|quise decir|quiero decir|digo)\b",
    re.IGNORECASE,
)
_CONTINUES = re.compile(
    r"^\W*(and|but|so|also|or|then|y|e|pero|entonces|tambi[eé]n|o|what about|how about|and what about|qu[eé] (hay|tal|pasa) (de|con)|y qu[eé] (hay|tal) (de|con))\b",
    re.IGNORECASE,
)
_STRIP_CONTINUE = re.compile(
    r"^\W*(?:(?:and|but|so|also|then|y|e|pero|entonces|tambi[eé]n)\b[\s,]*)*(?:(?:what|how) about|qu[eé] (?:hay|tal|pasa) (?:de|con))?\s*",
    re.IGNORECASE,
)
_IT = re.compile(
    r"(?P<before>.*?)\b(?:(?P<of>its|his|her)|it|he|she|him)\b(?P<after>.*) "
    r"\((?P<name>(?-i:[A-ZÁÉÍÓÚÑ][\w'’-]*(?P<joined> (?:of|on|for))?(?: [A-ZÁÉÍÓÚÑ][\w'’-]*){0,3}))\)\?",
    re.IGNORECASE,
)
_ELLIPSIS = re.compile(
    r"^\W*(?:and |y )?(?:(?:that|those|the ones?) (?:of|in|from)|(?:al?|en|de)? ?(?:el|la|los|las|al|del) (?:de|del))\b",
    re.IGNORECASE,
)
_YES_NO = re.compile(r"\W*(?:did|does|do|was|were|is|are|has|have|can|could)\b", re.IGNORECASE)
_THERE = re.compile(r"\b(?:there|ah[ií]|all[ií]|all[aá])\b", re.IGNORECASE)
# A year counted from that of the question before: "the next year", "two years earlier", "tres años después".
_COUNTED = {
    word: number
    for words in ("one two three four five six seven eight nine ten", "un dos tres cuatro cinco seis siete ocho nueve diez")
    for number, word in enumerate(words.split(), 1)
}
_YEARS = rf"(?:(?P<years>{'|'.join(_COUNTED)}|\d\d?) (?:years?|años?)|(?:a|the) year)"
_THEN = rf"(?: (?:that|then|it|de (?:eso|es[ea]))(?= (?:{'|'.join(sorted(PREPOSITIONS))})\b|\W*$|[,;:.?!])|(?=\W*$|[,;:.?!]))"
_THAN = r"(?: (?:than that|que (?:eso|es[ea]))(?=\W*$|[,;:.?!]))?(?! (?:than|que)\b)"
_YEAR_STEP = re.compile(
    rf"\b(?:(?<!\bor )(?<!\bo ){_YEARS} (?:(?P<later>(?:later|más tarde){_THAN}|afterwards|(?:after|después){_THEN})|"
    rf"earlier{_THAN}|previously|(?:before|antes){_THEN})|"
    r"(?:(?:(?P<next>the next|(?:the )?following)|(?:the )?(?:previous|preceding)) year|(?:el )?año (?:(?P<siguiente>siguiente)|anterior))\b)",
    re.IGNORECASE,
)
# Such a step in a question that else stands alone: "two years after" may be after what it tells itself, "the next year" of today.
_FROM_BEFORE = re.compile(
    r"later|más tarde|afterwards|earlier|previously|before|antes|(?:after|después) (?:that|then|it|de)", re.IGNORECASE
)
# Nothing but the next or the one before of what is asked about: "and the next one?", "¿y la siguiente?", "¿y después?".
_STEP = re.compile(
    r"\W*(?:(?P<next>(?:the )?(?:next|following)(?: one| meeting)?|next year|after (?:that|it)|(?:and )?then|(?:la|el) (?:siguiente|pr[oó]xim[oa])(?: reuni[oó]n)?|"
    r"despu[eé]s|luego)|(?:the )?(?:previous|preceding)(?: one| meeting)?|(?:the one )?before(?: that| it)?|(?:la|el) anterior|antes)\W*",
    re.IGNORECASE,
)
# All of what was asked for, those included that were told: "and the others?", "¿y los demás?".
_OTHERS = re.compile(
    r"\W*(?:no,? )?(?:the (?:others?(?: ones?)?|rest|remaining ones)|el (?:otro|resto)|la otra|l[ao]s (?:otr[ao]s|dem[aá]s|restantes))\W*",
    re.IGNORECASE,
)
_IS_IT = re.compile(r"\b(?:is|are) (?:it|they|he|she)\W*$", re.IGNORECASE)
# What a question leaves open that ends in such a word: of what, in what.
_RELATION = re.compile(
    r"\b(?:members?|observers?|part|join(?:ed)?|belongs?|participate[sd]?|attend(?:ed)?|miembros?|observador(?:es)?|parte|"
    r"participan?|particip[oó]|participaron|pertenecen?|uni[oó]|asisti[oó])\W*$",
    re.IGNORECASE,
)
# What ends so points back, whatever is named before: "do they disagree about that", "¿qué opinan de eso?"; not "workers who pay for that".
_OF_THAT = re.compile(
    rf"(?!.*[^\W\d]s (?:who|que)\b).*\b(?:{'|'.join(sorted(PREPOSITIONS))}) (?:that|this|eso|esto|ello)\W*", re.IGNORECASE
)
# People who take part in something that such a question names nowhere: "¿Qué dijeron los organizadores?".
_OF_EVENT = re.compile(
    r"\b(?:the|los|las) (?:organi[sz]ers|participants|speakers|facilitators|attendees|hosts|"
    r"organizador[ea]s|participantes|ponentes|expositor[ea]s|facilitador[ea]s|asistentes|anfitriones)\b(?! (?:of|in|en|del?)\b)",
    re.IGNORECASE,
)
_OF_WHAT = re.compile(
    r"((?:(?!\b(?:its|their|sus?)\b).)*\b(?:members?|observers?|miembros?|observador(?:es)?)) \((?-i:([A-ZÁÉÍÓÚÑ]{2,8}))\)\?",
    re.IGNORECASE,
)
# A Spanish verb that a preposition or nothing follows has no subject here: "¿qué pidió en Tegucigalpa?".
_SUBJECT_LEFT_OUT = re.compile(
    r"\W*(?:(?:(?:desde |hasta )?cu[aá]ndo|(?:(?:a|de|en|con|por|para|sobre) )?qu[eé]|c[oó]mo|d[oó]nde) )?"
    r"(?!pas[oó]|ocurri[oó]|sucedi[oó]|pasaron|ocurrieron)"
    r"(?:[^\W\d]{2,}(?:ó|aron|ieron)|hizo|dijo|tuvo|dio|propuso|dice|decía|hace|hacía|tiene|tenía|pide|propone|opina|recomienda)"
    r"(?: (?:(?:a|de|en|sobre|con|contra|para|por|al|del|desde|ante)\b|alg[uú]n).*|\W*)|"
    r"\W*(?:no )?(?:pueden?|podr[ií]an?|deben?|tienen? que) [^\W\d]+[aei]r(?: [oy] [^\W\d]+[aei]r)*(?: (?:a|de|en|sobre|con|contra|para|por|al|del)\b.*|\W*)",
    re.IGNORECASE,
)
_SUBJECT = re.compile(r"\b(?:la|el|los|las) [A-ZÁÉÍÓÚÑ]")
_THE_CONFERENCE = re.compile(r"\b(?:the conference|la conferencia)\b(?! (?:of|on|in|de|del|sobre|en)\b)", re.IGNORECASE)
_LONG = 40  # words: a question of more says all that it asks
_MORE_THAN = re.compile(r"\b(?:(?:more|less|fewer) than|m[aá]s que|menos que)\b", re.IGNORECASE)
_COMPARES = re.compile(r"\b(differ\w*|compar\w+|diferenci\w+|distint[oa]s?)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _FollowUp:
    """A question as asked in a conversation, and what it is made of."""

    text: str
    rest: str  # without "and"
    content: list[Word]  # words that carry meaning
    slots: list[Slot]
    bare: list[Word]  # words of meaning that are in no slot


def _keeps_its_own(rest: str, earlier: str) -> bool:
    """Whether a follow-up asks with a verb of its own, which the earlier question has no place for, or for how much more."""
    if _MORE_THAN.search(rest):
        return True
    own = AUXILIARY.search(rest)
    if own is None:
        return False
    return bool(_YES_NO.match(rest) or _IS_IT.search(rest)) or not re.search(rf"\b{own.group()}\b", earlier, re.IGNORECASE)


def _take_apart(asked: str, index: Index) -> _FollowUp:
    rest = _STRIP_CONTINUE.sub("", asked, count=1).strip() or asked
    content, slots = _content(find_words(asked)), find_slots(asked, index)
    return _FollowUp(asked, rest, content, slots, [w for w in content if not any(s.start <= w.start < s.end for s in slots)])


def _content(words: Sequence[Word]) -> list[Word]:
    return [word for word in words if word.folded not in NO_CONTENT]


def complete_from_history(asked: str, history: Sequence[str], index: Index, lang: Lang) -> tuple[str, Lang] | None:
    """A follow-up in a language as a question that stands alone, as one would write it, and the language of that; None when it
    already does.
    """
    if put_right := _RATHER.match(asked):
        asked = f"{'and' if lang == 'en' else 'y'} {asked[put_right.end() :].lstrip(' ,:')}"
    completed = _complete(asked, history, index, lang)
    return completed and (_as_written(_name_in_place(*completed), completed[1]), completed[1])


def _complete(asked: str, history: Sequence[str], index: Index, lang: Lang) -> tuple[str, Lang] | None:
    """The same, with what it carries along in brackets.

    By rule: a bare question word takes the rest of the earlier question; a year, number, country or name takes the
    place of the like in it; other short or pointing questions carry its names along. What is exchanged in a question leaves
    its language; what is carried takes that of the follow-up.
    """
    found = _take_apart(asked, index)
    step = None if YEAR.search(asked) else _YEAR_STEP.search(asked)
    if step is None or not _FROM_BEFORE.search(step.group()):
        said = found if step is None else _take_apart(f"{asked[: step.start()]}{asked[step.end() :]}", index)
        if _stands_alone(said, lang):
            return None  # before the whole conversation is gone through
    earlier, spoken = _standing(history, index, asked)
    if _OTHERS.fullmatch(found.rest):
        return earlier, spoken
    if (other := _STEP.fullmatch(found.rest)) and (stepped := swap_step(earlier, 1 if other["next"] else -1, index)):
        return stepped, spoken
    if step is not None:
        stepped = _step_year(asked, step, earlier, lang)
        found = _take_apart(stepped, index)
        if _stands_alone(found, lang):
            return (stepped, lang) if stepped != asked else None
        asked = stepped
    rest, content, slots, bare = found.rest, found.content, found.slots, found.bare
    own = _keeps_its_own(rest, earlier)
    if not (QUESTION_WORD.search(rest) or AUXILIARY.search(rest)):
        if exchanged := swap_event(rest, earlier, index):
            return exchanged, spoken
    elif numbered := name_event(rest, earlier, index):
        rest, own = numbered, True
    if not own and (not content or (not bare and not slots)) and (exchanged := swap_question_word(rest, earlier, spoken)):
        return exchanged, spoken
    if _CONTINUES.match(asked) or SAME.match(rest):
        exchanged = swap_phrase(rest, slots if not bare else (), earlier) or (None if slots else swap_noun(rest, earlier, index))
        if exchanged:
            return exchanged, spoken
    if slots and not bare and not own and not _THERE.search(asked):
        swapped = swap_slots(asked, slots, earlier, index)
        if swapped is not None:
            wh = QUESTION_WORD.search(rest)
            if wh and len(find_words(rest)) > 2 and not _only_prepositions(rest, slots, asked):
                swapped = swap_question_word(wh.group(), swapped, spoken) or swapped
            return swapped, spoken
    kept = carry_along(rest, slots, earlier, index)
    if spoken == "es" and lang == "en":
        kept = index.gloss.gloss_text(kept, "es")
    return (f"{rest.rstrip(' ?!.')} ({kept})?" if kept else rest), lang


def _stands_alone(found: _FollowUp, lang: Lang) -> bool:
    """Whether a question in a conversation needs nothing of what was asked before.

    One that continues ("and ..."), points back or compares stands alone only if it says much itself; another one if it has a
    subject: a name and something about it, or three words.
    """
    asked, rest, content, slots = found.text, found.rest, found.content, found.slots
    words = find_words(rest)
    if len(words) > _LONG:
        return True
    pointing = any(word.folded in POINTERS for word in words)
    numbers = sum(slot.kind in ("year", "ordinal") for slot in slots)
    names = len(slots) - numbers + bool(_THE_CONFERENCE.search(rest))
    subject = len(content) - numbers
    if not pointing and (reword(rest, "en") or (names and len(found.bare) <= 1 and find_defined(rest))):
        return True  # "And what is the troika?"
    if len(words) <= 3 and _YES_NO.match(rest):
        return False  # "did Belize go?"
    if _OF_THAT.fullmatch(rest) or (_OF_EVENT.search(rest) and not slots and not EVENT.search(rest)):
        return False
    if _RELATION.search(rest) and not any(slot.kind == "concept" for slot in slots):
        return False  # "Is Mexico a member?"
    if lang == "es" and _SUBJECT_LEFT_OUT.fullmatch(rest) and not (_SUBJECT.search(rest) or CAPITALS.search(rest)):
        return False
    if (_COMPARES.search(asked) and names == 1) or _ELLIPSIS.match(asked):
        return False
    if pointing:
        return not _CONTINUES.match(asked) and len(content) >= 4 and names > 0 and not _demonstrative(asked)
    if _CONTINUES.match(asked):
        return (subject + numbers >= 4 and len(slots) > 0) or (
            names >= 2 and subject >= 3 and QUESTION_WORD.search(rest) is not None
        )
    return subject >= (2 if slots else 3) or (names > 0 and len(found.bare) > 0)


def _step_year(asked: str, step: re.Match[str], earlier: str, lang: Lang) -> str:
    """ "And two years earlier?" with that year, where the earlier question names one."""
    years = YEAR.findall(earlier)
    if not years:
        return asked
    counted = (step["years"] or "").lower()
    number = int(counted) if counted.isdigit() else _COUNTED.get(counted, 1)
    year = int(years[-1]) + (number if step["later"] or step["next"] or step["siguiente"] else -number)
    before = folded_words(asked[: step.start()])
    joined = not before or before[-1] in PREPOSITIONS or before[-1] in ("and", "than", "y", "que")
    return f"{asked[: step.start()]}{'' if joined else 'in ' if lang == 'en' else 'en '}{year}{asked[step.end() :]}"


def _name_in_place(completed: str, lang: Lang) -> str:
    """ "When did it start (RCM)?" with the name in the place of the pronoun, "Is Mexico a member (SACM)?" with "of the SACM", where
    a name is all that is carried along.
    """
    if match := _OF_WHAT.fullmatch(completed):
        return f"{match[1]} {'of the' if lang == 'en' else 'de'} {match[2]}?"
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
    return ("¿" if lang == "es" and question.endswith("?") and "¿" not in opened else "") + opened[:1].upper() + opened[1:]


def _demonstrative(text: str) -> bool:
    return bool(
        re.search(
            r"\b(that|this|these|those|the same|es[ae]s?|est[ae]s?|dich[ao]s?|mism[ao]s?)\s+"
            r"(meeting|conference|year|forum|workshop|declaration|event|country|document|reuni[oó]n|conferencia|año|foro|taller|declaraci[oó]n|evento|pa[ií]s|documento)\b",
            text,
            re.IGNORECASE,
        )
    )


def _only_prepositions(rest: str, slots: Sequence[Slot], asked: str) -> bool:
    left = rest
    for slot in slots:
        left = left.replace(asked[slot.start : slot.end], " ")
    return not QUESTION_WORD.search(left)


def _standing(history: Sequence[str], index: Index, asked: str) -> tuple[str, Lang]:
    """The last question of the history, itself completed where it was a follow-up, and its language; for one that points at
    something ("that workshop") the last question that speaks of it.
    """
    turns = [(history[0], guess_question_lang(history[0], index, None))]
    for question in history[1:]:
        earlier, lang = turns[-1]
        spoken = guess_question_lang(question, index, lang)
        turns.append(_complete(question, [earlier], index, spoken) or (question, spoken))
    pointed_at = {fold(noun) for noun in POINTED_AT.findall(asked)}
    return next((turn for turn in reversed(turns) if pointed_at & set(folded_words(turn[0]))), turns[-1])
