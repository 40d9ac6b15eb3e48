"""Markdown to blocks: headings, paragraphs, list items; markup does not reach the text."""

from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from corpus.frontmatter import split_front_matter
from corpus.normalising import normalise, one_line
from corpus.reading import Limits, RawDocument, decode_text
from corpus.records import Block


def read(data: bytes, limits: Limits) -> RawDocument:
    """Blocks of a Markdown file and its front matter. Raises UnreadableDocument."""
    front, body = split_front_matter(normalise(decode_text(data)))
    return RawDocument(blocks=markdown_blocks(body), front=front)


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable("table")


def _plain(inline: Token) -> str:
    parts: list[str] = []
    for token in inline.children or []:
        if token.type in ("text", "code_inline"):
            parts.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif token.type == "image":
            parts.append(token.content)
    return one_line("".join(parts))  # again: a character may be written by its number


def markdown_blocks(text: str) -> list[Block]:
    """The blocks of a Markdown text in order. Raw HTML is dropped, tables become one line per row."""
    tokens = _parser().parse(text)
    blocks: list[Block] = []
    level = 0
    lists = 0
    row: list[str] | None = None
    for token in tokens:
        match token.type:
            case "heading_open":
                level = int(token.tag[1])
            case "heading_close":
                level = 0
            case "list_item_open":
                lists += 1
            case "list_item_close":
                lists -= 1
            case "tr_open":
                row = []
            case "tr_close":
                if row:
                    blocks.append(Block("item", " | ".join(row)))
                row = None
            case "fence" | "code_block":
                blocks.append(Block("paragraph", one_line(token.content)))
            case "inline":
                plain = _plain(token)
                if not plain:
                    continue
                if row is not None:
                    row.append(plain)
                elif level:
                    blocks.append(Block("heading", plain, level=level))
                elif lists:
                    blocks.append(Block("item", f"• {plain}"))
                else:
                    blocks.append(Block("paragraph", plain))
    return [block for block in blocks if block.text]
