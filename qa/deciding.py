"""Is this an answer? A calibrated probability from several features, three states, a reason in plain words."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, log1p
from pathlib import Path

import numpy as np

from corpus.numerals import find_ordinals
from corpus.records import Lang
from corpus.words import find_words
from index.searching import Index
from qa.answers import Confidence, Level, Question, Status
from qa.examining import Examined, Subject
from qa.retrieving import Candidates, QuestionTerms, QuestionWord

PATH = Path(__file__).parent / "calibration.json"

FEATURES = (
    "dense",  # cosine of the question and the best passage
    "sentence",  # best cosine with one of its sentences
    "sentence_z",  # the same in deviations from the question's cosine over passages at large
    "lexical",  # share of the possible BM25 score
    "coverage",  # share of the question's words, by rarity, in the passage and what stands over it
    "coverage_near",  # the best such share among the first five passages
    "sentence_coverage",  # the same share for the answering sentences alone
    "typed_sentence",  # best sum of cosine and half the coverage of a sentence that holds the sort of thing asked for
    "uncovered",  # share of the question's words, by rarity, that the passage and its header lack in any inflection
    "uncovered_words",  # how many they are
    "rarest_uncovered",  # the rarity of the rarest
    "unanswered",  # the same three for the answering sentences and the header
    "unanswered_words",
    "rarest_unanswered",
    "uncounted",  # "how many X" is asked and the answering sentences do not mention X
    "unknown",  # share of the question's words, by rarity, that no passage holds
    "named",  # share of the question's names, acronyms and numbers in the passage or its document's record
    "named_missing",  # how many of them are missing
    "margin",  # how far the best passage stands above the tenth
    "sentence_margin",  # how far its best sentence stands above those of the next five passages
    "agreement",  # 1 where both arms put it first, less as they differ
    "type_present",  # the answering sentences hold a date, name, number as asked
    "type_missing",  # the whole passage holds none
    "words",  # log of the number of words asked
    "dense_only",  # no lexical evidence at all
    "asks_number",
    "asks_person",
    "asks_time",
    "asks_manner",  # how, why
)


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic model over standardised features for one question language, with its operating points."""

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float
    answered: float  # at or above: answered
    related: float  # at or above: related; below: not_found

    def probability(self, features: Mapping[str, float]) -> float:
        """P(the passages answer the question)."""
        total = self.bias
        for name, mean, scale, weight in zip(FEATURES, self.mean, self.scale, self.weights, strict=True):
            total += weight * (features[name] - mean) / scale
        return 1 / (1 + exp(-max(min(total, 30.0), -30.0)))


@lru_cache(maxsize=4)
def load_calibration(path: Path = PATH) -> dict[str, Calibration]:
    """The models by question language."""
    data = json.loads(path.read_text(encoding="utf-8"))
    if tuple(data["features"]) != FEATURES:
        raise ValueError(f"{path} was made for other features; run `rcm-qa eval calibrate`")
    return {
        lang: Calibration(tuple(m["mean"]), tuple(m["scale"]), tuple(m["weights"]), m["bias"], m["answered"], m["related"])
        for lang, m in data["models"].items()
    }


def subject_of(index: Index, question: Question, candidates: Candidates) -> Subject:
    """The words of a question that name something: capitals inside it, acronyms, years, ordinals, glossary concepts."""
    text = question.search_text
    words = find_words(text)
    named: list[tuple[str, frozenset[str]]] = []
    ordinals = {words[a].start for a, _, _ in find_ordinals([w.surface for w in words], [w.folded for w in words])}
    taken: set[int] = set()
    for group in candidates.terms.groups:
        start, end = group[0].start, group[0].end
        concepts = [t for t in group if t.term.startswith("@")]
        if concepts:
            if index.english.idf(concepts[0].term) > 1.0:  # the process itself is in every passage
                named.append((text[start:end], frozenset(t.term for t in group)))
            taken.update(range(start, end))
    for group in candidates.terms.groups:
        start, end = group[0].start, group[0].end
        surface = text[start:end]
        if start in taken or any(t.term.startswith("@") for t in group):
            continue
        capital = surface[:1].isupper() and start > 0 and not re.search(r"[.?!¿¡:]\s*$", text[:start])
        number = bool(re.search(r"\d", surface)) or start in ordinals
        acronym = len(surface) > 1 and surface.isupper()
        if capital or number or acronym:
            named.append((surface, frozenset(t.term for t in group)))
    return Subject(tuple(named))


def features_of(
    index: Index,
    question: Question,
    candidates: Candidates,
    seen: Sequence[Examined],
    answers: Sequence[tuple[int, int]],
) -> dict[str, float]:
    """The values of FEATURES for the best candidate (position 0), and its answering sentences."""
    first = seen[0]
    terms = candidates.terms
    unknown = sum(word.weight for word in terms.words if not any(index.english.frequency(t.term) for t in word.terms))
    mean, deviation = candidates.background
    tail = candidates.scores[min(9, len(candidates.scores) - 1)]
    ranks = [candidates.dense_ranks.get(first.ordinal), candidates.lexical_ranks.get(first.ordinal)]
    twin = candidates.twins.get(first.ordinal)
    if twin is not None:
        pairs = zip(ranks, (candidates.dense_ranks.get(twin), candidates.lexical_ranks.get(twin)), strict=True)
        ranks = [min((r for r in pair if r is not None), default=None) for pair in pairs]
    chosen = [n for n, span in enumerate(first.passage.sentences) if span in answers]
    sentence = float(first.cosines.max())
    answer_text = " ".join(first.document.text[a:b] for a, b in answers)
    lacking = lacking_words(index, first, first.passage.text, terms)
    unanswered = lacking_words(index, first, answer_text, terms)
    total = terms.total_weight or 1.0
    bare = first.cosines + 0.5 * first.matched.coverages
    others = [float(examined.sentence_scores.max()) for examined in seen[1:6]]
    return {
        "dense": float(candidates.dense[0]),
        "sentence": sentence,
        "sentence_z": (sentence - mean) / deviation if candidates.vector is not None else 0.0,
        "lexical": float(max(candidates.english[0], candidates.own[0])),
        "coverage": first.coverage,
        "coverage_near": max(examined.coverage for examined in seen[:5]),
        "typed_sentence": float(bare[first.typed].max()) if first.typed.any() else 0.0,
        "uncovered": sum(word.weight for word in lacking) / total,
        "uncovered_words": float(len(lacking)),
        "rarest_uncovered": max((word.weight for word in lacking), default=0.0),
        "unanswered": sum(word.weight for word in unanswered) / total,
        "unanswered_words": float(len(unanswered)),
        "rarest_unanswered": max((word.weight for word in unanswered), default=0.0),
        "uncounted": float(_uncounted(question, terms, unanswered)),
        "type_missing": float(not first.typed.any()),
        "sentence_margin": float(first.sentence_scores.max() - np.mean(others)) if others else 0.0,
        "asks_number": float(question.kind == "how_many"),
        "asks_person": float(question.kind == "who"),
        "asks_time": float(question.kind == "when"),
        "asks_manner": float(question.kind in ("how", "why")),
        "sentence_coverage": float(first.matched.coverages[chosen].max()),
        "unknown": unknown / terms.total_weight if terms.total_weight else 0.0,
        "named": 1 - len(first.missing) / first.names if first.names else 1.0,
        "named_missing": float(len(first.missing)),
        "margin": float(candidates.scores[0] - tail),
        "agreement": float(np.mean([1 / rank if rank else 0.0 for rank in ranks])),
        "type_present": float(first.typed[chosen].any()),
        "words": log1p(len(candidates.terms.groups)),
        "dense_only": float(candidates.english[0] == 0.0 and candidates.own[0] == 0.0),
    }


def lacking_words(index: Index, first: Examined, text: str, terms: QuestionTerms) -> list[QuestionWord]:
    """The words of a question that a text and the passage's header lack: by stem, gloss, concept, or a common beginning."""
    present = first.header | {term.term for term in index.analyzer.english_terms(text, first.passage.lang)}
    beginnings = {term[:length] for term in present for length in range(5, len(term) + 1)}
    named = [term for term in terms.concepts if term.term in present]

    def covered(word: QuestionWord) -> bool:
        if any(name.start <= word.start and word.end <= name.end for name in named):
            return True
        return any(
            t.term in present or (len(t.term) >= 5 and t.term[: max(5, len(t.term) - 2)] in beginnings) for t in word.terms
        )

    return [word for word in terms.words if not covered(word)]


_COUNTED = re.compile(r"(?:how many|cu[aá]nt[oa]s)\s+([\w-]+(?:\s+[\w-]+)?)", re.IGNORECASE)


def _uncounted(question: Question, terms: QuestionTerms, unanswered: Sequence[QuestionWord]) -> bool:
    match = _COUNTED.search(question.search_text)
    if match is None:
        return False
    counted = [word for word in terms.words if match.start(1) <= word.start < match.end(1)]
    return bool(counted) and all(word in unanswered for word in counted)


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
        "related": "These passages are about the subject, but none of them may answer the question.",
        "missing": "No passage of the collection mentions {names} together with the rest of the question.",
        "unknown": "No document of the collection mentions {names}.",
        "year": "No document of the collection says this about {names}.",
        "topic": "The collection is about the Regional Conference on Migration; nothing in it concerns {names}.",
        "nothing": "The collection is about the Regional Conference on Migration; nothing in it answers this question.",
        "filters": "No passage matches the chosen filters; take one of them away and ask again.",
        "phrase": "No document contains the words {names} exactly so.",
    },
    "es": {
        "high": "Las palabras marcadas responden directamente a la pregunta.",
        "medium": "Las palabras marcadas probablemente responden a la pregunta; conviene comprobarlas en la fuente.",
        "related": "Estos pasajes tratan del tema, pero es posible que ninguno responda a la pregunta.",
        "missing": "Ningún pasaje de la colección menciona {names} junto con el resto de la pregunta.",
        "unknown": "Ningún documento de la colección menciona {names}.",
        "year": "Ningún documento de la colección dice esto sobre {names}.",
        "topic": "La colección trata de la Conferencia Regional sobre Migración; nada en ella se refiere a {names}.",
        "nothing": "La colección trata de la Conferencia Regional sobre Migración; nada en ella responde a esta pregunta.",
        "filters": "Ningún pasaje cumple los filtros elegidos; quite alguno y pregunte de nuevo.",
        "phrase": "Ningún documento contiene exactamente las palabras {names}.",
    },
}


def _quote_names(names: list[str], lang: Lang) -> str:
    opening, closing = ("“", "”") if lang == "en" else ("«", "»")
    marked = [f"{opening}{name}{closing}" for name in names[:3]]
    joint = (" or " if lang == "en" else " ni ") if len(marked) > 1 else ""
    return ", ".join(marked[:-1]) + joint + marked[-1] if marked else ""


def empty_reason(question: Question) -> str:
    """Why there is not a single passage."""
    words = _REASONS[question.lang]
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
    if unknown and status == "not_found":
        known_subject = sum(1 for g in candidates.terms.groups if any(index.english.frequency(t.term) for t in g))
        key = "topic" if known_subject <= len(unknown) else "unknown"
        return words[key].format(names=_quote_names(unknown, question.lang))
    if missing:
        years = [name for name in missing if re.fullmatch(r"\d{4}", name)]
        return words["year" if years else "missing"].format(names=_quote_names(years or missing, question.lang))
    if status == "related":
        return words["related"]
    return words["nothing"]


def unknown_words(index: Index, question: Question, candidates: Candidates) -> list[str]:
    """The words of a question that occur nowhere in the collection, as asked."""
    found: list[str] = []
    for group in candidates.terms.groups:
        if not any(index.english.frequency(term.term) for term in group):
            word = question.search_text[group[0].start : group[0].end]
            if len(word) > 2 and word not in found:
                found.append(word)
    return found


def make_confidence(p: float, level: Level, reason: str) -> Confidence:
    """The record of a decision."""
    return Confidence(level, round(p, 4), reason)
