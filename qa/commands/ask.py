"""`rcm-qa ask`: one question in the terminal, or a file of questions."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from corpus.errors import CorpusError
from index.errors import IndexError_
from index.filters import Filters
from qa.answering import DEFAULT_PASSAGES, Engine
from qa.answers import Answer, Evidence, as_json
from qa.citing import cite
from qa.commands.frame import HomeOption, LangOption, check_lang, run_command
from qa.errors import BadQuestion, QaError
from qa.live import open_engine
from qa.settings import load_settings
from qa.timing import Timing

_FIELDS = {"lang": str, "year": int, "year_from": int, "year_to": int, "kind": str, "publisher": str, "document": str}


def run(name: str, arguments: Sequence[str]) -> int:
    """Run the command."""
    return run_command(ask, name, arguments)


def ask(
    question: Annotated[str | None, typer.Argument(help="the question, in English or Spanish")] = None,
    k: Annotated[int, typer.Option("-k", help="how many passages")] = DEFAULT_PASSAGES,
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
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if name not in _FIELDS or not equals or not value:
            raise BadQuestion(f"--filter {pair[:80]!r} is not field=value; fields: {', '.join(_FIELDS)}")
        try:
            parsed = _FIELDS[name](value)
        except ValueError:
            raise BadQuestion(f"--filter {pair[:80]!r}: expected a year such as 2014") from None
        if name == "year":
            values["year_from"] = values["year_to"] = parsed
        else:
            values[name] = parsed
    return Filters(**values)


_WORDS = {
    "en": {"answered": "Answered", "related": "Related, but perhaps no answer", "not_found": "Not in this collection", "p": "confidence", "try": "The collection can answer:", "as": "Understood as:"},
    "es": {"answered": "Respondida", "related": "Relacionado, pero quizá sin respuesta", "not_found": "No está en esta colección", "p": "confianza", "try": "La colección puede responder:", "as": "Se entendió como:"},
}  # fmt: skip


def render_answer(answer: Answer, *, color: bool) -> Iterator[str]:
    """The answer as lines of text: status, the passages with the answering words marked, numbered citations."""
    words = _WORDS[answer.question.lang]
    bold, dim, off = ("\x1b[1m", "\x1b[2m", "\x1b[0m") if color else ("", "", "")
    if answer.question.interpreted_as:
        yield f"{dim}{words['as']} {answer.question.interpreted_as}{off}"
    yield f"{bold}{words[answer.status]}{off} ({words['p']} {answer.confidence.p:.2f}). {answer.confidence.reason}"
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
    if not source.is_file():
        raise QaError(f"{source} does not exist; name a file of JSON lines with id and question")
    temporary = target.with_name(f".{target.name}.new")
    try:
        with source.open(encoding="utf-8", errors="replace") as lines, temporary.open("w", encoding="utf-8") as out:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    out.write(json.dumps(_batch_line(line, number, engine, k), ensure_ascii=False) + "\n")
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise QaError(f"{target} cannot be written ({error.strerror}); name another file with --output") from None
    return 0


_KEYS = {"id", "question", "history", "lang", "filters"}


def _batch_line(line: str, number: int, engine: Engine, k: int) -> dict[str, Any]:
    identifier: Any = None
    try:
        data = json.loads(line)
        if not isinstance(data, dict):
            raise BadQuestion(f'line {number} is not an object; write {{"id": ..., "question": ...}}')
        identifier = data.get("id")
        if unknown := set(data) - _KEYS:
            raise BadQuestion(f"line {number} has the unknown key {sorted(unknown)[0]!r}; known: {', '.join(sorted(_KEYS))}")
        question = data.get("question")
        history = data.get("history") or []
        if not isinstance(question, str) or not isinstance(history, list) or not all(isinstance(h, str) for h in history):
            raise BadQuestion(f"line {number}: question must be text and history a list of texts")
        raw = data.get("filters") or {}
        if not isinstance(raw, dict):
            raise BadQuestion(f"line {number}: filters must be an object of field and value")
        filters = parse_filters([f"{name}={value}" for name, value in raw.items()])
        answer = engine.answer(question, k=k, lang=check_lang(data.get("lang")), history=history, filters=filters)
    except RecursionError:
        return {"id": identifier, "error": {"title": "bad line", "detail": f"line {number} is nested too deeply"}}
    except json.JSONDecodeError as error:
        return {"id": identifier, "error": {"title": "bad line", "detail": f"line {number} is not JSON: {error.msg}"}}
    except (QaError, IndexError_, CorpusError) as error:
        return {"id": identifier, "error": {"title": "bad question", "detail": str(error)}}
    return {"id": identifier, "result": as_json(answer)}
