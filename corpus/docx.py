"""Word files to blocks: headings by style, list paragraphs, tables row by row."""

import io

from corpus.errors import UnreadableDocument
from corpus.frontmatter import FrontMatter
from corpus.normalising import one_line
from corpus.reading import Limits, RawDocument, check_archive
from corpus.records import Block


def read(data: bytes, limits: Limits) -> RawDocument:
    """Blocks of a DOCX file and the title of its properties. Raises UnreadableDocument."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableDocument("the file is encrypted or in the old .doc format; save it as .docx without a password")
    check_archive(data, limits)
    import docx
    from docx.table import Table

    try:
        document = docx.Document(io.BytesIO(data))
        blocks: list[Block] = []
        for part in document.iter_inner_content():
            if isinstance(part, Table):
                blocks.extend(_rows(part))
            else:
                block = _paragraph(one_line(part.text), part.style.name or "" if part.style else "")
                if block is not None:
                    blocks.append(block)
        title = one_line(document.core_properties.title or "")
    except (RecursionError, MemoryError):
        raise
    except Exception as error:  # zipfile, zlib, lxml and python-docx each raise classes of their own
        raise UnreadableDocument(f"the Word file is damaged: {' '.join(str(error).split())[:200]}") from None
    if not blocks:
        raise UnreadableDocument("the Word file holds no text")
    return RawDocument(blocks=blocks, front=FrontMatter(title=title[:2000] or None))


def _paragraph(text: str, style: str) -> Block | None:
    if not text:
        return None
    if style == "Title":
        return Block("heading", text, level=1)
    if style.startswith("Heading"):
        digits = "".join(c for c in style if c.isdigit())
        return Block("heading", text, level=int(digits or 1))
    if style.startswith("List"):
        return Block("item", f"• {text}")
    return Block("paragraph", text)


def _rows(table: object) -> list[Block]:
    out: list[Block] = []
    for row in table.rows:  # type: ignore[attr-defined]
        cells: list[str] = []
        for cell in row.cells:
            text = one_line(cell.text)
            if text and (not cells or cells[-1] != text):  # merged cells repeat
                cells.append(text)
        if cells:
            out.append(Block("item", " | ".join(cells)))
    return out
