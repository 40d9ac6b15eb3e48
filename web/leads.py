"""Questions to go on with: a bank of questions that were asked of this index and that it answers."""

import logging
import threading
from dataclasses import dataclass

from corpus.records import LANGS, Lang
from corpus.words import STOP_WORDS_OF_EITHER, find_words
from qa.answering import Engine
from qa.answers import Answer
from qa.errors import QaError

log = logging.getLogger("web.leads")

# The first six that the index answers greet a visitor.
FIRST_QUESTIONS: dict[Lang, tuple[str, ...]] = {
    "en": (
        "Which countries are members of the Regional Conference on Migration?",
        "When and where was the RCM created?",
        "What does the Technical Secretariat do?",
        "Which organisations are observers of the RCM?",
        "What was the theme of the XV meeting in Tapachula?",
        "What do the guidelines say about unaccompanied children?",
        "Which country held the Presidency Pro Tempore in 2022?",
        "What is the role of civil society in the RCM?",
        "What did the Extraordinary Declaration say?",
        "What is the difference between the RCM and the SACM?",
        "What is the guide on disaster displacement?",
        "What are the Regional Guidelines on migrant women?",
    ),
    "es": (
        "¿Qué países integran la Conferencia Regional sobre Migración?",
        "¿Cuándo y dónde se creó la CRM?",
        "¿Qué hace la Secretaría Técnica?",
        "¿Qué organizaciones son observadoras de la CRM?",
        "¿Cuál fue el tema de la XV reunión en Tapachula?",
        "¿Qué dicen los lineamientos sobre niñez migrante no acompañada?",
        "¿Qué país ejerció la Presidencia Pro Témpore en 2022?",
        "¿Qué es la RROCM?",
        "¿Qué dijo la Declaración Extraordinaria?",
        "¿Qué es la Conferencia Suramericana sobre Migraciones?",
        "¿Qué es la guía sobre desplazamiento por desastres?",
        "¿Qué son los lineamientos sobre mujeres migrantes?",
    ),
}
_MEETINGS: dict[Lang, tuple[tuple[str, str], ...]] = {
    "en": (("city", "Where was the {edition} RCM held?"), ("theme", "What was the theme of the {edition} RCM?"),
           ("presidency", "Who held the presidency of the RCM in {year}?")),
    "es": (("city", "¿Dónde se celebró la {edition} CRM?"), ("theme", "¿Cuál fue el tema de la {edition} CRM?"),
           ("presidency", "¿Quién ejerció la presidencia de la CRM en {year}?")),
}  # fmt: skip
_MAX_BANK = 120  # questions of a language


@dataclass(frozen=True, slots=True)
class Lead:
    """A question that the index answers, and the documents its answer rests on."""

    text: str
    answer: str
    variants: frozenset[str]
    words: frozenset[str]


class Leads:
    """The bank of the newest generation; made in the background, empty until then."""

    def __init__(self) -> None:
        self._generation: str | None = None
        self._bank: dict[Lang, tuple[Lead, ...]] = {"en": (), "es": ()}
        self._first: dict[Lang, tuple[str, ...]] = {"en": (), "es": ()}
        self._lock = threading.Lock()

    def prepare(self, engine: Engine) -> None:
        """Ask all the questions and keep those that are answered."""
        with self._lock:
            if self._generation == engine.info.generation:
                return
            for lang in LANGS:
                good = [lead for text in FIRST_QUESTIONS[lang] if (lead := _ask(engine, text, lang)) is not None]
                self._first[lang] = tuple(lead.text for lead in good[:6])
                self._bank[lang] = tuple(good)
            self._generation = engine.info.generation
            for lang in LANGS:
                more = [lead for text in _about_meetings(engine, lang) if (lead := _ask(engine, text, lang)) is not None]
                self._bank[lang] = (*self._bank[lang], *more)

    def _fresh(self, engine: Engine) -> None:
        if self._generation != engine.info.generation and not self._lock.locked():
            threading.Thread(target=self.prepare_quietly, args=(engine,), name="leads", daemon=True).start()

    def prepare_quietly(self, engine: Engine) -> None:
        """The same; a failure costs the suggestions, nothing else."""
        try:
            self.prepare(engine)
        except Exception:
            log.exception("the questions to go on with could not be made")

    def first(self, engine: Engine, lang: Lang) -> tuple[str, ...]:
        """Six questions for a first visit, each answered by the index."""
        self._fresh(engine)
        return self._first[lang]

    def related(self, engine: Engine, answer: Answer, limit: int = 4) -> tuple[str, ...]:
        """Questions that rest on the same documents as an answer, or share its words; suggestions of the engine first."""
        self._fresh(engine)
        lang = answer.question.lang
        here = [evidence.document.variant_of or evidence.document.id for evidence in answer.passages[:5]]
        words = _content_words(answer.question.search_text)
        scored: list[tuple[float, int, str]] = []
        for number, lead in enumerate(self._bank[lang]):
            if lead.words == words or lead.answer == answer.text:
                continue
            shared = sum(1 / (rank + 1) for rank, variant in enumerate(here) if variant in lead.variants)
            overlap = len(words & lead.words) / max(len(words | lead.words), 1)
            if shared + overlap > 0.2:
                scored.append((-(shared + overlap), number, lead.text))
        found = [text for _, _, text in sorted(scored)]
        return tuple(dict.fromkeys([*answer.suggestions, *found]))[:limit]


def _ask(engine: Engine, text: str, lang: Lang) -> Lead | None:
    try:
        answer = engine.answer(text, k=3, lang=lang, suggestions=False)
    except QaError:
        return None
    if answer.status != "answered":
        return None
    return Lead(
        text, answer.text, frozenset(e.document.variant_of or e.document.id for e in answer.passages), _content_words(text)
    )


def _content_words(text: str) -> frozenset[str]:
    return frozenset(w.folded for w in find_words(text)) - STOP_WORDS_OF_EITHER


def _about_meetings(engine: Engine, lang: Lang) -> list[str]:
    out: dict[str, None] = {}
    for document in engine.index.store.documents():
        event = document.event
        for key, form in _MEETINGS[lang]:
            if getattr(event, key) and ("{edition}" not in form or event.edition) and ("{year}" not in form or event.year):
                out[form.format(edition=event.edition, year=event.year)] = None
    return list(out)[:_MAX_BANK]
