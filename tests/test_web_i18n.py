import gettext
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient

from qa.live import LiveEngine
from tests.web_fixtures import HTML, MEMBERS, serving
from web.i18n import load_catalogue
from web.messages import extract_messages, read_spanish, untranslated

WALK = (
    "/", f"/?q={MEMBERS}", f"/?q={MEMBERS}&h=What is the RCM%3F&year_from=1990&k=15", "/?q=zebra&year_from=2999", "/?q=?!",
    f"/?q={MEMBERS}&thanks=1", "/documents", "/documents?text=zebra", "/documents?kind=news", "/documents/puebla",
    f"/documents/puebla?q={MEMBERS}&start=0&end=90", "/documents/puebla?compare=1", "/documents/managua", "/about", "/docs", "/nothing",
)  # fmt: skip
SHOWN = {"title", "placeholder", "alt", "aria-label", "content"}
DATA_ATTRIBUTES = {"data-copied", "data-thanks", "data-sending", "data-deciding", "data-waiting", "data-failed", "data-busy"}


def test_every_message_has_its_translation_and_no_other_is_kept() -> None:
    catalogue = read_spanish()
    wanted = {message if isinstance(message, str) else message[0] for _, _, message in extract_messages()}
    held = {m.id if isinstance(m.id, str) else m.id[0] for m in catalogue if m.id}
    assert held == wanted
    assert untranslated(catalogue) == []
    assert len(wanted) > 150


def test_translations_keep_the_fields_of_their_messages() -> None:
    for message in read_spanish():
        if not message.id:
            continue
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        texts = [message.string] if isinstance(message.string, str) else list(message.string)
        fields = {field for text in ids for field in re.findall(r"%\((\w+)\)s", text)}
        assert all(set(re.findall(r"%\((\w+)\)s", text)) == fields for text in texts), ids


class Visible(HTMLParser):
    """What a reader of a page sees in the page's own language: text and spoken attributes outside of quoted matter."""

    def __init__(self, lang: str) -> None:
        super().__init__()
        self._lang = lang
        self._open: list[tuple[str, bool]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        classes = (values.get("class") or "").split()
        quoted = (
            (tag != "html" and "lang" in values)
            or tag in ("code", "pre", "cite", "time", "option")
            or bool({"mono", "citation", "asked", "glossary"} & set(classes))
        )
        inside = quoted or (bool(self._open) and self._open[-1][1])
        if not inside:
            self.texts += [v for k, v in attrs if v and (k in SHOWN - {"content"} or k in DATA_ATTRIBUTES)]
        if tag not in ("meta", "link", "input", "img", "br", "rect", "path", "hr"):
            self._open.append((tag, inside))

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            name, _ = self._open.pop()
            if name == tag:
                break

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._open[-1][1]:
            self.texts.append(data)


class Bracketed(gettext.NullTranslations):
    """Every message between brackets, so that what passes by the catalogue stands out."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, one: str, many: str, n: int) -> str:
        return f"⟦{one if n == 1 else many}⟧"


def answer_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.answering.status_of", lambda p, calibration: ("answered", "high"))


@pytest.fixture
def bracketed(tiny_live: LiveEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    answer_everything(monkeypatch)
    monkeypatch.setattr("web.rendering.load_catalogue", lambda lang: Bracketed())
    monkeypatch.setattr("web.i18n.load_catalogue", lambda lang: Bracketed())
    with serving(tiny_live) as client:
        yield client


DATA = re.compile(
    r"Which countries are members of the RCM\?|What is the RCM\?|zebra|/openapi\.json|The nineteenth meeting|The first meeting in Puebla|The fifteenth meeting|Annual meeting in Tapachula|"
    r"RCM Answers|Español|English|Inglés|Spanish|Example Ministry|Example Organisation|BibTeX|RIS|CSL-JSON|Markdown|OpenAPI 3\.1|First meeting of the regional conference|"
    r"\bPuebla\b|\bXIX\b|\b[IXV]+\b|all-MiniLM-L6-v2|\d{8}T\d{6}-[0-9a-f]+|\bms\b|words-64|\bnews\b|Press release|Communique"
)


@pytest.mark.parametrize("address", WALK)
def test_nothing_on_a_page_passes_by_the_catalogue(bracketed: TestClient, address: str) -> None:
    page = bracketed.get(address, headers=HTML).text
    seen = Visible("en")
    seen.feed(page)
    text = "\n".join(seen.texts)
    assert text.count("⟦") > 8
    while "⟦" in text:  # from the inside out
        shorter = re.sub(r"⟦[^⟦⟧]*⟧", "", text)
        assert shorter != text
        text = shorter
    left = [line.strip() for line in DATA.sub("", text).splitlines() if re.search(r"[^\W\d_]{2,}", line)]
    assert left == []


@pytest.mark.parametrize("address", WALK)
def test_a_spanish_page_shows_no_english_message(tiny_live: LiveEngine, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_everything(monkeypatch)
    with serving(tiny_live) as client:
        spanish = client.get(address, headers={**HTML, "Accept-Language": "es"}).text
        english = client.get(address, headers={**HTML, "Accept-Language": "en"}).text
    catalogue = load_catalogue("es")
    messages = {
        m.id for m in read_spanish() if isinstance(m.id, str) and m.id and "%(" not in m.id and m.string != m.id and len(m.id) > 4
    }
    seen, other = Visible("es"), Visible("en")
    seen.feed(spanish)
    other.feed(english)
    shown = {" ".join(text.split()) for text in seen.texts}
    assert not shown & messages
    there = {" ".join(text.split()) for text in other.texts} & messages
    assert there
    assert {catalogue.gettext(m) for m in there} <= shown


def test_passages_say_their_language(tiny_live: LiveEngine) -> None:
    with serving(tiny_live) as client:
        page = client.get(
            "/", params={"q": "¿Qué países son miembros de la CRM?", "doc_lang": "en"}, headers={**HTML, "Accept-Language": "es"}
        ).text
        assert '<html lang="es"' in page
        assert '<blockquote lang="en">' in page
        assert re.search(r'<h1 class="asked" id="t1-q" lang="es"', page)
        assert "1996" in page
        reader = client.get("/documents/tapachula", headers={**HTML, "Accept-Language": "es"}).text
        assert '<time datetime="2010-05">mayo de 2010</time>' in reader
        assert '<article class="text" lang="en">' in reader
