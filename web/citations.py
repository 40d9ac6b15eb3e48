"""Citations as reference managers open them: for the buttons of the pages and for programs."""

from starlette.requests import Request
from starlette.responses import Response

from corpus.records import Document, Lang, Passage
from qa.answering import Engine
from qa.citing import Style, cite
from web.inputs import CiteQuery
from web.querying import read_query
from web.responding import tagged

MEDIA_TYPES: dict[Style, tuple[str, str]] = {
    "bibtex": ("bib", "application/x-bibtex"), "ris": ("ris", "application/x-research-info-systems"),
    "csl-json": ("json", "application/vnd.citationstyles.csl+json"), "text": ("txt", "text/plain"),
    "markdown": ("md", "text/markdown"),
}  # fmt: skip


def send_citation(
    request: Request, engine: Engine, document: Document, passage: Passage | None = None, lang: Lang | None = None
) -> Response:
    """The citation of a document or passage, in the style of the address; `lang` where it names none.

    Raises RequestValidationError.
    """
    query = read_query(request, CiteQuery)
    ending, media_type = MEDIA_TYPES[query.style]
    lang = query.lang or lang
    return tagged(
        request,
        engine,
        lambda: cite(document, passage, query.style, lang).encode("utf-8", "replace"),
        body=lang or "",
        media_type=f"{media_type}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{document.id}.{ending}"'},
    )
