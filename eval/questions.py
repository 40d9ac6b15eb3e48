"""Judged questions and where their answers stand. A judgement is a place in a document, never a passage id."""

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from corpus.records import Document, Lang
from eval.errors import BadQuestions
from index.store import Store

RELEVANT = 2  # answers partly; 3 answers fully, 1 is only about the subject, 0 is judged and wrong
Split = Literal["dev", "test"]
DATA = Path(__file__).parent / "data"
BUNDLED_QUESTIONS = DATA / "questions.jsonl"
LEARNING_QUESTIONS = DATA / "learning.jsonl"  # about documents of the dev split; they only teach, no report reads them
ORIGINALS_QUESTIONS = DATA / "originals.jsonl"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A place that answers a question: words of a document or of all documents of a source, a span, or a whole document."""

    relevance: int
    document: str | None = None
    source: str | None = None  # address of the original
    quote: str | None = None
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class JudgedQuestion:
    """A question with the places that answer it; none where it is not answerable."""

    id: str
    lang: Lang
    kind: str
    question: str
    answerable: bool
    judgements: tuple[Judgement, ...] = ()
    history: tuple[str, ...] = ()
    split: Split = "dev"


@dataclass(frozen=True, slots=True)
class Place:
    """A judgement found in the documents of an index: `document.text[start:end]`."""

    document: str
    variant: str  # what the language versions of the document have in common
    lang: Lang
    start: int
    end: int
    relevance: int
    whole: bool = False  # the whole document is judged: each of its passages holds the place
    number: int = 0  # of the fact: places of one number in two language versions say the same

    def held_by(self, document: str, start: int, end: int) -> bool:
        """Whether a span of a document contains the place or at least half of it."""
        if document != self.document:
            return False
        if self.whole:
            return True
        overlap = min(end, self.end) - max(start, self.start)
        return overlap > 0 and 2 * overlap >= self.end - self.start


class _JudgementLine(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    document: str | None = None
    source: str | None = None
    quote: Annotated[str | None, Field(min_length=1)] = None
    start: Annotated[int | None, Field(ge=0, strict=True)] = None
    end: Annotated[int | None, Field(gt=0, strict=True)] = None
    relevance: Annotated[int, Field(ge=0, le=3, strict=True)]


class _QuestionLine(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^\S+$")]
    lang: Lang
    kind: Annotated[str, Field(pattern=r"^\S+$")]
    question: Annotated[str, Field(min_length=1)]
    history: list[str] = []
    answerable: Annotated[bool, Field(strict=True)]
    judgements: list[_JudgementLine] = []
    split: Split = "dev"


def _problem(line: _QuestionLine) -> str | None:
    """What is wrong with a line beyond its form; None when all is well."""
    for judgement in line.judgements:
        if (judgement.document is None) == (judgement.source is None):
            return "a judgement names either a document or a source"
        if (judgement.start is None) != (judgement.end is None):
            return "a judgement has both start and end or neither"
        if judgement.start is not None and judgement.end is not None and judgement.start >= judgement.end:
            return f"a judgement starts at {judgement.start} and ends at {judgement.end}; the end lies behind the start"
        if judgement.quote is not None and judgement.start is not None:
            return "a judgement has a quote or start and end, not both"
    answers = [judgement for judgement in line.judgements if judgement.relevance >= RELEVANT]
    if line.answerable and not answers:
        return f"it is answerable, but no judgement has relevance {RELEVANT} or 3"
    if not line.answerable and answers:
        return f"it is not answerable, but a judgement has relevance {answers[0].relevance}"
    return None


def parse_question(data: object, where: str) -> JudgedQuestion:
    """A judged question from the JSON of its line. Raises BadQuestions that begins with `where`."""
    try:
        line = _QuestionLine.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the line"
        raise BadQuestions(f"{where}: {key}: {first['msg'].lower()}, not {str(first['input'])[:80]!r}") from None
    problem = _problem(line)
    if problem:
        raise BadQuestions(f"{where}: question {line.id!r}: {problem}")
    return JudgedQuestion(
        id=line.id,
        lang=line.lang,
        kind=line.kind,
        question=line.question,
        answerable=line.answerable,
        judgements=tuple(Judgement(**judgement.model_dump()) for judgement in line.judgements),
        history=tuple(line.history),
        split=line.split,
    )


def load_questions(path: Path) -> list[JudgedQuestion]:
    """The judged questions of a JSONL file, in order. Raises BadQuestions that names the line."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadQuestions(f"{path} cannot be read ({error}); name a JSONL file of judged questions") from None
    questions: list[JudgedQuestion] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            data = json.loads(line)
        except ValueError as error:
            raise BadQuestions(f"{where} is not JSON: {error}") from None
        question = parse_question(data, where)
        if question.id in seen:
            raise BadQuestions(f"{where}: the id {question.id!r} stands already in line {seen[question.id]}; ids are unique")
        seen[question.id] = number
        questions.append(question)
    if not questions:
        raise BadQuestions(f"{path} holds no question; expected one JSON object a line")
    return questions


def question_json(question: JudgedQuestion) -> dict[str, Any]:
    """The line of a judged question, without what is empty."""
    record: dict[str, Any] = {"id": question.id, "lang": question.lang, "kind": question.kind, "question": question.question}
    if question.history:
        record["history"] = list(question.history)
    record["answerable"] = question.answerable
    record["judgements"] = [
        {
            key: value
            for key in ("document", "source", "quote", "start", "end", "relevance")
            if (value := getattr(judgement, key)) is not None
        }
        for judgement in question.judgements
    ]
    record["split"] = question.split
    return record


def write_questions(path: Path, questions: Iterable[JudgedQuestion]) -> None:
    """Write judged questions as JSONL, beside and renamed."""
    temporary = path.with_name(f".{path.name}.new")
    lines = (json.dumps(question_json(question), ensure_ascii=False) + "\n" for question in questions)
    temporary.write_text("".join(lines), encoding="utf-8")
    temporary.replace(path)


def find_quote(text: str, quote: str) -> list[tuple[int, int]]:
    """Spans of `text` that are the quotation, white space collapsed in both."""
    words = unicodedata.normalize("NFC", quote).split()
    if not words:
        return []
    return [match.span() for match in re.finditer(r"\s+".join(map(re.escape, words)), text)]


def _same_source(address: str) -> str:
    """An address as it is compared: without scheme, `www.`, fragment and a last slash."""
    return re.sub(r"^https?://(www\.)?", "", address.split("#", 1)[0]).rstrip("/").lower()


class Resolver:
    """Finds judgements in the documents of a store. A document that was asked for is kept."""

    def __init__(self, store: Store) -> None:
        self._documents = {document.id: document for document in store.documents()}
        self._sources: dict[str, list[Document]] = defaultdict(list)
        for document in self._documents.values():
            if document.source.url:
                self._sources[_same_source(document.source.url)].append(document)

    def find(self, judgement: Judgement) -> list[Place]:
        """The places of a judgement. Raises BadQuestions without the question's name."""
        if judgement.document is not None:
            document = self._documents.get(judgement.document)
            if document is None:
                raise BadQuestions(f"the index has no document {judgement.document!r}")
            documents = [document]
        else:
            documents = self._sources.get(_same_source(judgement.source or ""), [])
            if not documents:
                raise BadQuestions(f"the index has no document of the source {judgement.source!r}")
        named = judgement.document or judgement.source
        if judgement.quote is None:
            if judgement.start is None or judgement.end is None:
                return [_place(document, 0, len(document.text), judgement.relevance, whole=True) for document in documents]
            fitting = [document for document in documents if judgement.end <= len(document.text)]
            if len(documents) > 1 or not fitting:
                reason = "has several documents" if len(documents) > 1 else f"has {len(documents[0].text)} characters"
                raise BadQuestions(f"{named!r} {reason}, so {judgement.start}-{judgement.end} is no place in it")
            return [_place(documents[0], judgement.start, judgement.end, judgement.relevance)]
        places: list[Place] = []
        for document in documents:
            spans = find_quote(document.text, judgement.quote)
            if len(spans) > 1:
                raise BadQuestions(
                    f"the quote {judgement.quote!r} occurs {len(spans)} times in {document.id!r}; quote more words"
                )
            places += [_place(document, start, end, judgement.relevance) for start, end in spans]
        if not places:
            raise BadQuestions(f"the quote {judgement.quote!r} does not occur in {named!r}")
        return places


def _place(document: Document, start: int, end: int, relevance: int, *, whole: bool = False) -> Place:
    return Place(document.id, document.variant_of or document.id, document.lang, start, end, relevance, whole)


def number_places(places: Sequence[Place]) -> tuple[Place, ...]:
    """The places in order of document and offset, numbered by fact.

    Language versions are written in parallel: the n-th judged place of one version and the n-th of the other say the
    same, so they have one number and count once in recall.
    """
    best: dict[tuple[str, int, int], Place] = {}
    for place in places:
        key = (place.document, place.start, place.end)
        if key not in best or best[key].relevance < place.relevance:
            best[key] = place
    numbers: dict[tuple[str, int], int] = {}
    counts: dict[str, int] = defaultdict(int)
    numbered: list[Place] = []
    for key in sorted(best):
        place = best[key]
        position = counts[place.document]
        counts[place.document] += 1
        number = numbers.setdefault((place.variant, position), len(numbers))
        numbered.append(
            Place(place.document, place.variant, place.lang, place.start, place.end, place.relevance, place.whole, number)
        )
    return tuple(numbered)


def resolve(questions: Sequence[JudgedQuestion], store: Store) -> dict[str, tuple[Place, ...]]:
    """Question id -> its places in the documents of a store.

    Raises BadQuestions that names question, document and quote of the first judgements that are not found.
    """
    resolver = Resolver(store)
    found: dict[str, tuple[Place, ...]] = {}
    problems: list[str] = []
    for question in questions:
        places: list[Place] = []
        for judgement in question.judgements:
            try:
                places += resolver.find(judgement)
            except BadQuestions as error:
                problems.append(f"question {question.id!r}: {error}")
        found[question.id] = number_places(places)
    if problems:
        more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
        raise BadQuestions("; ".join(problems[:5]) + more)
    return found


def main_document(question: JudgedQuestion, places: Mapping[str, tuple[Place, ...]]) -> str:
    """What a question hangs on, for grouped cross-validation: its best document's versions, else itself."""
    own = [place for place in places.get(question.id, ()) if place.relevance >= RELEVANT]
    return max(own, key=lambda place: place.relevance).variant if own else f"?{question.id}"


def select(
    questions: Sequence[JudgedQuestion], *, split: str | None = None, lang: str | None = None, limit: int | None = None
) -> list[JudgedQuestion]:
    """The questions of a split and language, in order, at most `limit`."""
    chosen = [q for q in questions if split in (None, q.split) and lang in (None, q.lang)]
    return chosen[:limit] if limit else chosen
