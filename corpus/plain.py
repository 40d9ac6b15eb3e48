"""Plain text, as written or as scraped from a web page, to lines; `corpus.structure` makes blocks of them."""

from corpus.normalising import normalise
from corpus.reading import Limits, RawDocument, decode_text


def read(data: bytes, limits: Limits) -> RawDocument:
    """The lines of a text file. Raises UnreadableDocument when the bytes are no text."""
    text = normalise(decode_text(data))
    return RawDocument(blocks=[], scraped=True, lines=[(line, None) for line in text.split("\n")])
