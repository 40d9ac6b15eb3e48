"""An answer and its parts. No timing inside: equal answers are equal."""

from dataclasses import dataclass, field
from typing import Any, Literal

from corpus.records import Document, Lang, Passage
from index.filters import Filters

Status = Literal["answered", "related", "not_found"]
Level = Literal["high", "medium", "low", "none"]
QuestionKind = Literal["who", "when", "where", "how_many", "which", "why", "what", "how", "yes_no", "definition", "name"]


@dataclass(frozen=True, slots=True)
class Question:
    """A question as asked and as understood."""

    text: str
    lang: Lang
    search_text: str  # what is searched: corrected, completed from the history, without words that ask for an acronym
    search_lang: Lang  # its language: that of the history where a follow-up in the other language is completed from it
    interpreted_as: str | None  # shown when it differs from the text in more than spelling of accents
    kind: QuestionKind
    filters: Filters = field(default_factory=Filters)
    history: tuple[str, ...] = ()
    carries: bool = False  # whether the brackets at the end of `search_text` only say of what it asks, from the history


@dataclass(frozen=True, slots=True)
class Highlight:
    """A span of the document to mark: the answering words, or words that matched."""

    start: int
    end: int
    kind: Literal["answer", "match"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a passage stands where it does. Ranks are None where an arm did not find it."""

    dense_rank: int | None
    lexical_rank: int | None
    fused_rank: int
    matched_terms: tuple[str, ...]
    score: float
    gloss: tuple[str, ...] = ()  # "trata → trafficking", "frontier → border": words that matched in translation or by a synonym
    reason: str = ""  # one sentence for people


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage that supports an answer, with its document and what to mark in it."""

    passage: Passage
    document: Document
    variants: dict[str, str]
    rank: int
    citation: int
    highlights: tuple[Highlight, ...]
    explain: Explanation
    nearest: tuple[tuple[int, int], ...] = ()  # spans of its sentences that come nearest, where none may be the answer

    @property
    def pointed_at(self) -> tuple[tuple[int, int], ...]:
        """The spans that a reader should look at first: what answers, else what comes nearest; none where neither is marked."""
        return tuple((h.start, h.end) for h in self.highlights if h.kind == "answer") or self.nearest

    @property
    def place(self) -> tuple[int, int]:
        """From the first of these spans to the last, the whole passage where there is none."""
        spans = self.pointed_at
        return (spans[0][0], spans[-1][1]) if spans else (self.passage.start, self.passage.end)

    @property
    def wording(self) -> str:
        """The words of the first of these spans, of the whole passage where there is none."""
        return self.document.text[slice(*self.pointed_at[0])] if self.pointed_at else self.passage.text


@dataclass(frozen=True, slots=True)
class Confidence:
    """A calibrated probability that the answer is right, in words and as a number."""

    level: Level
    p: float
    reason: str


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """The index that an answer came from."""

    generation: str
    built_at: str
    model: str
    documents: int
    passages: int
    stale: bool = False
    degraded: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, verbatim answer, ranked evidence."""

    question: Question
    status: Status
    confidence: Confidence
    text: str
    lang: Lang | None
    citations: tuple[int, ...]
    passages: tuple[Evidence, ...]
    suggestions: tuple[str, ...]
    facets: dict[str, dict[str, int]]
    index: IndexInfo
    notes: tuple[str, ...] = ()

    @property
    def filtered(self) -> bool:
        """Whether nothing was found and filters were chosen: then the collection may hold it all the same."""
        return self.status == "not_found" and self.question.filters.chosen


def viewer_link(evidence: Evidence) -> str:
    """The reader page of a passage, scrolled to the answer or to what comes nearest."""
    start, end = evidence.place
    return f"/documents/{evidence.document.id}?start={start}&end={end}#hit"


def as_json(answer: Answer, took_ms: dict[str, float] | None = None) -> dict[str, Any]:
    """The ANSWER object of the contract."""
    question = answer.question
    return {
        "question": {
            "text": question.text,
            "lang": question.lang,
            "interpreted_as": question.interpreted_as,
            "filters": {k: list(v) if isinstance(v, tuple) else v for k, v in question.filters.as_dict().items()},
        },
        "status": answer.status,
        "confidence": {
            "level": answer.confidence.level,
            "p": round(answer.confidence.p, 4),
            "reason": answer.confidence.reason,
        },
        "answer": {"text": answer.text, "lang": answer.lang, "citations": list(answer.citations)},
        "passages": [evidence_json(evidence) for evidence in answer.passages],
        "suggestions": list(answer.suggestions),
        "facets": answer.facets,
        "index": {
            "generation": answer.index.generation,
            "built_at": answer.index.built_at,
            "model": answer.index.model,
            "documents": answer.index.documents,
            "passages": answer.index.passages,
            "stale": answer.index.stale,
            "degraded": answer.index.degraded,
        },
        "notes": list(answer.notes),
        "took_ms": {stage: round(value, 3) for stage, value in (took_ms or {}).items()},
    }


def document_json(document: Document, variants: dict[str, str]) -> dict[str, Any]:
    """The document as a passage refers to it."""
    source = document.source
    return {
        "id": document.id,
        "title": document.title,
        "publisher": source.publisher,
        "published": source.published,
        "lang": document.lang,
        "url": source.url,
        "kind": source.kind,
        "sha256": document.sha256,
        "variants": variants,
    }


def evidence_json(evidence: Evidence) -> dict[str, Any]:
    """One entry of `passages`."""
    from qa.citing import text_fragment_link

    passage = evidence.passage
    explain = evidence.explain
    return {
        "rank": evidence.rank,
        "citation": evidence.citation,
        "id": passage.id,
        "lang": passage.lang,
        "document": document_json(evidence.document, evidence.variants),
        "section": list(passage.section),
        "page": passage.page,
        "text": passage.text,
        "start": passage.start,
        "end": passage.end,
        "highlights": [{"start": h.start, "end": h.end, "kind": h.kind} for h in evidence.highlights],
        "links": {
            "viewer": viewer_link(evidence),
            "original": text_fragment_link(evidence.document, evidence.wording, passage.page),
            "cite": f"/api/v1/passages/{passage.id}/cite",
        },
        "explain": {
            "dense_rank": explain.dense_rank,
            "lexical_rank": explain.lexical_rank,
            "fused_rank": explain.fused_rank,
            "matched_terms": list(explain.matched_terms),
            "gloss": list(explain.gloss),
            "nearest": [{"start": start, "end": end} for start, end in evidence.nearest],
            "reason": explain.reason,
            "score": round(explain.score, 5),
        },
    }
