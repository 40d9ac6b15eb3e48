"""The JSON API for documents and passages, and citations of them."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from corpus.records import Document, Passage
from index.anchors import resolve_passage, said_before
from qa.answers import document_json
from qa.citing import text_fragment_link
from web.api import index_json
from web.catalogue import Selection, make_entry
from web.citations import MEDIA_TYPES, send_citation
from web.inputs import CiteQuery, DocumentsQuery
from web.querying import query_parameters, read_query
from web.responding import documented, page_links, tagged
from web.schemas import DocumentRecordOut, DocumentsOut, DocumentTextOut, OnePassageOut
from web.site import Site, site_of

router = APIRouter(prefix="/api/v1")

DocumentId = Annotated[str, Path(description="id of a document", max_length=200, examples=["crm-member-countries"])]
PassageId = Annotated[
    str, Path(description="id of a passage: DOCUMENT:START-END", max_length=240, examples=["crm-member-countries:0-305"])
]


@router.get(
    "/documents",
    response_model=DocumentsOut,
    responses=documented(),
    tags=["documents"],
    operation_id="list_documents",
    openapi_extra=query_parameters(DocumentsQuery),
)
def list_documents(request: Request) -> Response:
    """List documents: newest first, with filters and pagination (`Link`)."""
    query = read_query(request, DocumentsQuery)
    site = site_of(request)
    engine = site.engine()
    selection = Selection(query.lang, query.kind, query.publisher, query.year_from, query.year_to, query.text)
    chosen = site.catalogues.of(engine).select(selection)
    shown = chosen[query.offset : query.offset + query.limit]

    def make() -> dict[str, Any]:
        return {
            "documents": [entry.as_json() for entry in shown],
            "total": len(chosen),
            "limit": query.limit,
            "offset": query.offset,
        }

    return tagged(request, engine, make, headers=page_links(request, query.limit, query.offset, len(chosen)))


@router.get(
    "/documents/{document_id}",
    response_model=DocumentRecordOut,
    responses=documented(404),
    tags=["documents"],
    operation_id="get_document",
)
def get_document(request: Request, document_id: DocumentId) -> Response:
    """One document: its record, its outline, the ids of its passages."""
    site = site_of(request)
    engine = site.engine()
    document = engine.index.store.document(document_id)
    return tagged(request, engine, lambda: _record(site, document))


def _record(site: Site, document: Document) -> dict[str, Any]:
    engine = site.engine()
    store = engine.index.store
    source = asdict(document.source)
    return {
        **make_entry(document).as_json(),
        "sha256": document.sha256,
        "characters": len(document.text),
        "variants": store.variants(document),
        "source": source,
        "event": asdict(document.event),
        "rests_on": list(document.rests_on),
        "sections": [{"path": list(s.path), "start": s.start, "end": s.end} for s in document.sections],
        "passages": [passage.id for _, passage in store.passages_of(document.id)],
        "links": {
            "viewer": f"/documents/{document.id}",
            "text": f"/api/v1/documents/{document.id}/text",
            "original": document.source.url,
        },
    }


@router.get(
    "/documents/{document_id}/text",
    response_model=DocumentTextOut,
    responses=documented(404),
    tags=["documents"],
    operation_id="get_text",
)
def get_text(request: Request, document_id: DocumentId) -> Response:
    """The text of a document; every offset of the API counts its code points."""
    engine = site_of(request).engine()
    document = engine.index.store.document(document_id)
    return tagged(
        request,
        engine,
        lambda: {"id": document.id, "lang": document.lang, "sha256": document.sha256, "text": document.text},
    )


@router.get(
    "/passages/{passage_id}",
    response_model=OnePassageOut,
    responses=documented(404),
    tags=["documents"],
    operation_id="get_passage",
)
def get_passage(request: Request, passage_id: PassageId) -> Response:
    """One passage with the one before and after it; found again by its words where its document has changed, which is told."""
    site = site_of(request)
    engine = site.engine()
    store = engine.index.store
    anchors = site.live.home.anchors
    _, passage, moved = resolve_passage(store, anchors, passage_id)
    before = said_before(store, anchors, passage_id, passage)

    def make() -> dict[str, Any]:
        document = store.document(passage.document_id)
        around = [p for _, p in store.passages_of(document.id)]
        at = next(n for n, p in enumerate(around) if p.id == passage.id)
        return {
            "requested": passage_id,
            "moved": moved,
            "changed": before is not None,
            "said_before": before,
            "passage": passage_json(passage),
            "previous": passage_json(around[at - 1]) if at > 0 else None,
            "next": passage_json(around[at + 1]) if at + 1 < len(around) else None,
            "document": document_json(document, store.variants(document)),
            "links": {
                "viewer": f"/documents/{document.id}?start={passage.start}&end={passage.end}#hit",
                "original": text_fragment_link(document, passage.text, passage.page),
                "cite": f"/api/v1/passages/{passage.id}/cite",
            },
            "index": index_json(engine),
        }

    return tagged(request, engine, make)


def passage_json(passage: Passage) -> dict[str, Any]:
    """A passage without a question."""
    return {
        "id": passage.id,
        "lang": passage.lang,
        "section": list(passage.section),
        "page": passage.page,
        "text": passage.text,
        "start": passage.start,
        "end": passage.end,
    }


@router.get(
    "/passages/{passage_id}/cite",
    response_class=Response,
    responses={
        **documented(404),
        200: {
            "description": "the citation",
            "content": {
                media_type: {
                    "schema": {"type": "array", "items": {"type": "object"}} if style == "csl-json" else {"type": "string"}
                }
                for style, (_, media_type) in MEDIA_TYPES.items()
            },
        },
    },
    tags=["documents"],
    operation_id="cite_passage",
    openapi_extra=query_parameters(CiteQuery),
)
def cite_passage(request: Request, passage_id: PassageId) -> Response:
    """The citation of a passage, ready to paste."""
    site = site_of(request)
    engine = site.engine()
    _, passage, _ = resolve_passage(engine.index.store, site.live.home.anchors, passage_id)
    return send_citation(request, engine, engine.index.store.document(passage.document_id), passage)
