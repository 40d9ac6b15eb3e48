"""What the collection answers instead: questions made of what stands near the one asked, each checked by asking it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from corpus.glossary import Term, load_glossary
from corpus.records import Document, Lang, Passage
from corpus.words import STOP_WORDS_OF_EITHER, folded_words
from index.analysis import Analyzer
from index.searching import Index
from qa.answers import Question, Status
from qa.retrieving import Candidates, QuestionTerms, diversify

if TYPE_CHECKING:
    from qa.answering import Engine

NEAR = 8  # candidates, each of another document, that questions are made of
MOST_ASKED = 4  # of these questions for one answer; the general ones, where none is answered, are asked once for each engine
LONGEST = 120  # characters of a question
LEAST = 0.2  # share of the question's words, by rarity, that a question near it says
FIRST = 0.2  # what of it a name in the question is worth, and the first of related passages, the second half of it
_GENERAL: dict[Lang, tuple[str, ...]] = {
    "en": ("What is the Regional Conference on Migration?", "Which countries are members of the RCM?"),
    "es": ("¿Qué es la Conferencia Regional sobre Migración?", "¿Qué países integran la CRM?"),
}
_FORMS: dict[Lang, dict[str, str]] = {
    "en": {
        "direct": "{it}?",
        "indirect": "Can you tell me {it}?",
        "phrase": "What is known about {it}?",
        "meeting": "What was discussed at the {it} RCM ({when})?",
        "country": "When did {it} hold the presidency of the RCM?",
        "name": "What is {it}?",
        "names": "What are {it}?",
        "notion": "What has the RCM done about {it}?",
    },
    "es": {
        "direct": "¿{it}?",
        "phrase": "¿Qué se sabe sobre {it}?",
        "meeting": "¿Qué se trató en la {it} CRM ({when})?",
        "country": "¿Cuándo presidió {it} la CRM?",
        "name": "¿Qué es {it}?",
        "names": "¿Qué son {it}?",
        "notion": "¿Qué ha hecho la CRM en materia de {it}?",
    },
}
_ARTICLES: dict[Lang, tuple[str, ...]] = {"en": ("the",), "es": ("el", "la", "los", "las")}
_HEADLINES = frozenset(["news", "press-release"])  # kinds of documents whose titles are sentences
_CONFERENCE = "@regional-conference-on-migration"
# A heading that asks. Of English ones only "who" before its verb has the order of a question.
_ASKS = re.compile(
    r"(?i:Lo que|(?:(?:a|de|en|por|para|con|desde|hasta) )?(?:qué|quién(?:es)?|cuál(?:es)?|cuándo|dónde|cómo|cuánt[oa]s?))\b|"
    r"Who (?!the\b|an?\b)[a-z]+"
)
_ASKS_INDIRECTLY = re.compile(r"(?:What|Who|Whom|Which|When|Where|Why|How)\b")
_NAMES = re.compile(r"\w.*[^\W_a-záéíóúüñ]")  # a capital or a digit after the first letter: says of what it speaks
_NEEDS_THE = re.compile(r"[IVX]+ |\w+ (?:and \w+ )?of\b")
_FIRST_WORDS = re.compile(r"\S+(?: (?:of|on|in|for|and|the|de|del|la|las|los|y|e|en|para))* [^\W_]+")
_NAME = re.compile(r"\b(?!(?:Wh\w+|How|In|On|At|Did|Does|Is|Was)\b)[A-ZÁÉÍÓÚÑ]\w+(?: [A-ZÁÉÍÓÚÑ]\w+)+")  # of a person, mostly
# What names no thing: how it opens; the verb of a sentence, or what announces a list.
_OPENS_OTHERWISE = re.compile(
    r"\d|(?:About|Welcome|Towards?|From|To|In|On|At|De|En|Por|Para|Sobre|Hacia|Acerca|Bienvenid[ao]s?|A|Al|Del)\b"
)
_SAYS = re.compile(
    r"\b(?:is|are|was|were|has|have|had|must|can|may|will|calls|welcomes|[Tt]hese|following|"
    r"es|son|era|eran|fue|fueron|ha|han|debe|puede|hace|acoge|[Ee]st[ao]s|siguientes)\b"
)


@dataclass(frozen=True, slots=True)
class Near:
    """A question near the one asked, and the document whose heading or title it was made of."""

    text: str
    document: str | None = None


def suggest(
    engine: "Engine", question: Question, candidates: Candidates | None, status: Status, limit: int = 3
) -> tuple[str, ...]:
    """At most `limit` questions near this one that the collection answers, nearest first; each was asked and is `answered`.

    Where none is near, what the whole collection is about.
    """
    near = _nearest(engine.index, question, candidates, status) if candidates is not None else []
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


def _nearest(index: Index, question: Question, candidates: Candidates, status: Status) -> list[Near]:
    """Questions near this one, one of a document, those first that say most of its words."""

    def terms_of(text: str, lang: Lang) -> frozenset[str]:
        return frozenset(term.term for term in index.analyzer.english_terms(text, lang))

    frame = terms_of(" ".join(_FORMS[question.lang].values()), question.lang)
    asked = [
        terms_of(question.search_text, question.search_lang) - frame,
        *(terms_of(text, question.search_lang) - frame for text in question.history),
    ]
    best: dict[str, tuple[float, frozenset[str], Near]] = {}
    for bonus, near in _questions(index, question, candidates, status):
        said = terms_of(near.text, question.lang)
        score = _share(candidates.terms, said) + bonus
        if score >= LEAST and said - frame not in asked and len(near.text) <= LONGEST:
            made_of = near.document or near.text
            if made_of not in best or score > best[made_of][0]:
                best[made_of] = (score, said - frame, near)
    ordered = sorted(best.values(), key=lambda found: -found[0])
    return list({said: near for _, said, near in reversed(ordered)}.values())[::-1]  # one of those that say the same


def _questions(index: Index, question: Question, candidates: Candidates, status: Status) -> Iterator[tuple[float, Near]]:
    """Questions on the names in this one, on the candidates' headings, titles and meetings; with what that is worth."""
    lang = question.lang
    glossary, concepts = _glossary(), candidates.terms.concepts
    for concept in concepts:
        if concept.term != _CONFERENCE and (entry := glossary.get(concept.term)):
            yield 0.0 if entry.kind == "country" else FIRST, Near(_ask_about_concept(index, entry, lang))
    for match in _NAME.finditer(question.search_text):
        part = any(concept.reaches_over(*match.span()) for concept in concepts)
        if not part and index.store.passages_saying(folded_words(match[0])):
            yield FIRST, Near(_FORMS[lang]["phrase"].format(it=_with_article(index, match[0], lang)))
    positions = diversify(index, candidates, NEAR, per_document=1)
    for rank, passage in enumerate(index.store.passages_at(candidates.ordinals[positions].tolist()), start=1):
        for near in _ask_about_passage(index, index.store.document(passage.document_id), passage, lang):
            yield FIRST / rank if status == "related" else 0.0, near


def _ask_about_passage(index: Index, document: Document, passage: Passage, lang: Lang) -> Iterator[Near]:
    names = [name for name in passage.section[-1:] if _NAMES.search(name)]
    if document.title and document.source.kind not in _HEADLINES:
        names.append(document.title)
    for name in names if passage.lang == lang else ():
        if text := ask_about(index, name, document.text, lang):
            yield Near(text, document.variant_of or document.id)
    event = document.event
    if event.edition and event.year and event.name and event.name.startswith(f"{event.edition} RCM ("):
        where = f"{event.city}, " if event.city and event.city in document.text else ""
        yield Near(_FORMS[lang]["meeting"].format(it=event.edition, when=f"{where}{event.year}"))


def ask_about(index: Index, name: str, text: str, lang: Lang) -> str | None:
    """A question that a heading or title in a text asks, or what is known of the thing that it names; None for a sentence."""
    forms = _FORMS[lang]
    name = _in_quotes(name.strip(), lang)
    if len(folded_words(name)) < 2:
        return None
    if name.endswith("?"):
        return name[name.find("¿") if "¿" in name else 0 :]
    name = re.sub(r" \([^)]*\)$", "", name)
    if _ASKS.match(name):
        return forms["direct"].format(it=re.sub(r"^Lo que\b", "Qué", name.split(": ")[0]))
    if lang == "en" and _ASKS_INDIRECTLY.match(name):
        return forms["indirect"].format(it=name[0].lower() + name[1:].split(": ")[0])
    name = re.sub(r": (.+)$", r" (\1)", name)
    if _SAYS.search(name) or _OPENS_OTHERWISE.match(name):
        return None
    return forms["phrase"].format(it=_with_article(index, _inside_sentence(name, text, lang), lang))


def _ask_about_concept(index: Index, entry: Term, lang: Lang) -> str:
    name = entry.name(lang)
    if entry.kind == "country":
        form = "country"
    elif entry.proper:
        head = re.split(r" (?:of|on|for|to|against|and) ", name)[0] if lang == "en" else name.split()[0]
        form = "names" if re.search(r"[^s]s$", head) else "name"
    else:
        form = "notion"
    if lang == "en" and form.startswith("name"):
        name = f"the {name}"
    elif lang == "en" or form.startswith("name"):
        name = _with_article(index, name, lang)
    return _FORMS[lang][form].format(it=name)


def _with_article(index: Index, name: str, lang: Lang) -> str:
    """A name with the article that the collection writes before it; the English one only where it often does."""
    words = folded_words(name)
    if words[0] in STOP_WORDS_OF_EITHER:
        return name
    if lang == "en" and _NEEDS_THE.match(name):
        return f"the {name}"
    saying = index.store.passages_saying
    common = not name[:2].istitle()  # of a name in several words the first alone tells nothing: "Costa Rica"
    for known in (words[:2], words[:1]) if common else (words[:2],):
        counts = {article: n for article in _ARTICLES[lang] if (n := len(saying([article, *known])))}
        if len(counts) == 1 and (lang == "es" or 3 * counts["the"] > len(saying(known))):
            return f"{next(iter(counts))} {name}"
    return name


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


def _in_quotes(name: str, lang: Lang) -> str:
    return re.sub(r"[\"“«]([^\"“”«»]*)[\"”»]", "“\\1”" if lang == "en" else "«\\1»", name)


def _share(terms: QuestionTerms, said: frozenset[str]) -> float:
    """Share of a question's words, by rarity, that are said."""
    saying = sum(word.weight for word in terms.words if any(term.term in said for term in word.terms))
    return saying / (terms.total_weight or 1.0)


@lru_cache(maxsize=1)
def _glossary() -> dict[str, Term]:
    return {Analyzer.concept_of(entry): entry for entry in load_glossary()}
