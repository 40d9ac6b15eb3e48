"""`rcm-qa ask`: one question in the terminal, or a file of questions."""

import json
import os
import sys
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError
from pydantic_core import from_json

from corpus.errors import CorpusError
from corpus.records import Lang
from index.errors import IndexError_
from index.filters import Filters
from qa.answering import DEFAULT_PASSAGES, MAX_PASSAGES, Engine
from qa.answers import Answer, Evidence, as_json
from qa.citing import cite
from qa.commands.frame import HomeOption, LangOption, check_lang, run_command
from qa.errors import BadQuestion, BadRequest, QaError
from qa.live import open_engine
from qa.settings import load_settings
from qa.timing import Timing

_Value = Annotated[str, Field(min_length=1)]


class _FilterFields(BaseModel):
    """Filters as they are written on the command line and in a batch; whether the values make sense is for the engine to say."""

    model_config = ConfigDict(extra="forbid", strict=True)

    lang: _Value | None = None
    year: int | None = None
    year_from: int | None = None
    year_to: int | None = None
    kind: _Value | None = None
    publisher: _Value | None = None
    document: _Value | None = None

    def as_filters(self) -> Filters:
        """The filters as the engine takes them: a year is the first and the last one."""
        values = self.model_dump(exclude={"year"})
        return Filters(**values if self.year is None else {**values, "year_from": self.year, "year_to": self.year})


class _BatchLine(BaseModel):
    """One line of a batch."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: StrictStr | StrictInt | None = None
    question: str
    history: list[str] = []
    lang: Lang | None = None
    filters: _FilterFields = _FilterFields()


def run(name: str, arguments: Sequence[str]) -> int:
    """Run the command."""
    return run_command(ask, name, arguments)


def ask(
    question: Annotated[str | None, typer.Argument(help="the question, in English or Spanish")] = None,
    k: Annotated[int, typer.Option("-k", min=1, max=MAX_PASSAGES, help="how many passages")] = DEFAULT_PASSAGES,
    lang: LangOption = None,
    filter_: Annotated[
        list[str] | None,
        typer.Option("--filter", help="field=value: lang, year, year_from, year_to, kind, publisher, document; may be repeated"),
    ] = None,
    history: Annotated[
        list[str] | None, typer.Option("--history", help="an earlier question of the conversation; may be repeated")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="print the ANSWER object")] = False,
    batch: Annotated[
        Path | None, typer.Option("--batch", help="JSON lines with question, and id, lang, filters and history where wanted")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", help="where the answers of a batch go")] = None,
    home: HomeOption = None,
) -> int:
    """Ask one question, or a file of questions."""
    settings = load_settings({"home": home})
    if batch is not None:
        if question is not None or output is None:
            raise QaError("--batch takes a file of questions and --output FILE, and no question beside them")
        if lang or filter_ or history:
            raise QaError("with --batch each line of the file has its own lang, filters and history; leave out the options")
        return _batch(batch, output, open_engine(settings.home, settings), k)
    if question is None:
        raise QaError('there is no question; write rcm-qa ask "..." or use --batch')
    filters = parse_filters(filter_ or [])
    engine = open_engine(settings.home, settings)
    timing = Timing()
    answer = engine.answer(question, k=k, lang=check_lang(lang), history=history or [], filters=filters, timing=timing)
    if json_:
        print(json.dumps(as_json(answer, timing.total()), ensure_ascii=False, indent=1))
    else:
        for line in render_answer(answer, color=sys.stdout.isatty() and "NO_COLOR" not in os.environ):
            print(line)
    return 0


def parse_filters(pairs: Sequence[str]) -> Filters:
    """`field=value` pairs as filters. Raises BadQuestion naming the pair that is wrong."""
    values: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if name not in _FilterFields.model_fields or not equals or not value:
            raise BadQuestion(f"--filter {pair[:80]!r} is not field=value; fields: {', '.join(_FilterFields.model_fields)}")
        values[name] = value
    try:
        return _FilterFields.model_validate(values, strict=False).as_filters()
    except ValidationError as error:
        raise BadQuestion(f"--filter {_first_problem(error)}") from None


def _first_problem(error: ValidationError) -> str:
    """The first field that is wrong, its value, and what was expected."""
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"{field!r} is no known key"
    if first["type"] == "missing":
        return f"{field} is missing"
    expected = "input should be an object" if first["type"] == "model_type" else first["msg"][:1].lower() + first["msg"][1:]
    return f"{field} is {str(first['input'])[:60]!r}: {expected}"


_WORDS = {
    "en": {"answered": "Answered", "related": "Related, but perhaps no answer", "not_found": "Not in this collection", "filtered": "Nothing found with these filters", "p": "confidence", "try": "The collection can answer:", "as": "Understood as:"},
    "es": {"answered": "Respondida", "related": "Relacionado, pero quizá sin respuesta", "not_found": "No está en esta colección", "filtered": "Nada encontrado con estos filtros", "p": "confianza", "try": "La colección puede responder:", "as": "Se entendió como:"},
}  # fmt: skip


def render_answer(answer: Answer, *, color: bool) -> Iterator[str]:
    """The answer as lines of text: status, the passages with the answering words marked, numbered citations."""
    words = _WORDS[answer.question.lang]
    bold, dim, off = ("\x1b[1m", "\x1b[2m", "\x1b[0m") if color else ("", "", "")
    if answer.question.interpreted_as:
        yield f"{dim}{words['as']} {answer.question.interpreted_as}{off}"
    state = "filtered" if answer.filtered else answer.status
    yield f"{bold}{words[state]}{off} ({words['p']} {answer.confidence.p:.2f}). {answer.confidence.reason}"
    for note in answer.notes:
        yield f"{dim}{note}{off}"
    for evidence in answer.passages:
        yield ""
        heading = " > ".join(filter(None, (evidence.document.title, *evidence.passage.section)))
        yield f"[{evidence.citation}] {bold}{heading}{off}"
        yield from _marked(evidence, color).split("\n")
    if answer.passages:
        yield ""
        for evidence in answer.passages:
            yield f"[{evidence.citation}] {cite(evidence.document, evidence.passage, 'text', answer.question.lang)}"
    if answer.suggestions:
        yield ""
        yield words["try"]
        yield from (f"  {suggestion}" for suggestion in answer.suggestions)


def _marked(evidence: Evidence, color: bool) -> str:
    """The passage with its answer between marks: reverse video, or »...« without colour; what only comes nearest underlined, or
    ›...‹. Control characters are gone.
    """
    if evidence.nearest:
        opening, closing = ("\x1b[4m", "\x1b[24m") if color else ("›", "‹")
    else:
        opening, closing = ("\x1b[7m", "\x1b[27m") if color else ("»", "«")
    text = evidence.document.text
    parts: list[str] = []
    at = evidence.passage.start
    for start, end in evidence.pointed_at:
        parts += [text[at:start], opening, text[start:end], closing]
        at = end
    parts.append(text[at : evidence.passage.end])
    return "".join(parts)


def _batch(source: Path, target: Path, engine: Engine, k: int) -> int:
    """One output line for each input line, in order; a bad line gives an error object and the run goes on."""
    try:
        lines = source.open("rb")
    except OSError as error:
        raise QaError(f"{source} cannot be read ({error.strerror}); name a file of JSON lines with id and question") from None
    temporary = target.with_name(f".{target.name}.new")
    try:
        with lines, temporary.open("w", encoding="utf-8") as out:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    out.write(json.dumps(_batch_line(line, number, engine, k), ensure_ascii=False) + "\n")
        temporary.replace(target)
    except OSError as error:
        raise QaError(f"{target} cannot be written ({error.strerror}); name another file with --output") from None
    finally:
        temporary.unlink(missing_ok=True)
    return 0


def _read_line(line: bytes) -> dict[str, Any]:
    """The object of a line. Raises BadRequest."""
    try:
        data = from_json(line.removeprefix(BOM_UTF8))
    except ValueError as error:
        raise BadRequest(f"it is not JSON in UTF-8 ({error})") from None
    if not isinstance(data, dict):
        raise BadRequest('it is not an object; write {"id": ..., "question": ...}')
    return data


def _batch_line(line: bytes, number: int, engine: Engine, k: int) -> dict[str, Any]:
    identifier: str | int | None = None
    timing = Timing()
    try:
        data = _read_line(line)
        identifier = data["id"] if isinstance(data.get("id"), (str, int)) else None
        asked = _BatchLine.model_validate(data)
        filters = asked.filters.as_filters()
        answer = engine.answer(asked.question, k=k, lang=asked.lang, history=asked.history, filters=filters, timing=timing)
    except (BadRequest, ValidationError) as error:
        problem = _first_problem(error) if isinstance(error, ValidationError) else error
        return {"id": identifier, "error": {"title": "bad line", "detail": f"line {number}: {problem}"}}
    except (QaError, IndexError_, CorpusError) as error:
        return {"id": identifier, "error": {"title": "bad question", "detail": str(error)}}
    return {"id": identifier, "result": as_json(answer, timing.total())}
