"""Is this an answer? A calibrated probability from several features, three states, a reason in plain words."""

import json
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import exp
from pathlib import Path

from rapidfuzz import process, utils

from corpus.numerals import find_ordinals
from corpus.records import Lang
from corpus.words import find_words
from index.analysis import Term
from index.searching import Index
from qa.answers import Confidence, Level, Question, Status
from qa.examining import COVERED, Examined, Name, Subject
from qa.expecting import YEAR, find_counts, lacks_countries
from qa.kinds import asks_for_person
from qa.requests import asks_nothing
from qa.retrieving import Candidates, QuestionTerms, QuestionWord

PATH = Path(__file__).parent / "calibration.json"
# Values beyond which more of a feature says no more: a question of one or two words would be an extreme. Chosen on the dev split.
CEILINGS = {"synonyms": 0.15, "lexical_around": 0.5, "needed_most": 0.5}
AROUND = 8  # candidates that the best is compared with
FEW = 15  # values of a filter that are all told where it has another one

FEATURES = (
    "sentence",  # best cosine with one of its sentences
    "synonyms",  # share of the question's words, by rarity, that synonyms stand for in an answering sentence
    "ahead",  # how far the fused score is above the mean of the first candidates
    "lexical_around",  # mean share of the possible lexical score of these candidates: words that all of them hold say little
    "typed_sentence",  # best sum of cosine and covered words of a sentence that holds the sort of thing asked for
    "rarest_unanswered",  # rarity of the rarest of the question's words that the answering sentences and the header lack
    "number_apart",  # "how many X" is asked and no number stands near an X
    "late_lacking",  # late interaction: how far the word that the answering sentences lack most is from any there, by rarity
    "needed",  # share of the question's words, by rarity and learnt need, that find no partner in the passage
    "needed_most",  # share of the word that an answer needs most: where all rests on one word, finding it says little
    "named_missing",  # names, acronyms and numbers of the question that neither passage nor document record holds
    "number_missing",  # a number, date, place or person is asked for and the answering sentences hold none
    "date_missing",
    "place_missing",
    "name_missing",  # a person, or what something is called
    "country_missing",  # which countries is asked and the answering sentences name none, or not two
    "other_year",  # the question names a year, the answering sentences only others
)


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic model over standardised features for one question language, a curve over what it gives where the dev split
    prefers one, and the operating points.
    """

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float
    curve: tuple[tuple[float, float], ...]  # rising points from (0, 0) to (1, 1), straight between them; none for the model alone
    answered: float  # at or above: answered
    related: float  # at or above: related; below: not_found

    def probability(self, features: Mapping[str, float]) -> float:
        """P(the passages answer the question)."""
        total = self.bias
        for name, mean, scale, weight in zip(FEATURES, self.mean, self.scale, self.weights, strict=True):
            value = features.get(name)
            if value is not None:  # what is not known counts as the mean
                total += weight * (value - mean) / scale
        p = 1 / (1 + exp(-max(min(total, 30.0), -30.0)))
        for (x0, y0), (x1, y1) in pairwise(self.curve):
            if p <= x1:
                return y0 + (y1 - y0) * (p - x0) / (x1 - x0)
        return p


@lru_cache(maxsize=4)
def load_calibration(path: Path = PATH) -> dict[str, Calibration]:
    """The models by question language."""
    data = json.loads(path.read_text(encoding="utf-8"))
    if tuple(data["features"]) != FEATURES:
        raise ValueError(f"{path} was made for other features; run `rcm-qa eval calibrate`")
    return {
        lang: Calibration(
            tuple(m["mean"]),
            tuple(m["scale"]),
            tuple(m["weights"]),
            m["bias"],
            tuple(map(tuple, m["curve"])),
            m["answered"],
            m["related"],
        )
        for lang, m in data["models"].items()
    }


def subject_of(index: Index, question: Question, candidates: Candidates) -> Subject:
    """The words of a question that name something: capitals inside it, acronyms, years, ordinals, glossary concepts."""
    text, terms = question.search_text, candidates.terms
    words = find_words(text)
    # "First" is more often a word for the beginning than the number of a meeting.
    ordinals = {words[a].start for a, _, n in find_ordinals([w.surface for w in words], [w.folded for w in words]) if n > 1}
    near = {word.start: frozenset(term.term for term in word.near) for word in terms.words}
    rarities = {word.start: word.weight for word in terms.words}
    named: dict[tuple[int, int], Name] = {}
    taken: set[int] = set()
    for concept in terms.concepts:
        # A notion such as "reintegration" is no name, and the process itself is in every passage.
        if concept.term in index.analyzer.proper and index.english.idf(concept.term) > 1.0:
            inside = [word for word in terms.words if concept.reaches_over(word.start, word.end)]
            alternatives = tuple(frozenset(term.term for term in word.terms) for word in inside)
            rarity = tuple(word.weight for word in inside)
            named[concept.start, concept.end] = Name(text[concept.start : concept.end], alternatives, rarity, concept.term)
        taken.update(range(concept.start, concept.end))
    before: tuple[int, int] | None = None
    for group in terms.groups:
        start, end = group[0].start, group[0].end
        surface = text[start:end]
        if start in taken or any(t.term.startswith("@") for t in group):
            continue
        capital = surface[:1].isupper() and start > 0 and not re.search(r"[.?!¿¡:]\s*$", text[:start])
        decade = re.fullmatch(r"(?:\d\d)?\d0s", surface)  # no text that dates a thing need say "the 1990s"
        number = not decade and (bool(re.search(r"\d", surface)) or start in ordinals)
        acronym = len(surface) > 1 and surface.isupper()
        if not (capital or number or acronym):
            continue
        alternatives = (frozenset(t.term for t in group) | near.get(start, frozenset()),)
        rarity = (rarities.get(start, 0.0),)
        if capital and before is not None and before[1] == start - 1 and text[start - 1] == " ":
            first = named.pop(before)  # "Northern Triangle", "Gustavo Mohar": one name
            alternatives, rarity = (*first.words, *alternatives), (*first.rarities, *rarity)
            start = before[0]
        before = start, end
        named[before] = Name(text[start:end], alternatives, rarity)
    return Subject(tuple(name for _, name in sorted(named.items())))


def features_of(
    index: Index,
    question: Question,
    candidates: Candidates,
    first: Examined,
    answers: Sequence[tuple[int, int]],
) -> dict[str, float]:
    """The values of FEATURES, as far as they are known, for the best candidate and its answering sentences."""
    terms = candidates.terms
    chosen = [n for n, span in enumerate(first.passage.sentences) if span in answers]
    sentences = [first.document.text[a:b] for a, b in answers]
    answer_text = " ".join(sentences)
    answer_terms = index.analyzer.english_terms(answer_text, first.passage.lang)
    unanswered = lacking_words(terms, first.header | {term.term for term in answer_terms})
    untyped = not first.typed[chosen].any()
    covered = first.cosines + COVERED * first.matched.coverages
    found = {
        "sentence": float(first.cosines.max()),
        "synonyms": float(first.matched.synonyms[chosen].max()),
        **_around(candidates),
        "typed_sentence": float(covered[first.typed].max()) if first.typed.any() else 0.0,
        "rarest_unanswered": max((word.weight for word in unanswered), default=0.0),
        "number_apart": float(_number_apart(question, terms, answer_text, answer_terms, first, chosen)),
        **_late_features(candidates, first, chosen),
        "named_missing": float(len(first.missing)),
        "number_missing": float(question.kind == "how_many" and untyped),
        "date_missing": float(question.kind == "when" and untyped),
        "place_missing": float(question.kind == "where" and untyped),
        "name_missing": float(
            untyped and (question.kind == "name" or (question.kind == "who" and asks_for_person(question.search_text)))
        ),
        "country_missing": float(lacks_countries(question.search_text, sentences, index.vocabulary.is_common)),
        "other_year": float(_other_year(question.search_text, answer_text, first)),
    }
    return {name: min(value, CEILINGS.get(name, value)) for name, value in found.items()}


def lacking_words(terms: QuestionTerms, present: Set[str]) -> list[QuestionWord]:
    """The words of a question that are not among the terms present: by stem, gloss, concept, or a common beginning."""
    named = [term for term in terms.concepts if term.term in present]
    listed = " ".join(("", *present))  # a term of the list begins so where this holds a blank and the beginning

    def covered(word: QuestionWord) -> bool:
        if any(name.reaches_over(word.start, word.end) for name in named):
            return True
        if any(term.term in present for term in word.terms):
            return True
        beginnings = [f" {term.term[: max(5, len(term.term) - 2)]}" for term in word.terms if len(term.term) >= 5]
        return any(beginning in listed for beginning in beginnings)

    return [word for word in terms.words if not covered(word)]


def _around(candidates: Candidates) -> dict[str, float]:
    """None where filters or a small collection leave too few candidates to compare with."""
    if len(candidates.scores) < AROUND:
        return {}
    return {
        "ahead": float(candidates.scores[0] - candidates.scores[:AROUND].mean()),
        "lexical_around": float(candidates.english[:AROUND].mean()),
    }


def _late_features(candidates: Candidates, first: Examined, chosen: Sequence[int]) -> dict[str, float]:
    """Of late interaction; none where the index or the question has no tokens."""
    asked, words = candidates.asked, first.words
    if asked is None or words is None:
        return {}
    rarity = asked.rarity * asked.content if asked.content.any() else asked.rarity
    absent = 1 - words.passage
    return {
        "late_lacking": float((rarity * (1 - words.sentences[chosen].max(axis=0))).max() / asked.rarity.sum()),
        "needed": float(asked.need @ absent / asked.need.sum()),
        "needed_most": float(asked.need.max() / asked.need.sum()),
    }


def _other_year(asked: str, answer: str, first: Examined) -> bool:
    """Whether the answer speaks of other years than the question, and neither it nor what stands over it of the same."""
    wanted, found = set(YEAR.findall(asked)), set(YEAR.findall(answer))
    return bool(wanted and found and not wanted & (found | first.header))


# Whoever is counted, a text may call them so: "how many students finished" - "81 participants did".
_PEOPLE = re.compile(
    r"\b(?:people|persons?|individuals|participants|attendees|students|trainees|kids|children|minors|migrants|officials|experts|personas|gente|individuos|"
    r"participantes|asistentes|alumn[ao]s|estudiantes|niñ[ao]s|menores|migrantes|indocumentad[ao]s|funcionari[ao]s|expert[ao]s)\b",
    re.IGNORECASE,
)
# After a number: what it counts was named before, here or in the sentence before: "nearly 40,000 in 2015", "1.2 million of them".
_COUNTS_WHAT_WAS_NAMED = re.compile(
    r"\s*(?:[.,;:)]|$)|\s(?:of (?:them|these|those|whom|which)|de (?:ell[ao]s|est[ao]s|l[ao]s cuales)|(?:en|in) (?:19|20)\d\d)\b"
)
_MONEY_BEFORE = re.compile(r"(?:[$€£]|\b[A-Z]{3}) ?$")
# What is counted; after a pronoun or a verb nothing is named: "cuántos lo terminaron".
_COUNTED = re.compile(
    r"(?:how many|cu[aá]nt[oa]s)\s+(?!(?:hay|hubo|there|se|lo|la|los|las|le|les|nos|ha|han|of|were|was|are|did|do|have|has|had)\b)([\w-]+(?:\s+[\w-]+)?)",
    re.IGNORECASE,
)


def _number_apart(
    question: Question, terms: QuestionTerms, answer: str, answer_terms: Sequence[Term], first: Examined, chosen: Sequence[int]
) -> bool:
    match = _COUNTED.search(question.search_text)
    if match is None:
        return False
    asked_for = [word for word in terms.words if match.start(1) <= word.start < match.end(1)]
    counted = {term.term for word in asked_for for term in (*word.terms, *word.near)}
    places = [term.start for term in answer_terms if term.term in counted]
    if _PEOPLE.match(match[1]):
        places += [people.start() for people in _PEOPLE.finditer(answer)]
    rows = [terms.rows[term] for term in counted if term in terms.rows]
    spoken_of = first.matched.stands[rows][:, [*chosen, max(min(chosen) - 1, 0)]].any()
    asked = frozenset(word.folded for word in find_words(question.search_text))
    numbers = list(find_counts(answer, asked))
    return bool(counted) and not any(
        any(-12 <= place - end <= 36 for place in places)
        or (
            spoken_of and _COUNTS_WHAT_WAS_NAMED.match(answer, end) and not _MONEY_BEFORE.search(answer, max(0, start - 5), start)
        )
        for start, end in numbers
    )


def status_of(p: float, calibration: Calibration) -> tuple[Status, Level]:
    """The state and the word for a probability."""
    if p >= calibration.answered:
        return "answered", "high" if p >= (1 + calibration.answered) / 2 else "medium"
    if p >= calibration.related:
        return "related", "low"
    return "not_found", "none"


_REASONS: dict[Lang, dict[str, str]] = {
    "en": {
        "high": "The marked words answer the question directly.",
        "medium": "The marked words probably answer the question; check them against the source.",
        "related": "These passages come nearest, but they may not answer the question.",
        "missing": "No passage of the collection mentions {names} together with the rest of the question.",
        "unknown": "No document of the collection mentions {names}.",
        "year": "No document of the collection says this about {names}.",
        "left_out": "{names} stands only in menus or contact lines of “{title}”, which are not searched; see its source.",
        "topic": "The collection is about the Regional Conference on Migration; nothing in it concerns {names}.",
        "nothing": "The collection is about the Regional Conference on Migration; nothing was found in it that answers this question.",
        "program": "This searches {documents:,} documents about the Regional Conference on Migration and quotes what answers a question; ask one.",
        "filters": "No passage matches the chosen filters; take one of them away and ask again.",
        "document": "There is no document with the id {names}; {known}.",
        "kind": "There is no document of the kind {names}; {known}.",
        "publisher": "There is no document of the publisher {names}; {known}.",
        "all": "there are: {known}",
        "nearest": "nearest are: {known}",
        "phrase": "No passage contains the words {names} exactly so.",
    },
    "es": {
        "high": "Las palabras marcadas responden directamente a la pregunta.",
        "medium": "Las palabras marcadas probablemente responden a la pregunta; conviene comprobarlas en la fuente.",
        "related": "Estos son los pasajes más cercanos, pero puede que no respondan a la pregunta.",
        "missing": "Ningún pasaje de la colección menciona {names} junto con el resto de la pregunta.",
        "unknown": "Ningún documento de la colección menciona {names}.",
        "year": "Ningún documento de la colección dice esto sobre {names}.",
        "left_out": "{names} solo figura en menús o líneas de contacto de «{title}», en los que no se busca; véase su fuente.",
        "topic": "La colección trata de la Conferencia Regional sobre Migración; nada en ella se refiere a {names}.",
        "nothing": "La colección trata de la Conferencia Regional sobre Migración; no se halló en ella nada que responda a esta pregunta.",
        "program": "Aquí se busca en {documents:,} documentos sobre la Conferencia Regional sobre Migración y se cita lo que responde a una pregunta; haga una.",
        "filters": "Ningún pasaje cumple los filtros elegidos; quite alguno y pregunte de nuevo.",
        "document": "No hay ningún documento con el id {names}; {known}.",
        "kind": "No hay ningún documento del tipo {names}; {known}.",
        "publisher": "No hay ningún documento del editor {names}; {known}.",
        "all": "hay: {known}",
        "nearest": "los más parecidos son: {known}",
        "phrase": "Ningún pasaje contiene exactamente las palabras {names}.",
    },
}


def _quote_names(names: list[str], lang: Lang) -> str:
    opening, closing = ("“", "”") if lang == "en" else ("«", "»")
    marked = [f"{opening}{name}{closing}" for name in names[:3]]
    joint = (" or " if lang == "en" else " ni ") if len(marked) > 1 else ""
    return ", ".join(marked[:-1]) + joint + marked[-1] if marked else ""


def empty_reason(question: Question, index: Index) -> str:
    """Why there is not a single passage."""
    words = _REASONS[question.lang]
    if asks_nothing(question.text):
        return words["program"].format(documents=index.manifest.counts.documents)
    if unknown := index.attributes.unknown(question.filters):
        field, value, known = unknown
        few = len(known) <= FEW
        told = known if few else [name for name, *_ in process.extract(value, known, processor=utils.default_process, limit=3)]
        there = words["all" if few else "nearest"].format(known="; ".join(told))
        return words[field].format(names=_quote_names([value[:100]], question.lang), known=there)
    if question.filters.phrases:
        return words["phrase"].format(names=_quote_names(list(question.filters.phrases), question.lang))
    if question.filters.as_dict():
        return words["filters"]
    return words["nothing"]


def reason_of(index: Index, question: Question, candidates: Candidates, status: Status, level: Level, missing: list[str]) -> str:
    """One sentence, in the question's language, that says what the state rests on."""
    words = _REASONS[question.lang]
    if status == "answered":
        return words[level]
    unknown = unknown_words(index, question, candidates)
    if left_out := _words_left_out(index, question, candidates):
        names, title = left_out
        return words["left_out"].format(names=_quote_names([names], question.lang), title=title)
    if unknown and status == "not_found":
        known_subject = sum(1 for g in candidates.terms.groups if any(index.english.frequency(t.term) for t in g))
        key = "topic" if known_subject <= len(unknown) else "unknown"
        return words[key].format(names=_quote_names(unknown, question.lang))
    if missing:
        if nowhere := [word for word in unknown if any(word in name for name in missing)]:
            return words["unknown"].format(names=_quote_names(nowhere, question.lang))
        years = [name for name in missing if re.fullmatch(r"\d{4}", name)]
        return words["year" if years else "missing"].format(names=_quote_names(years or missing, question.lang))
    if status == "related":
        return words["related"]
    return words["nothing"]


def _words_left_out(index: Index, question: Question, candidates: Candidates) -> tuple[str, str] | None:
    """The words of a question, with the title of a document, that stand only in what cleaning took out of that; None without any."""
    found: dict[str, list[str]] = {}
    for group in candidates.terms.groups if index.left_out else ():
        title = next((index.left_out[term.term] for term in group if term.term in index.left_out), None)
        if title is not None and not any(index.english.frequency(term.term) for term in group):
            found.setdefault(title, []).append(question.search_text[group[0].start : group[0].end])
    title, names = max(found.items(), key=lambda item: len(item[1]), default=("", []))
    return (" ".join(names), title) if names else None


def unknown_words(index: Index, question: Question, candidates: Candidates) -> list[str]:
    """The words of a question that occur nowhere in the collection, nor a synonym that counts for them, as asked."""
    found: list[str] = []
    other_words = {word.start for word in candidates.terms.words if word.near}
    for group in candidates.terms.groups:
        if group[0].start not in other_words and not any(index.english.frequency(term.term) for term in group):
            word = question.search_text[group[0].start : group[0].end]
            if len(word) > 2 and word not in found:
                found.append(word)
    return [word for word in found if not any(word in other and word != other for other in found)]


def make_confidence(p: float, level: Level, reason: str) -> Confidence:
    """The record of a decision."""
    return Confidence(level, round(p, 4), reason)
