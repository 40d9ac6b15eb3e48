"""Citations ready to paste: the source first, and, for a summary, where the words really stand."""

import json
import re
from typing import Any, Literal
from urllib.parse import quote

from corpus.normalising import one_line
from corpus.records import Document, Lang, Passage
from qa.dating import format_date
from qa.errors import BadRequest

Style = Literal["text", "markdown", "bibtex", "ris", "csl-json"]
STYLES: tuple[Style, ...] = ("text", "markdown", "bibtex", "ris", "csl-json")

_TEXT: dict[Lang, dict[str, str]] = {
    "en": {"untitled": "Untitled document", "nd": "n.d.", "summary": "Summary in RCM Answers, document", "page": "p.", "document": "document", "overview": "Overview compiled for RCM Answers from the sources it names, document"},
    "es": {"untitled": "Documento sin título", "nd": "s. f.", "summary": "Resumen en RCM Answers, documento", "page": "p.", "document": "documento", "overview": "Panorama elaborado para RCM Answers a partir de las fuentes que nombra, documento"},
}  # fmt: skip
# Kinds of documents in the type words of CSL, BibTeX and RIS.
_TYPES = {
    "news": ("article-newspaper", "misc", "NEWS"),
    "press-release": ("webpage", "misc", "PRESS"),
    "report": ("report", "techreport", "RPRT"),
    "study": ("report", "techreport", "RPRT"),
    "speech": ("speech", "misc", "GEN"),
    "presentation": ("speech", "misc", "SLIDE"),
    "guidelines": ("report", "techreport", "RPRT"),
}
_DEFAULT_TYPE = ("webpage", "misc", "ELEC")


def cite(document: Document, passage: Passage | None, style: str, lang: Lang | None = None, quotation: str | None = None) -> str:
    """The citation of a passage (or whole document) in a style. Raises BadRequest for an unknown style."""
    lang = lang or document.lang
    match style:
        case "text":
            return _plain(document, passage, lang, quotation, markdown=False)
        case "markdown":
            return _plain(document, passage, lang, quotation, markdown=True)
        case "bibtex":
            return _bibtex(document, passage)
        case "ris":
            return _ris(document, passage)
        case "csl-json":
            return json.dumps([csl(document, passage)], ensure_ascii=False, indent=1)
    raise BadRequest(f"{style[:40]!r} is not a citation style; use one of {', '.join(STYLES)}")


def title_of(document: Document, lang: Lang | None = None) -> str:
    """What to call a document: the source's own title, else the document's, else its file."""
    return document.source.title or document.title or one_line(document.path or "") or _TEXT[lang or document.lang]["untitled"]


def _where(document: Document, passage: Passage | None, lang: Lang) -> str:
    words = _TEXT[lang]
    parts = []
    if passage is not None and passage.page is not None:
        parts.append(f"{words['page']} {passage.page}")
    if document.rests_on:
        parts.append(f"{words['overview']} {passage.id if passage else document.id}")
    elif document.summary:
        parts.append(f"{words['summary']} {passage.id if passage else document.id}")
    else:
        parts.append(f"{words['document']} {passage.id if passage else document.id}")
    return ", ".join(parts)


def _escape_markdown(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>])", r"\\\1", text)


def _plain(document: Document, passage: Passage | None, lang: Lang, quotation: str | None, *, markdown: bool) -> str:
    words = _TEXT[lang]
    source = document.source
    safe = _escape_markdown if markdown else str
    date = format_date(source.published, lang) if source.published else words["nd"]
    title = safe(title_of(document, lang))
    if markdown and source.url and re.match(r"https?://", source.url):
        title = f"[{title}]({quote(source.url, safe=':/?#=&%+,;@~!$*-._')})"
    elif markdown:
        title = f"*{title}*"
    else:
        title = f"“{title}”" if lang == "en" else f"«{title}»"
    parts = [safe(source.publisher)] if source.publisher else []
    parts.append(f"({safe(date)})")
    text = " ".join(parts) + f". {title}."
    if source.url and not markdown:
        text += f" {source.url}."
    text += f" {safe(_where(document, passage, lang))}."
    if quotation:
        opening, closing = ("“", "”") if lang == "en" else ("«", "»")
        return f"{opening}{safe(quotation)}{closing} {text}"
    return text


def _key(document: Document, passage: Passage | None) -> str:
    """What an entry is called in a bibliography: passages of one document are entries of their own."""
    return passage.id if passage else document.id


# BibTeX counts braces whatever stands before them, so that they have names.
_TEX = str.maketrans(
    {character: f"\\{character}" for character in "&%$#_"}
    | {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
    }
)


def _tex(text: str) -> str:
    return text.translate(_TEX)


def _bibtex(document: Document, passage: Passage | None) -> str:
    source = document.source
    kind = _TYPES.get(source.kind or "", _DEFAULT_TYPE)[1]
    fields = [("title", f"{{{_tex(title_of(document))}}}")]
    if source.publisher:
        fields.append(("institution" if kind == "techreport" else "author", f"{{{_tex(source.publisher)}}}"))
        if kind == "techreport":
            fields.append(("author", f"{{{_tex(source.publisher)}}}"))
    if source.published:
        year, *rest = source.published.split("-")
        fields.append(("year", year))
        if rest:
            fields.append(("month", str(int(rest[0]))))
        fields.append(("date", source.published))
    if source.url:
        fields.append(("url", quote(source.url, safe=":/?#[]@!$&'()*+,;=%~")))
    fields.append(("langid", "spanish" if (source.lang or document.lang) == "es" else "english"))
    fields.append(("note", _tex(_where(document, passage, "en"))))
    body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields)
    return f"@{kind}{{{_key(document, passage)},\n{body}\n}}"


def _ris(document: Document, passage: Passage | None) -> str:
    source = document.source
    lines = [("TY", _TYPES.get(source.kind or "", _DEFAULT_TYPE)[2]), ("TI", title_of(document))]
    if source.publisher:
        lines += [("AU", source.publisher), ("PB", source.publisher)]
    if source.published:
        parts = source.published.split("-")
        lines += [("PY", parts[0]), ("DA", "/".join([*parts, "", "", ""][:3]) + "/")]
    if source.url:
        lines.append(("UR", source.url))
    lines += [("LA", source.lang or document.lang), ("N1", _where(document, passage, "en"))]
    if passage is not None and passage.page is not None:
        lines.append(("SP", str(passage.page)))
    lines.append(("ER", ""))
    return "\r\n".join(f"{tag}  - {' '.join(value.split())}" for tag, value in lines) + "\r\n"


def csl(document: Document, passage: Passage | None) -> dict[str, Any]:
    """A CSL-JSON item (citation-style-language schema 1.0.2)."""
    source = document.source
    item: dict[str, Any] = {
        "id": _key(document, passage),
        "type": _TYPES.get(source.kind or "", _DEFAULT_TYPE)[0],
        "title": title_of(document),
        "language": source.lang or document.lang,
        "note": _where(document, passage, "en"),
    }
    if source.publisher:
        item["author"] = [{"literal": source.publisher}]
        item["publisher"] = source.publisher
    if source.published:
        item["issued"] = {"date-parts": [[int(part) for part in source.published.split("-")]]}
    if source.url:
        item["URL"] = source.url
    if passage is not None and passage.page is not None:
        item["page"] = str(passage.page)
    return item


def text_fragment_link(document: Document, quotation: str, page: int | None) -> str | None:
    """A link to the original that scrolls to the quotation; of a summary or unsafe address, the plain link or None.

    Text fragments as in https://wicg.github.io/scroll-to-text-fragment/: first and last words of the quotation.
    """
    url = document.source.url
    if url is None or not re.match(r"https?://", url):
        return None
    if document.summary:
        return url  # the original does not hold these words
    base = url.split("#:~:", 1)[0]
    if base.lower().split("?")[0].endswith(".pdf"):
        return f"{base.split('#')[0]}#page={page}" if page else base
    words = quotation.split()
    if not words:
        return base
    fragment = _encode(words) if len(words) <= 10 else f"{_encode(words[:5])},{_encode(words[-5:])}"
    joint = "" if "#" in base else "#"
    return f"{base}{joint}:~:text={fragment}"


def _encode(words: list[str]) -> str:
    return quote(" ".join(words), safe="").replace("-", "%2D")
