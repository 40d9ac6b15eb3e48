"""What the collection can answer instead: questions made of its own titles and checked by asking them."""

from typing import TYPE_CHECKING

from corpus.records import Lang
from qa.answers import Question, Status
from qa.retrieving import Candidates, diversify

if TYPE_CHECKING:
    from qa.answering import Engine

_FORMS: dict[Lang, dict[str, str]] = {
    "en": {
        "about": "What does the collection say about ‘{title}’?",
        "what": "What is the Regional Conference on Migration?",
        "members": "Which countries are members of the RCM?",
    },
    "es": {
        "about": "¿Qué dice la colección sobre ‘{title}’?",
        "what": "¿Qué es la Conferencia Regional sobre Migración?",
        "members": "¿Qué países integran la CRM?",
    },
}


def suggest(
    engine: "Engine", question: Question, candidates: Candidates | None, status: Status, limit: int = 3
) -> tuple[str, ...]:
    """At most `limit` questions near this one that the collection answers; each was asked and is `answered`."""
    forms = _FORMS[question.lang]
    tries: list[str] = []
    if candidates is not None and status == "related":
        for position in diversify(engine.index, candidates, 2, per_document=1):
            document = engine.index.store.document_at(
                int(engine.index.attributes.rows["document"][candidates.ordinals[position]])
            )
            if document.title and document.lang == question.lang and len(document.title) < 90:
                tries.append(forms["about"].format(title=document.title))
    tries += [forms["what"], forms["members"]]
    good: list[str] = []
    for text in dict.fromkeys(tries):
        if len(good) == limit:
            break
        if text.lower() == question.text.lower():
            continue
        if _is_answered(engine, text, question.lang):
            good.append(text)
    return tuple(good)


def _is_answered(engine: "Engine", text: str, lang: Lang) -> bool:
    """Whether the collection answers a question; asked once for each engine, so that the like ones cost nothing later."""
    known = engine.suggested
    if (text, lang) not in known:
        if len(known) > 4096:
            known.clear()
        known[text, lang] = engine.answer(text, k=1, lang=lang, suggestions=False).status == "answered"
    return known[text, lang]
