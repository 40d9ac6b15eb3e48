"""The language of a question."""

from functools import lru_cache

from corpus.glossary import load_glossary
from corpus.language import language_evidence
from corpus.records import Lang
from corpus.words import find_words, fold
from index.analysis import stem
from index.searching import Index


@lru_cache(maxsize=1)
def _abbreviations() -> dict[Lang, frozenset[str]]:
    """Folded abbreviations of the glossary that only one language uses: RCM, CRM."""
    terms = load_glossary()
    english = {fold(short) for term in terms for short in term.abbr_en}
    spanish = {fold(short) for term in terms for short in term.abbr_es}
    return {"en": frozenset(english - spanish), "es": frozenset(spanish - english)}


def guess_question_lang(text: str, index: Index, before: Lang | None) -> Lang:
    """The language of a question: function words and letters first; where they tell little, whose words the others are."""
    english, spanish = language_evidence(text)
    if english + spanish >= 1 and not 0.4 <= spanish / (english + spanish) <= 0.6:
        return "es" if spanish > english else "en"
    abbreviations = _abbreviations()
    for word in find_words(text):
        form = word.folded
        english += form in abbreviations["en"]
        spanish += form in abbreviations["es"]
        if not form.isalpha() or len(form) < 3 or word.surface.isupper():
            continue
        entry = index.gloss.entry(form)
        is_english = index.gloss.is_english(form)
        if entry is not None and entry.senses:
            # A Spanish word may stand in English texts too, in a title; one that is the same in both tells nothing.
            other = not is_english or (fold(entry.senses[0].english) != form and index.spanish.frequency(stem(form, "es")) > 0)
            spanish += other
        elif is_english:
            english += 1.0
    if spanish != english:
        return "es" if spanish > english else "en"
    return before or "en"
