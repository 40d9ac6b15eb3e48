"""What of the question before a follow-up carries along: its names, numbers and subject, in phrases as they stand there."""

import re
from collections.abc import Collection, Sequence
from itertools import takewhile

from corpus.dates import MONTH_NAMES
from corpus.words import STOP_WORDS_OF_EITHER, Word, find_words
from index.searching import Index
from qa.exchanging import EVENT
from qa.slots import QUESTION_WORD, QUESTION_WORDS, Slot, find_slots

# Words that only point back: a question made of these and little else continues the one before it.
POINTERS = frozenset(
    """it its they their them he she his her this that these those there then one ones same such former latter
    that's
    ello ella ellas ellos eso esa ese esas esos este esta estos estas esto aquel aquella ahi alli alla entonces mismo
    misma su sus dicho dicha dichos dichas le les lo""".split()
)
POINTED_AT = re.compile(r"\b(?:that|this|those|these|same|es[ae]s?|est[ae]s?|dich[ao]s?|mism[ao]s?) ([^\W\d]{4,})", re.IGNORECASE)
_ANYBODY = frozenset("someone somebody anyone anybody nobody alguien nadie".split())  # no subject of a question
NO_CONTENT = STOP_WORDS_OF_EITHER | POINTERS | _ANYBODY
_THAT_ONE = re.compile(r"\b(?:is|was) (?:that|this|it)\b|\b(?:es[aeo]|est[aeo]) (?:es|era|fue)\b", re.IGNORECASE)
# Words that a topic does without.
_SAYING_LITTLE = frozenset(
    """since exist exists held hold holds happen happened attended attend applied apply applies take takes took taken place made make
    makes stand stands say says said called anything something anyone anyway ever discussed
    created founded established want wants wanted need needs needed get gets got go goes going went come comes came send sends sent form forms
    mainly mostly exactly actually really especially particularly basically
    existe existen frente da dan dio dieron hizo hicieron hace hacen hacer tiene tienen tuvo tuvieron dice dicen dijo dijeron paso hecho celebro celebraron
    realizo llama llego llegaron habla trata trato trataron hablo algo quiere quieren quiero necesita necesitan forman formaron conforman manda mandan ir va van""".split()
)
_VERB_AFTER = frozenset("when where who why how cuando donde quien quienes como se".split())
# What a question asks for is not what it is about: "in which city did the RCM meet".
_ASKS_FOR = frozenset("what which que cuanto cuanta cuantos cuantas many much".split())
_ASKED_FOR = frozenset("city place year date dates month day money ciudad lugar sede año fecha fechas mes dia dinero".split())
# Words that stand inside phrases; "may" is a month there.
PREPOSITIONS = frozenset(
    """of in on at to from by for with between among into within without against about regarding concerning during per through across towards toward
    de del al en con contra por para sobre entre desde hasta durante sin segun mediante hacia tras ante""".split()
)
_JOINING = PREPOSITIONS | frozenset(
    """the a an and or its their no not each may up that
    el la los las un una y e o u ni su sus cada se ha han habia habian""".split()
)
_UNBROKEN = re.compile(r"[\w ,'’-]*")
_MONTH_BEFORE = re.compile(rf"\b(?:{MONTH_NAMES})(?: of| de|,)? $", re.IGNORECASE)
_TOPIC = re.compile(rf"([^:?]*\w[^:?]*):(?= .*{QUESTION_WORD.pattern})", re.IGNORECASE)  # "course of 2017: how many took part"
_MOST = 12  # pieces


def carry_along(asked: str, slots: Sequence[Slot], earlier: str, index: Index) -> str:
    """The names, numbers and subject of the earlier question that a follow-up does not bring itself, as they stand there.

    What that question carried along itself, in brackets, is what the conversation is about; of the rest of it then only names,
    numbers and what it points at ("that workshop") go on. Of "course of 2017: who took part" only what stands before the colon.
    """
    if topic := _TOPIC.match(earlier):
        earlier = topic[1]
    about = earlier.find("(")
    words, old_slots = find_words(earlier), find_slots(earlier, index)
    own_words = {word.folded for word in find_words(asked)}
    in_brackets = {word.folded for word in words if 0 <= about < word.start}
    exchanged = _exchanged_kinds(asked, slots)
    taken = {slot.start for slot in old_slots if slot.kind in exchanged}
    taken |= {month.start() for at in taken if (month := _MONTH_BEFORE.search(earlier, 0, at))}
    whole = {slot.start: slot.end for slot in old_slots if slot.kind != "name"}  # "Plan of Action", "El Salvador", in one piece
    inside = {at for start, end in whole.items() for at in range(start + 1, end)}
    named = {at for slot in old_slots for at in range(slot.start, slot.end)}
    named |= {match.start(1) for pattern in (POINTED_AT, EVENT) for match in pattern.finditer(earlier, 0, max(about, 0))}
    kept: list[tuple[int, int]] = []
    brought: set[int] = set()
    for word, last in zip(words, ["", *(word.folded for word in words)], strict=False):
        start, end, plain = word.start, whole.get(word.start, word.end), word.folded
        said = {w.folded for w in find_words(earlier[start:end])}
        meant = said - NO_CONTENT or (said if start in whole else set())  # "I" is a number, where it is no pronoun
        if not meant or start in inside or start in taken or plain in QUESTION_WORDS:
            continue
        says_little = (
            plain in _SAYING_LITTLE
            or plain.endswith("mente")
            or last in _VERB_AFTER
            or (last in _ASKS_FOR and plain in _ASKED_FOR)
        )
        if meant <= own_words or (start < about and meant <= in_brackets) or _is_event_of(word, own_words):
            brought.add(start)
        elif start in named or (start > about and not says_little):
            kept.append((start, end))
    return _join(earlier, words, kept[:_MOST], brought)


def _exchanged_kinds(asked: str, slots: Sequence[Slot]) -> set[str]:
    """What of year and number of a meeting a follow-up puts in the place of the earlier question's: both where it brings either, but
    "was that the second?" asks of the same meeting, whose year stays.
    """
    kinds = {slot.kind for slot in slots} & {"year", "ordinal"}
    return kinds if kinds == {"ordinal"} and _THAT_ONE.search(asked) else {"year", "ordinal"} if kinds else kinds


def _is_event_of(word: Word, own_words: Collection[str]) -> bool:
    """Whether a word is an event of which the follow-up speaks: "plenaries" beside "the second plenary"."""
    return bool(EVENT.fullmatch(word.surface)) and any(word.folded.startswith(own) for own in own_words if len(own) > 4)


def _join(text: str, words: Sequence[Word], kept: Sequence[tuple[int, int]], brought: Collection[int]) -> str:
    """Kept pieces of a text, with what stands between them where that is small words and such as the follow-up brings itself;
    elsewhere with the preposition before a piece, or a comma for other words left out.
    """
    joined = ""
    end = 0
    for start, piece_end in kept:
        between = [word for word in words if end <= word.start < start]
        unbroken = _UNBROKEN.fullmatch(text, end, start) is not None
        if unbroken and all(word.folded in _JOINING or word.start in brought for word in between):
            gap = text[end:start]
        else:
            before = [*takewhile(lambda word: word.folded in _JOINING, reversed(between))]
            preposition = next((word.start for word in reversed(before) if word.folded in PREPOSITIONS), None)
            small = unbroken and "," not in text[end:start] and all(word.folded in STOP_WORDS_OF_EITHER for word in between)
            gap = f" {text[preposition:start]}" if preposition is not None else " " if small else ", "
        joined += (gap if joined else "") + text[start:piece_end]
        end = piece_end
    return joined
