"""What a page is asked for: the question, what came before it, its filters; and back into an address."""

import re
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode

from starlette.datastructures import QueryParams

from corpus.records import Lang
from index.filters import Filters
from qa.understanding import MAX_HISTORY
from web.i18n import known_lang

MAX_PARAMETER_CHARS = 4000
PAGE_PASSAGES = 5
MORE_PASSAGES = 15


@dataclass(frozen=True, slots=True)
class AskParams:
    """One request of the chat page. An address reproduces its answer."""

    q: str = ""
    h: tuple[str, ...] = ()  # questions before this one, oldest first
    lang: Lang | None = None
    doc_lang: Lang | None = None
    year_from: int | None = None
    year_to: int | None = None
    kind: str | None = None
    publisher: str | None = None
    document: str | None = None
    k: int = PAGE_PASSAGES

    @property
    def filters(self) -> Filters:
        """The filters as the engine takes them."""
        return Filters(
            lang=self.doc_lang,
            year_from=self.year_from,
            year_to=self.year_to,
            kind=self.kind,
            publisher=self.publisher,
            document=self.document,
        )

    @property
    def filtered(self) -> bool:
        """Whether any filter is set."""
        return bool(self.filters.as_dict())

    def pairs(self) -> list[tuple[str, str]]:
        """Names and values of everything that is set, in a fixed order."""
        out = [("q", self.q)] if self.q else []
        out += [("h", earlier) for earlier in self.h]
        for name in ("lang", "doc_lang", "year_from", "year_to", "kind", "publisher", "document"):
            value = getattr(self, name)
            if value is not None:
                out.append((name, str(value)))
        if self.k != PAGE_PASSAGES:
            out.append(("k", str(self.k)))
        return out

    def address(self, path: str = "/", fragment: str = "", **extra: object) -> str:
        """A path with these parameters."""
        pairs = self.pairs() + [(name, str(value)) for name, value in extra.items()]
        query = urlencode(pairs, quote_via=quote)
        return f"{path}?{query}{fragment}" if query else path + fragment

    def asks(self, question: str) -> "AskParams":
        """Another question, on its own."""
        return AskParams(q=question)

    def follow_up(self, question: str = "") -> "AskParams":
        """The next question of this conversation."""
        before = (*self.h, self.q) if self.q else self.h
        return replace(self, q=question, h=before[-MAX_HISTORY:], k=PAGE_PASSAGES)

    def earlier(self) -> list["AskParams"]:
        """The requests that asked the questions before this one."""
        return [replace(self, q=text, h=self.h[:n], k=PAGE_PASSAGES) for n, text in enumerate(self.h)]

    def more(self) -> "AskParams":
        """The same with more passages."""
        return replace(self, k=MORE_PASSAGES)

    def unfiltered(self) -> "AskParams":
        """The same without filters."""
        return AskParams(q=self.q, h=self.h, lang=self.lang)


def read_params(query: QueryParams) -> AskParams:
    """The parameters of an address. What an empty field or a mistyped value leaves is as if it were not there."""

    def text(name: str) -> str | None:
        value = _clean(query.get(name, ""))
        return value[:200] or None

    def year(name: str) -> int | None:
        value = query.get(name, "").strip()
        return int(value) if re.fullmatch(r"(?!0000)[0-9]{4}", value, re.ASCII) else None

    k = query.get("k", "")
    return AskParams(
        q=_clean(query.get("q", "")),
        h=tuple(item for item in (_clean(item) for item in query.getlist("h")[-MAX_HISTORY:]) if re.search(r"\w", item)),
        lang=known_lang(query.get("lang")),
        doc_lang=known_lang(query.get("doc_lang")),
        year_from=year("year_from"),
        year_to=year("year_to"),
        kind=text("kind"),
        publisher=text("publisher"),
        document=text("document"),
        k=min(max(int(k), 1), 50) if re.fullmatch(r"[0-9]{1,2}", k) else PAGE_PASSAGES,
    )


def _clean(text: str) -> str:
    return text[: MAX_PARAMETER_CHARS + 1].encode("utf-8", "replace").decode().strip()
