"""`rcm-qa verify`, `cite` and `documents`: looking things up."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from index.anchors import resolve_passage, said_before
from index.generations import Home
from index.searching import Index
from qa.citing import STYLES, cite, title_of
from qa.commands.frame import HomeOption, run_command
from qa.errors import BadRequest
from qa.settings import load_settings
from qa.verifying import Verification, verify_answer, verify_quotation


def run(name: str, arguments: Sequence[str]) -> int:
    """Run one of the commands."""
    commands: dict[str, Callable[..., Any]] = {"verify": verify, "cite": cite_passage, "documents": documents}
    return run_command(commands[name], name, arguments)


_VERDICTS = {"exact": "exact", "exact_elsewhere": "exact elsewhere", "changed": "changed since", "not_found": "not found"}


def verify(
    quotation: Annotated[str | None, typer.Argument(help="the quotation")] = None,
    file: Annotated[Path | None, typer.Option("--file", help="an ANSWER object whose quotations are checked")] = None,
    document: Annotated[str | None, typer.Option("--document", help="where the quotation is claimed to stand")] = None,
    json_: Annotated[bool, typer.Option("--json", help="print objects")] = False,
    home: HomeOption = None,
) -> int:
    """Check that quotations are in the collection, word for word."""
    if (quotation is None) == (file is None):
        raise BadRequest('give either a quotation or --file ANSWER.json, as in rcm-qa verify "..."')
    index = _index(home)
    if file is not None:
        try:
            answer = json.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise BadRequest(f"{file} cannot be read ({error.strerror})") from None
        except ValueError as error:
            raise BadRequest(f"{file} is not JSON: {error}") from None
        except RecursionError:
            raise BadRequest(f"{file} is no ANSWER object: it is nested too deeply") from None
        found = verify_answer(index, answer)
        if not found:
            typer.echo("the answer quotes nothing", err=True)
    else:
        assert quotation is not None
        found = [verify_quotation(index, quotation, document)]
    for item in found:
        print(json.dumps(item.as_json(), ensure_ascii=False) if json_ else _line(item))
    return 0


def _line(item: Verification) -> str:
    quoted = " ".join(item.quotation.split())
    short = quoted if len(quoted) <= 80 else quoted[:77] + "..."
    where = f"  {item.document_id}:{item.start}-{item.end}" if item.document_id else ""
    now = f"\n  now: {item.found}" if item.verdict == "changed" else ""
    return f"{_VERDICTS[item.verdict]}{where}  {short}{now}"


def cite_passage(
    passage_id: Annotated[str, typer.Argument(help="DOCUMENT:START-END")],
    style: Annotated[str, typer.Option("--style", help=", ".join(STYLES))] = "text",
    home: HomeOption = None,
) -> int:
    """Print the citation of a passage, ready to paste."""
    index = _index(home)
    anchors = Home(load_settings({"home": home}).home).anchors
    _, passage, moved = resolve_passage(index.store, anchors, passage_id)
    print(cite(index.store.document(passage.document_id), passage, style).rstrip("\n"))
    if moved:
        typer.echo(f"the passage moved: it is now {passage.id}", err=True)
    if (before := said_before(index.store, anchors, passage_id, passage)) is not None:
        typer.echo(f"the passage was changed; it said: {' '.join(before.split())}", err=True)
    return 0


def documents(json_: Annotated[bool, typer.Option("--json", help="one object a line")] = False, home: HomeOption = None) -> int:
    """List the documents of the live index."""
    for document in _index(home).store.documents():
        source = document.source
        if json_:
            record = {
                "id": document.id, "title": document.title, "publisher": source.publisher, "published": source.published,
                "lang": document.lang, "kind": source.kind, "year": document.year, "url": source.url, "sha256": document.sha256,
            }  # fmt: skip
            print(json.dumps(record, ensure_ascii=False))
        else:
            print(
                f"{document.id}  [{document.lang}, {source.published or document.year or '-'}]  {document.title or title_of(document)}"
            )
    return 0


def _index(home: Path | None) -> Index:
    """The live index without its model: what these commands need."""
    settings = load_settings({"home": home})
    return Index(Home(settings.home).live_folder(), None)
