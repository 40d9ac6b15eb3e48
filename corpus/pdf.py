"""PDF files to lines of text with their pages; the layout of lines is left to the plain-text reader's rules."""

import pypdfium2
from pypdfium2._helpers.misc import PdfiumError

from corpus.errors import UnreadableDocument
from corpus.frontmatter import FrontMatter
from corpus.normalising import normalise, one_line
from corpus.reading import Limits, RawDocument


def read(data: bytes, limits: Limits) -> RawDocument:
    """Lines of a PDF with page numbers from 1. Raises UnreadableDocument: damaged, encrypted, no text, too long."""
    try:
        pdf = pypdfium2.PdfDocument(data)
    except PdfiumError as error:
        if "password" in str(error).lower():
            raise UnreadableDocument("the PDF is encrypted; save a copy without a password") from None
        raise UnreadableDocument(f"the PDF is damaged: {error}") from None
    try:
        if len(pdf) > limits.max_pages:
            raise UnreadableDocument(f"the PDF has {len(pdf):,} pages, more than the limit of {limits.max_pages:,} (max_pages)")
        lines: list[tuple[str, int | None]] = []
        chars = 0
        for number in range(len(pdf)):
            page = pdf[number]
            text_page = page.get_textpage()
            text = normalise(text_page.get_text_bounded())
            text_page.close()
            page.close()
            chars += len(text)
            if chars > limits.max_text_chars:
                raise UnreadableDocument(f"the PDF has more than {limits.max_text_chars:,} characters of text (max_text_chars)")
            lines.extend((line, number + 1) for line in text.split("\n"))
            lines.append(("", number + 1))
        if not any(line.strip() for line, _ in lines):
            raise UnreadableDocument("the PDF holds no text (scanned pages?); run text recognition on it first")
        title = one_line(pdf.get_metadata_value("Title") or "")
    except PdfiumError as error:
        raise UnreadableDocument(f"the PDF is damaged: {error}") from None
    finally:
        pdf.close()
    looks_like_title = len(title) > 8 and " " in title and not title.lower().endswith((".doc", ".docx", ".pdf"))
    front = FrontMatter(title=title[:2000]) if looks_like_title else FrontMatter()
    return RawDocument(blocks=[], front=front, scraped=True, lines=lines)
