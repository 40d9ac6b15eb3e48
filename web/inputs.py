"""What programs send to the API, checked where it enters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import PydanticCustomError

from index.filters import Filters
from qa.citing import Style
from qa.understanding import MAX_HISTORY
from qa.verifying import MAX_QUOTATION_CHARS
from web.feedback import MAX_COMMENT_CHARS

LangCode = Literal["en", "es"]


QuestionText = Annotated[
    str,
    Field(min_length=1, max_length=4000, description="the question, English or Spanish; at most 1,000 characters count"),
]
Short = Annotated[str, Field(min_length=1, max_length=300)]
Year = Annotated[int, Field(ge=1, le=9999)]


class _In(BaseModel):
    # Strict: a body says numbers as numbers. In an address all is text (`web.querying`).
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Origin(_In):
    year_from: Annotated[Year | None, Field(description="first year")] = None
    year_to: Annotated[Year | None, Field(description="last year")] = None
    kind: Annotated[Short | None, Field(description="kind of document, such as press-release")] = None
    publisher: Annotated[Short | None, Field(description="publisher, exactly as in the documents")] = None


class FiltersIn(_Origin):
    """What passages may come from; years are inclusive."""

    lang: Annotated[LangCode | None, Field(description="language of the passages")] = None
    document: Annotated[Short | None, Field(description="id of one document")] = None

    def as_filters(self) -> Filters:
        """The filters as the engine takes them."""
        return Filters(self.lang, self.year_from, self.year_to, self.kind, self.publisher, self.document)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, checked, whichever way it came."""

    question: str
    history: Sequence[str]
    k: int
    lang: LangCode | None
    filters: Filters
    include_passages: bool


class AskIn(_In):
    """One question."""

    question: QuestionText
    history: Annotated[
        list[Annotated[str, Field(max_length=4000)]],
        Field(max_length=MAX_HISTORY, description="earlier questions of the conversation, oldest first"),
    ] = []
    k: Annotated[int, Field(ge=1, le=50, description="passages wanted")] = 5
    lang: Annotated[LangCode | None, Field(description="language of the question; guessed where it is left out")] = None
    filters: Annotated[FiltersIn, Field(description="what passages may come from")] = FiltersIn()
    include: Annotated[
        list[Literal["passages"]], Field(max_length=1, description="passages: show them even where nothing was found")
    ] = []

    def as_asked(self) -> Asked:
        """The same, checked."""
        return Asked(self.question, self.history, self.k, self.lang, self.filters.as_filters(), "passages" in self.include)


def _check_id(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    try:
        return check(value)
    except ValidationError:
        raise PydanticCustomError("id", "Input should be a text of at most 200 characters or a whole number") from None


class BatchItemIn(AskIn):
    """One question of a batch; `id` comes back with its answer."""

    id: Annotated[
        Annotated[str, Field(max_length=200)] | int | None,
        WrapValidator(_check_id),
        Field(description="your name for the question"),
    ] = None


class _QuestionQuery(_Origin):
    q: QuestionText
    lang: Annotated[LangCode | None, Field(description="language of the question; guessed where it is left out")] = None
    doc_lang: Annotated[LangCode | None, Field(description="language of the passages")] = None
    document: Annotated[Short | None, Field(description="id of one document")] = None

    def as_filters(self) -> Filters:
        """The filters as the engine takes them."""
        return Filters(self.doc_lang, self.year_from, self.year_to, self.kind, self.publisher, self.document)


class AskQuery(_QuestionQuery):
    """A question in an address."""

    h: Annotated[
        list[Annotated[str, Field(max_length=1000)]],
        Field(max_length=MAX_HISTORY, description="an earlier question; may be repeated, oldest first"),
    ] = []
    k: Annotated[int, Field(ge=1, le=50, description="passages wanted")] = 5
    include: Annotated[Literal["passages"] | None, Field(description="passages: show them even where nothing was found")] = None

    def as_asked(self) -> Asked:
        """The same, checked."""
        return Asked(self.q, self.h, self.k, self.lang, self.as_filters(), self.include is not None)


class SearchQuery(_QuestionQuery):
    """A search in an address."""

    limit: Annotated[int, Field(ge=1, le=50, description="passages on this page")] = 10
    offset: Annotated[int, Field(ge=0, le=1000, description="passages before this page")] = 0


class DocumentsQuery(_Origin):
    """A page of the listing."""

    lang: Annotated[LangCode | None, Field(description="language of the text")] = None
    text: Annotated[Short | None, Field(description="words of the title or publisher")] = None
    limit: Annotated[int, Field(ge=1, le=200, description="documents on this page")] = 25
    offset: Annotated[int, Field(ge=0, le=10_000_000, description="documents before this page")] = 0


class CiteQuery(_In):
    """How a citation is wanted."""

    style: Annotated[Style, Field(description="form of the citation")] = "text"
    lang: Annotated[LangCode | None, Field(description="language of the citation's own words")] = None


class VerifyIn(_In):
    """A quotation to look for."""

    quotation: Annotated[str, Field(min_length=1, max_length=MAX_QUOTATION_CHARS, description="the quoted words")]
    document: Annotated[Short | None, Field(description="id of the document that is said to hold them")] = None


class FeedbackIn(_In):
    """A reader's verdict on a passage, or on an answer without one."""

    question: QuestionText
    passage_id: Annotated[Short | None, Field(description="the passage judged; none for the answer as a whole")] = None
    verdict: Annotated[Literal["up", "down"], Field(description="up: it answers; down: it does not")]
    comment: Annotated[Annotated[str, Field(max_length=MAX_COMMENT_CHARS)] | None, Field(description="in your own words")] = None
