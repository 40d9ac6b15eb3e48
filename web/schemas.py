"""What programs get from the API, as documented in OpenAPI."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from web.inputs import LangCode


class _Out(BaseModel):
    model_config = ConfigDict(extra="forbid")


class QuestionOut(_Out):
    """The question as asked and as understood."""

    text: str
    lang: LangCode
    interpreted_as: str | None
    filters: dict[str, Any]


class ConfidenceOut(_Out):
    """A calibrated probability, comparable between questions."""

    level: Literal["high", "medium", "low", "none"]
    p: Annotated[float, Field(ge=0, le=1)]
    reason: str


class QuotedOut(_Out):
    """The answering words, cut from the first passage."""

    text: str
    lang: LangCode | None
    citations: list[int]


class DocumentRefOut(_Out):
    """A document as a passage refers to it."""

    id: str
    title: str | None
    publisher: str | None
    published: Annotated[str | None, Field(description="2014, 2014-06 or 2014-06-27: as precise as is known")]
    lang: LangCode
    url: str | None
    kind: str | None
    sha256: str
    variants: dict[str, str]


class SpanOut(_Out):
    """Some of a document's text, by offset."""

    start: int
    end: int


class HighlightOut(SpanOut):
    """A span of the document's text, code points, half-open."""

    kind: Literal["answer", "match"]


class LinksOut(_Out):
    """Where to read on."""

    viewer: str
    original: str | None
    cite: str


class ExplainOut(_Out):
    """Why a passage stands where it does."""

    dense_rank: int | None
    lexical_rank: int | None
    fused_rank: int
    matched_terms: list[str]
    gloss: list[str]
    nearest: Annotated[list[SpanOut], Field(description="where the status is related: its sentences that come nearest")]
    reason: str
    score: float


class PassageOut(_Out):
    """A ranked passage; `text` is the document's text from `start` to `end`."""

    rank: int
    citation: int
    id: str
    lang: LangCode
    document: DocumentRefOut
    section: list[str]
    page: int | None
    text: str
    start: int
    end: int
    highlights: list[HighlightOut]
    links: LinksOut
    explain: ExplainOut


class IndexOut(_Out):
    """The index that the answer came from."""

    generation: str
    built_at: str
    model: str
    documents: int
    passages: int
    stale: Annotated[bool, Field(description="there is a newer index, which could not be opened: the one before answers on")]
    degraded: Annotated[bool, Field(description="the model is not loaded: words alone were searched")]


class AnswerOut(_Out):
    """Status, verbatim answer, ranked passages."""

    question: QuestionOut
    status: Literal["answered", "related", "not_found"]
    confidence: ConfidenceOut
    answer: QuotedOut
    passages: list[PassageOut]
    suggestions: list[str]
    facets: dict[str, dict[str, int]]
    index: IndexOut
    notes: list[str]
    took_ms: dict[str, float]


class SearchOut(_Out):
    """One page of ranked passages; nothing is decided about them."""

    question: QuestionOut
    passages: list[PassageOut]
    total: Annotated[int, Field(description="passages that can be paged through")]
    limit: int
    offset: int
    notes: Annotated[list[str], Field(description="what a reader should know, such as why there is no passage")]
    index: IndexOut


class DocumentOut(_Out):
    """A document of the listing."""

    id: str
    title: str | None
    lang: LangCode
    publisher: str | None
    published: str | None
    year: int | None
    kind: str | None
    url: str | None
    summary: Annotated[bool, Field(description="written for the collection as a summary of its source")]
    words: int
    topics: list[str]


class DocumentsOut(_Out):
    """One page of the listing."""

    documents: list[DocumentOut]
    total: int
    limit: int
    offset: int


class SectionOut(_Out):
    """A run of text under one heading path."""

    path: list[str]
    start: int
    end: int


class DocumentRecordOut(DocumentOut):
    """Everything about a document but its text."""

    sha256: str
    characters: int
    variants: dict[str, str]
    source: dict[str, str | None]
    event: dict[str, str | int | None]
    rests_on: list[str]
    sections: list[SectionOut]
    passages: list[str]
    links: dict[str, str | None]


class DocumentTextOut(_Out):
    """The final text that every offset refers to."""

    id: str
    lang: LangCode
    sha256: str
    text: str


class PlainPassageOut(_Out):
    """A passage without a question."""

    id: str
    lang: LangCode
    section: list[str]
    page: int | None
    text: str
    start: int
    end: int


class OnePassageOut(_Out):
    """A passage with its neighbours."""

    requested: str
    moved: Annotated[bool, Field(description="the id was found again elsewhere in a changed document")]
    changed: Annotated[bool, Field(description="it says something else than what the id first quoted, as far as is known")]
    said_before: Annotated[str | None, Field(description="where it changed: what the id first quoted")]
    passage: PlainPassageOut
    previous: PlainPassageOut | None
    next: PlainPassageOut | None
    document: DocumentRefOut
    links: LinksOut
    index: IndexOut


class VerificationOut(_Out):
    """Whether a quotation stands in the collection, word for word."""

    quotation: str
    verdict: Literal["exact", "exact_elsewhere", "changed", "not_found"]
    document: str | None
    start: int | None
    end: int | None
    found: str | None
    viewer: str | None


class FeedbackOut(_Out):
    """The number of the verdict kept."""

    id: int


class LiveOut(_Out):
    """The process runs."""

    status: Literal["live"]


class ReadyOut(_Out):
    """An index is open."""

    status: Literal["ready"]
    stage: Literal["lexical", "full"]
    degraded: bool
    generation: str
    built_at: str
    problem: str | None


class FieldErrorOut(_Out):
    """One field that is wrong."""

    field: str
    message: str


class ProblemOut(BaseModel):
    """Problem details (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FieldErrorOut] | None = None
