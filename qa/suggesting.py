"""What the collection answers instead: questions made of what stands near the one asked, each checked by asking it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from corpus.glossary import Term, load_glossary
from corpus.records import LANGS, Document, Lang, Passage
from corpus.words import STOP_WORDS_OF_EITHER, folded_words
from index.analysis import Analyzer
from index.searching import Index
from qa.answers import Question, Status
from qa.retrieving import Candidates, QuestionTerms, diversify

if TYPE_CHECKING:
    from qa.answering import Engine

NEAR = 8  # candidates, each of another document, that questions are made of
MOST_ASKED = 4  # of these questions for one answer; the general ones, where none is answered, are asked once for each engine
LONGEST = 130  # characters of a question
LEAST = 0.15  # share of the question's words, by rarity, that a question near it says
ABOUT = 0.05  # the same, said by words other than names of places and numbers
FIRST = 0.2  # what of it a name in the question is worth, and the first of related passages, the second half of it
_ENOUGH = 64  # passages that tell whether a name stands by itself
_GENERAL: dict[Lang, tuple[str, ...]] = {
    "en": ("What is the Regional Conference on Migration?", "Which countries are members of the RCM?"),
    "es": ("¿Qué es la Conferencia Regional sobre Migración?", "¿Qué países integran la CRM?"),
}
_FORMS = {  # in English and in Spanish
    "direct": ("{it}?", "¿{it}?"),
    "indirect": ("Can you tell me {it}?", ""),
    "phrase": ("What is known about {it}?", "¿Qué se sabe sobre {it}?"),
    "said": ("What does {who} say about {it}?", "¿Qué dice {who} sobre {it}?"),
    "meeting": ("What was discussed at {it}?", "¿Qué se trató en {it}?"),
    "side": ("What is {it}?", "¿Cuál es {it}?"),
    "sides": ("What are {it}?", "¿Cuáles son {it}?"),
    "past side": ("What was {it}?", "¿Cuál fue {it}?"),
    "past sides": ("What were {it}?", "¿Cuáles fueron {it}?"),
    "name": ("What is {it}?", "¿Qué es {it}?"),
    "names": ("What are {it}?", "¿Qué son {it}?"),
    "notion": ("What does the RCM say about {it}?", "¿Qué dice la CRM sobre {it}?"),
    "country": ("When did {it} hold the presidency of the RCM?", "¿Cuándo presidió {it} la CRM?"),
}
_ARTICLES: dict[Lang, tuple[str, ...]] = {"en": ("the",), "es": ("el", "la", "los", "las")}
# What a headline has begun, "launch a virtual course on migrant women", is known when it is asked about.
_BEGUN: dict[Lang, re.Pattern[str]] = {"en": re.compile(r".* (an? .+)"), "es": re.compile(r".* (una? .+)")}
_DEFINITE = {"a ": "The ", "an ": "The ", "un ": "El ", "una ": "La "}
# A heading that asks. Of English ones only "who" before its verb has the order of a question.
_ASKS = re.compile(
    r"(?i:Lo que|(?:(?:a|de|en|por|para|con|desde|hasta) )?(?:qué|quién(?:es)?|cuál(?:es)?|cuándo|dónde|cómo|cuánt[oa]s?))\b|"
    r"Who (?!the\b|an?\b)[a-z]+"
)
# A heading that is a question itself, one alone.
_QUESTION: dict[Lang, re.Pattern[str]] = {
    "en": re.compile(
        r"(?i:(?:(?:in|on|at|by|to|from|for|with|of) )?(?:wh(?:at|om?|ose|ich|en|ere|y)|how)|is|are|was|were|do|does|did|ha[sd]|have|"
        r"can|could|may|must|should|will|would)\b[^?]+\?"
    ),
    "es": re.compile(
        r"¿(?i:(?:(?:a|de|en|por|para|con|desde|hasta) )?(?:qué|quién(?:es)?|cuál(?:es)?|cuándo|dónde|cómo|cuánt[oa]s?)|"
        r"es|son|era|eran|fue|fueron|está|están|hay|había|hubo|ha|han|tienen?|pueden?|deben?)\b[^¿?]+\?"
    ),
}
# Headings that tell what somebody says, that name a meeting, or a side of something.
_SAID = re.compile(r"(.+?),? (?:according to|según) ((?:the )?\w+|(?:el|la) .+)")
_MEETING = re.compile(
    r"(?i:the )?(?:\w+ (?:[A-Z][\w-]* )*)?(?i:conference|meeting|workshop|forum|congress|seminar|RCM)(?= (?:on|of|for|in|between)\b|$)[^–]*|"
    r"(?i:(?:el |la )?(?:\w+ )?(?:conferencia|reunión|taller|foro|congreso|seminario|CRM)\b(?!,| y\b)[^–]*)",
)
_SIDE = re.compile(
    r"(?:Aim|Objective|Purpose|Origin|Task|Role|Topic|Theme|Agenda|Result|Requirement|Principle|Proposal|Agreement|Content|"
    r"Objetivo|Propósito|Finalidad|Or[ií]gen|Funci[oó]n|Tarea|Tema|Resultado|Requisito|Principio|Propuesta|Acuerdo|Contenido)"
    r"(?P<many>(?:e?s)?(?:,| and| y)?) "
)
_NUMBERED = re.compile(r"\d|\b[IVX]{2,}\b|\bI (?=[A-Z])|(?i:\b(?:first|fifth|primera?|\w+teenth)\b)")
_NAMES = re.compile(r"\W*\w.*[^\W_a-záéíóúüñ]")  # a capital or a digit after the first letter: says of what it speaks
_COUNTED = re.compile(
    r"(?i:\w+teenth|first|second|two|three|five|nine|ten|primera?|segund[oa]|dos|tres|cinco|nueve|diez|[IVXL]+) "
)
_NEEDS_THE = re.compile(r"(?:\w+ ){1,3}of\b|\w+ to\b")
_FEMININE = re.compile(
    r"(?:[^m]a|[^m]as|[cst]ion(?:es)?|[dt]ad(?:es)?|tud|umbre|ez|raiz|^voz|(?:bas|clas|fas|ley|muert|mujer|part|raic|red|sed|vec|^voc)es?)$"
)
_QUOTED = re.compile(r"[\"“«]([^\"“”«»]*)[\"”»]|[\"“”«»]")  # or a mark that has lost its other
_FIRST_WORDS = re.compile(r"\S+(?: (?:of|on|in|for|and|the|de|del|la|las|los|y|e|en|para))* [^\W_]+")
_NAME = re.compile(r"\b(?!(?:Wh\w+|How|In|On|At|Did|Does|Is|Was)\b)[A-ZÁÉÍÓÚÑ]\w+(?: [A-ZÁÉÍÓÚÑ]\w+)+")  # of a person, mostly
# What names no thing: how it opens; the verb of a sentence, a full stop, or what announces a list.
_NO_NAME = re.compile(
    r"^(?:\d|(?:About|Welcome|Towards?|From|To|In|On|At|De|En|Por|Para|Sobre|Hacia|Acerca|Bienvenid[ao]s?|Al?|Del)\b)|\. |"
    r"\b(?:is|are|was|were|has|have|had|must|can|may|will|calls|welcomes|its|(?:Address|Focus|Launch)es|(?:Attend|Deepen|Host|Open|Promote|Strengthen|Support)s|[Tt]hese|following|"
    r"es|son|era|eran|fue|fueron|ha|han|debe|puede|hace|acoge|[Ee]st[ao]s|siguientes)\b"
)


@dataclass(frozen=True, slots=True)
class Near:
    """A question near the one asked, and the document whose heading or title it was made of."""

    text: str
    document: str | None = None
    meeting: bool = False  # whether it is on a meeting as a whole


def suggest(
    engine: "Engine", question: Question, candidates: Candidates | None, status: Status, limit: int = 3
) -> tuple[str, ...]:
    """At most `limit` questions near this one that the collection answers, nearest first; each was asked and is `answered`.

    Where none is near, what the whole collection is about.
    """
    near = _nearest(engine, question, candidates, status) if candidates is not None else []
    answered = [other.text for other in near[:MOST_ASKED] if _is_answered(engine, other, question.lang)]
    if not answered:
        asked = [folded_words(text) for text in (question.text, *question.history)]
        general = [Near(text) for text in _GENERAL[question.lang] if folded_words(text) not in asked]
        answered = [other.text for other in general if _is_answered(engine, other, question.lang)]
    return tuple(answered[:limit])


def _is_answered(engine: "Engine", near: Near, lang: Lang) -> bool:
    """Whether the collection answers a question, from the document that it was made of; asked once for each engine, so that
    the like ones cost nothing later.
    """
    known = engine.suggested
    key = (near.text, lang)
    if key not in known:
        if len(known) > 4096:
            known.clear()
        answer = engine.answer(near.text, k=1, lang=lang, suggestions=False)
        made_of = [evidence.document.variant_of or evidence.document.id for evidence in answer.passages]
        known[key] = answer.status == "answered" and near.document in (None, *made_of)
    return known[key]


def _nearest(engine: "Engine", question: Question, candidates: Candidates, status: Status) -> list[Near]:
    """Questions near this one, one of a document, those first that say most of its words."""
    index, lang = engine.index, question.lang
    positions = diversify(index, candidates, NEAR, per_document=1)
    ordinals = candidates.ordinals[positions].tolist()
    documents = [index.store.document(passage.document_id) for passage in index.store.passages_at(ordinals)]

    def terms_of(*texts: str | None) -> frozenset[str]:
        return frozenset().union(*(engine.terms_of(text, lang) for text in texts if text))

    asked = [terms_of(question.search_text), *map(terms_of, question.history)]
    countries = (form for entry in _glossary().values() if entry.kind == "country" for form in entry.forms(lang))
    places = (place for document in documents for place in (document.event.city, document.event.country))
    meeting = engine.terms_of("RCM conference meeting", "en")
    frame = terms_of(*(_ask(form, lang) for form in _FORMS)) - terms_of(_ask("country", lang))
    numbers = (term for term in candidates.terms.english if term.strip("#").isdigit())
    general = frame.union(meeting, terms_of(*countries, *places), numbers)
    asks_of_meeting = any(max(word.terms, key=lambda term: term.weight).term in meeting for word in candidates.terms.words)
    best: dict[str, tuple[float, frozenset[str], Near]] = {}
    for bonus, near in _questions(engine, question, candidates, status, ordinals):
        said = terms_of(near.text)
        score, about = _share(candidates.terms, said) + bonus, _share(candidates.terms, said, general)
        if near.meeting:  # its number, year and place are all that it is about, where the question is about a meeting
            about = score if asks_of_meeting else 0.0
        if score >= LEAST and (about >= ABOUT or bonus >= FIRST) and said - frame not in asked and len(near.text) <= LONGEST:
            made_of = near.document or near.text
            if made_of not in best or score + about > best[made_of][0]:
                best[made_of] = (score + about, said - frame, near)
    ordered = sorted(best.values(), key=lambda found: -found[0])
    return list({said: near for _, said, near in reversed(ordered)}.values())[::-1]  # one of those that say the same


def _questions(
    engine: "Engine", question: Question, candidates: Candidates, status: Status, ordinals: Sequence[int]
) -> Iterator[tuple[float, Near]]:
    """Questions on the names in this one, on the candidates' headings, titles and meetings; with what that is worth."""
    index, lang = engine.index, question.lang
    glossary, concepts = _glossary(), candidates.terms.concepts
    for concept in concepts:
        if index.english.idf(concept.term) > 1.0 and (entry := glossary.get(concept.term)):  # not on every other page
            yield 0.0 if entry.kind == "country" else FIRST, Near(_ask_about_concept(index, entry, lang))
    for match in _NAME.finditer(question.search_text):
        if not any(concept.reaches_over(*match.span()) for concept in concepts) and _is_whole(index, match[0]):
            yield FIRST, Near(_ask("phrase", lang, _with_article(index, match[0], lang)))
    for rank, ordinal in enumerate(ordinals, start=1):
        for near in engine.questions_about(ordinal, lang):
            yield FIRST / rank if status == "related" else 0.0, near


def questions_about(index: Index, ordinal: int, lang: Lang) -> tuple[Near, ...]:
    """Questions on a passage's heading, title and meeting."""
    [passage] = index.store.passages_at([ordinal])
    return tuple(_ask_about_passage(index, index.store.document(passage.document_id), passage, lang))


def _ask_about_passage(index: Index, document: Document, passage: Passage, lang: Lang) -> Iterator[Near]:
    event, names = document.event, [name for name in passage.section[-1:] if _NAMES.match(name)]
    meeting = event.edition and event.year and event.name and event.name.startswith(f"{event.edition} RCM (")
    if document.title and document.source.kind not in ("news", "press-release"):
        names.append(document.title)
    elif begun := _BEGUN[lang].match(document.title or ""):  # of a headline, which is a sentence
        names.append(begun[1])
    for name in names if passage.lang == lang else ():
        if text := ask_about(index, name, document.text, lang):
            yield Near(text, document.variant_of or document.id)
    if meeting:
        where = f"{event.city}, " if event.city and event.city in document.text else ""
        it = f"{'the' if lang == 'en' else 'la'} {event.edition} {'RCM' if lang == 'en' else 'CRM'} ({where}{event.year})"
        yield Near(_ask("meeting", lang, it), meeting=True)


def ask_about(index: Index, name: str, text: str, lang: Lang) -> str | None:
    """A question that a heading or title in a text asks, or what is known of the thing that it names; None for any other."""
    if len(name) > 4 * LONGEST:
        return None
    quoted = "“{}”" if lang == "en" else "«{}»"
    name = _QUOTED.sub(lambda found: "" if found[1] is None else quoted.format(found[1]), name.strip())
    if "?" in name:
        asked = _QUESTION[lang].fullmatch(name[max(name.find("¿"), 0) :])
        return asked and asked[0]
    name = re.sub(r" \([^)]*\)$", "", name)
    if len(folded_words(name)) < 2:
        return None
    if _ASKS.match(name):
        return _ask("direct", lang, re.sub(r"^Lo que\b", "Qué", name.split(": ")[0]))
    if lang == "en" and re.match(r"(?:Wh(?:at|om?|ich|en|ere|y)|How)\b", name):
        asks = name[0].lower() + name[1:].split(": ")[0]
        return _ask("indirect", lang, asks) if len(asks.split()) > 2 else None
    if len(name) > LONGEST - 30:
        name = name.split(": ")[-1]
    name = re.sub(r"(?:: |, (?=(?:\w+ ){0,2}\d{4}$))(.+)$", r" (\1)", name)
    name = re.sub(r"^[Aa]n? " if lang == "en" else r"^[Uu]na? ", lambda found: _DEFINITE[found[0].lower()], name)
    if _NO_NAME.search(name):
        return None
    who, form = "", "phrase"
    if said := _SAID.fullmatch(name):
        form, name, who = "said", *said.groups()
    elif _MEETING.fullmatch(name) and _NUMBERED.search(name):
        form = "meeting"
    elif side := _SIDE.match(name):
        form = ("past " if _NUMBERED.search(name) else "") + ("sides" if side["many"] else "side")
    name = _inside_sentence(name, text, lang)
    return _ask(form, lang, _with_article(index, name, lang, needed=form not in ("phrase", "said")), who)


def _ask_about_concept(index: Index, entry: Term, lang: Lang) -> str:
    name = entry.name(lang)
    head = re.split(r" (?:of|on|for|to|against|and) ", name)[0] if lang == "en" else name.split()[0]
    form = "country" if entry.kind == "country" else "notion"
    if entry.proper and form == "notion":
        form = "names" if re.search(r"[^s]s$", head) else "name"
    needed = form.startswith("name") or (lang == "es" and form == "notion")
    return _ask(form, lang, _with_article(index, name, lang, needed))


def _ask(form: str, lang: Lang, it: str = "", who: str = "") -> str:
    return _FORMS[form][LANGS.index(lang)].format(it=it, who=who)


def _is_whole(index: Index, name: str) -> bool:
    """Whether a name stands by itself in the collection and is no place: not always "the South American ...", never "in"."""
    passages = index.store.passages_at(index.store.passages_saying(folded_words(name))[:_ENOUGH])
    texts = "\n".join(text for passage in passages for text in (*passage.section[-1:], passage.text))
    found = rf"{re.escape(name)}\b"
    whole = re.search(rf"{found}(?! (?:(?:of|on|for|the|del?|las?|los) )*[^\W\d_]{{4}})", texts) or not re.search(
        rf"\b(?:the|el|la) {found}", texts
    )
    return bool(passages and whole and not re.search(rf"\b(?:in|en) {found}", texts))


def _with_article(index: Index, name: str, lang: Lang, needed: bool = False) -> str:
    """A name with the article that the collection writes before it; the English one only where it often does or is needed."""
    counted = _COUNTED.match(name)
    words = folded_words(name[counted.end() :] if counted and lang == "es" else name)
    if not words or words[0] in STOP_WORDS_OF_EITHER:
        return name
    if lang == "en" and (needed or counted or _NEEDS_THE.match(name)):
        return f"the {name}"
    saying = index.store.passages_saying
    common = needed or counted or not name[:2].istitle()  # of a name in several words the first alone tells nothing: "Costa Rica"
    for known in (words[:2], words[:1]) if common else (words[:2],):
        counts = {article: n for article in _ARTICLES[lang] if (n := len(saying([article, *known])))}
        if counts and (lang == "es" or name[0].isupper() or 3 * counts["the"] > len(saying(known))):
            return f"{max(counts, key=counts.__getitem__)} {name}"
    if lang == "en" or not common or name[:2].isupper():
        return name
    many = len(words[0]) > 4 and words[0].endswith("s")
    return f"{_ARTICLES['es'][2 * many + bool(_FEMININE.search(words[0]))]} {name}"


def _inside_sentence(name: str, text: str, lang: Lang) -> str:
    """A heading as it is written inside a sentence: its first word small, unless it opens a name."""
    first, _, rest = name.partition(" ")
    small = first.lower()

    def inside(words: str) -> bool:
        return re.search(rf"(?<=[^\W\d_.] ){re.escape(words)}\b", text) is not None

    if (opening := _FIRST_WORDS.match(name)) and inside(opening[0]):
        return name
    if small not in _ARTICLES[lang]:
        word = re.sub(r"['’]s$", "", first)
        is_name = inside(word) and not re.search(rf"\b{re.escape(word.lower())}\b", text)
        if is_name or not first[1:].islower() or re.match(r"[A-ZÁÉÍÓÚÑ][^\W\d_A-Z]", rest):
            return name
    return f"{small} {rest}"


def _share(terms: QuestionTerms, said: frozenset[str], without: frozenset[str] = frozenset()) -> float:
    """Share of a question's words, by rarity, that are said; but for words with one of some terms."""
    words = [(word.weight, {term.term for term in word.terms}) for word in terms.words]
    return sum(weight for weight, own in words if own & said and not own & without) / (terms.total_weight or 1.0)


@lru_cache(maxsize=1)
def _glossary() -> dict[str, Term]:
    return {Analyzer.concept_of(entry): entry for entry in load_glossary()}
