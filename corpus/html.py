"""Web pages to blocks: trafilatura finds the main content and the metadata that the page states."""

import re

from corpus.errors import UnreadableDocument
from corpus.frontmatter import FrontMatter, is_web_address
from corpus.normalising import normalise, one_line
from corpus.reading import Limits, RawDocument, decode_text
from corpus.records import LANGS, Block


def read(data: bytes, limits: Limits) -> RawDocument:
    """Blocks of an HTML page without its menus and footers, with title, date, site and address as stated.

    Raises UnreadableDocument when the page has no main content.
    """
    import trafilatura

    page = _decode_html(data)
    found = trafilatura.bare_extraction(
        page, include_comments=False, include_tables=True, include_formatting=False, favor_recall=True, with_metadata=True
    )
    if found is None or found.body is None:
        raise UnreadableDocument("the page has no main content")
    blocks: list[Block] = []
    _walk(found.body, blocks)
    if not blocks:
        raise UnreadableDocument("the page has no main content")
    return RawDocument(blocks=blocks, front=_front(found, page, blocks))


def _decode_html(data: bytes) -> str:
    match = re.search(rb"""<meta[^>]+charset=["']?([\w-]+)""", data[:4096], re.IGNORECASE)
    if match:
        try:
            return normalise(data.decode(match[1].decode("ascii")))
        except (LookupError, UnicodeDecodeError):
            pass
    return normalise(decode_text(data))


def _front(found: object, page: str, blocks: list[Block]) -> FrontMatter:
    def get(name: str) -> str | None:
        return one_line(getattr(found, name, None) or "")[:2000] or None

    url = get("url")
    published = get("date")
    # trafilatura's date finder also guesses from the text; only a date that the page's own metadata states is kept.
    if published and not _states_date(page, published):
        published = None
    lang = re.search(r"<html[^>]+lang=[\"']?([a-z]{2})", page[:4096], re.IGNORECASE)
    stated = lang[1].lower() if lang else None
    return FrontMatter.model_validate(
        {
            "title": get("title"),
            "lang": stated if stated in LANGS else None,
            "source": {
                "title": get("title"),
                "publisher": get("sitename"),
                "published": published,
                "url": url if url and is_web_address(url) else None,
                "lang": stated,
            },
        }
    )


def _states_date(page: str, published: str) -> bool:
    head = page[: page.lower().find("</head>") + 1 or len(page)]
    in_head = re.search(r"<meta[^>]+(date|time|published)[^>]*>|datePublished", head, re.IGNORECASE)
    return bool((in_head and published in page) or re.search(rf"<time[^>]+{published}", page))


def _text(element: object) -> str:
    return one_line("".join(element.itertext()))  # type: ignore[attr-defined]


def _walk(element: object, blocks: list[Block]) -> None:
    for child in element:  # type: ignore[attr-defined]
        text = _text(child)
        match child.tag:
            case "head":
                level = re.search(r"\d", child.get("rend") or "")
                if text:
                    blocks.append(Block("heading", text, level=int(level.group()) if level else 2))
            case "list":
                blocks.extend(Block("item", f"• {item}") for item in map(_text, child.iter("item")) if item)
            case "table":
                for row in child.iter("row"):
                    cells = [cell for cell in map(_text, row.iter("cell")) if cell]
                    if cells:
                        blocks.append(Block("item", " | ".join(cells)))
            case "p" | "quote" | "code" | "ab":
                if text:
                    blocks.append(Block("paragraph", text))
            case _:
                if len(child):
                    _walk(child, blocks)
                elif text:
                    blocks.append(Block("paragraph", text))
