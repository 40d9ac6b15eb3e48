"""The bodies of the API: what programs send, checked where it enters, and what they get, as documented in OpenAPI."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from index.filters import Filters
from qa.understanding import MAX_HISTORY
from qa.verifying import MAX_QUOTATION_CHARS
from web.feedback import MAX_COMMENT_CHARS

LangCode = Literal["en", "es"]


def _check_unicode(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half a surrogate pair; send whole Unicode characters") from None
    return text


Unicode = AfterValidator(_check_unicode)
QuestionText = Annotated[
    str,
    Unicode,
    Field(min_length=1, max_length=4000, description="the question, English or Spanish; at most 1,000 characters count"),
]
Short = Annotated[str, Unicode, Field(min_length=1, max_length=300)]
Year = Annotated[int, Field(ge=1, le=9999)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FiltersIn(_In):
    """What passages may come from; years are inclusive."""

    lang: Annotated[LangCode | None, Field(description="language of the passages")] = None
    year_from: Annotated[Year | None, Field(description="first year")] = None
    year_to: Annotated[Year | None, Field(description="last year")] = None
    kind: Annotated[Short | None, Field(description="kind of document, such as press-release")] = None
    publisher: Annotated[Short | None, Field(description="publisher, exactly as in the documents")] = None
    document: Annotated[Short | None, Field(description="id of one document")] = None

    def as_filters(self) -> Filters:
        """The filters as the engine takes them."""
        return Filters(self.lang, self.year_from, self.year_to, self.kind, self.publisher, self.document)


class AskIn(_In):
    """One question."""

    question: QuestionText
    history: Annotated[
        list[Annotated[str, Unicode, Field(max_length=4000)]],
        Field(max_length=MAX_HISTORY, description="earlier questions of the conversation, oldest first"),
    ] = []
    k: Annotated[int, Field(ge=1, le=50, description="passages wanted")] = 5
    lang: Annotated[LangCode | None, Field(description="language of the question; guessed where it is left out")] = None
    filters: Annotated[FiltersIn, Field(description="what passages may come from")] = FiltersIn()
    include: Annotated[
        list[Literal["passages"]], Field(max_length=1, description="passages: show them even where nothing was found")
    ] = []


class BatchItemIn(AskIn):
    """One question of a batch; `id` comes back with its answer."""

    id: Annotated[
        Annotated[str, Unicode, Field(max_length=200)] | int | None, Field(description="your name for the question")
    ] = None


class AskQuery(_In):
    """A question in an address."""

    q: QuestionText
    h: Annotated[
        list[Annotated[str, Unicode, Field(max_length=4000)]],
        Field(max_length=MAX_HISTORY, description="an earlier question; may be repeated, oldest first"),
    ] = []
    k: Annotated[int, Field(ge=1, le=50, description="passages wanted")] = 5
    lang: Annotated[LangCode | None, Field(description="language of the question; guessed where it is left out")] = None
    doc_lang: Annotated[LangCode | None, Field(description="language of the passages")] = None
    year_from: Annotated[Year | None, Field(description="first year")] = None
    year_to: Annotated[Year | None, Field(description="last year")] = None
    kind: Annotated[Short | None, Field(description="kind of document, such as press-release")] = None
    publisher: Annotated[Short | None, Field(description="publisher, exactly as in the documents")] = None
    document: Annotated[Short | None, Field(description="id of one document")] = None
    include: Annotated[Literal["passages"] | None, Field(description="passages: show them even where nothing was found")] = None

    def as_ask(self) -> AskIn:
        """The same as a body."""
        filters = FiltersIn(
            lang=self.doc_lang,
            year_from=self.year_from,
            year_to=self.year_to,
            kind=self.kind,
            publisher=self.publisher,
            document=self.document,
        )
        include: list[Literal["passages"]] = [self.include] if self.include else []
        return AskIn(question=self.q, history=self.h, k=self.k, lang=self.lang, filters=filters, include=include)


class SearchQuery(_In):
    """A search in an address."""

    q: QuestionText
    limit: Annotated[int, Field(ge=1, le=50, description="passages on this page")] = 10
    offset: Annotated[int, Field(ge=0, le=1000, description="passages before this page")] = 0
    lang: Annotated[LangCode | None, Field(description="language of the question; guessed where it is left out")] = None
    doc_lang: Annotated[LangCode | None, Field(description="language of the passages")] = None
    year_from: Annotated[Year | None, Field(description="first year")] = None
    year_to: Annotated[Year | None, Field(description="last year")] = None
    kind: Annotated[Short | None, Field(description="kind of document")] = None
    publisher: Annotated[Short | None, Field(description="publisher, exactly as in the documents")] = None
    document: Annotated[Short | None, Field(description="id of one document")] = None

    def as_filters(self) -> Filters:
        """The filters as the engine takes them."""
        return Filters(self.doc_lang, self.year_from, self.year_to, self.kind, self.publisher, self.document)


class DocumentsQuery(_In):
    """A page of the listing."""

    lang: Annotated[LangCode | None, Field(description="language of the text")] = None
    kind: Annotated[Short | None, Field(description="kind of document")] = None
    publisher: Annotated[Short | None, Field(description="publisher, exactly")] = None
    year_from: Annotated[Year | None, Field(description="first year")] = None
    year_to: Annotated[Year | None, Field(description="last year")] = None
    text: Annotated[Short | None, Field(description="words of the title or publisher")] = None
    limit: Annotated[int, Field(ge=1, le=200, description="documents on this page")] = 25
    offset: Annotated[int, Field(ge=0, le=10_000_000, description="documents before this page")] = 0


class VerifyIn(_In):
    """A quotation to look for."""

    quotation: Annotated[str, Unicode, Field(min_length=1, max_length=MAX_QUOTATION_CHARS, description="the quoted words")]
    document: Annotated[Short | None, Field(description="id of the document that is said to hold them")] = None


class FeedbackIn(_In):
    """A reader's verdict on a passage, or on an answer without one."""

    question: QuestionText
    passage_id: Annotated[Short | None, Field(description="the passage judged; none for the answer as a whole")] = None
    verdict: Annotated[Literal["up", "down"], Field(description="up: it answers; down: it does not")]
    comment: Annotated[
        Annotated[str, Unicode, Field(max_length=MAX_COMMENT_CHARS)] | None, Field(description="in your own words")
    ] = None


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


class HighlightOut(_Out):
    """A span of the document's text, code points, half-open."""

    start: int
    end: int
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
    stale: bool
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
    """A passage with its neighbours; `moved` where the id was found again in a changed document."""

    requested: str
    moved: bool
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
