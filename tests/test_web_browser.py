import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from qa.live import LiveEngine
from tests.web_fixtures import MEMBERS, listening
from web.feedback import Feedback

pytestmark = pytest.mark.browser

ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
ROOT = Path(__file__).parents[1]
ADDRESSES = (
    "/", f"/?q={MEMBERS}", "/?q=zebra&year_from=2999", "/documents", "/documents/puebla?start=10&end=60&q=RCM",
    "/documents/puebla?compare=1", "/about", "/docs", "/nothing",
)  # fmt: skip
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 860}

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium is installed")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core: from node_modules beside the project, else fetched by npm."""
    here = ROOT / "node_modules" / "axe-core" / "axe.min.js"
    if here.is_file():
        return here.read_text(encoding="utf-8")
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is absent, so axe-core cannot be fetched")
    folder = tmp_path_factory.mktemp("npm")
    done = subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), "axe-core@4"],
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        pytest.skip(f"axe-core could not be fetched: {done.stderr[-300:]}")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def base(tiny_live: LiveEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    # The pages are looked at, not the decision: whatever is found is an answer, except where nothing is found.
    monkeypatch.setattr("qa.answering.status_of", lambda p, calibration: ("answered", "high"))
    monkeypatch.setattr("web.site.Feedback", lambda path, rows: Feedback(tmp_path / "feedback.sqlite", rows))
    with listening(tiny_live) as address:
        yield address


@pytest.fixture
def open_page(browser: Browser, base: str) -> Iterator[Open]:
    """Opens a page of the site; at the end nothing may have been logged or asked of another host."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    expected: list[str] = []

    def opened(address: str = "/", *, failing: str = "", **how: Any) -> Page:
        expected.append(failing)
        context = browser.new_context(**{"viewport": DESKTOP, "locale": "en-GB", **how})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: complaints.append(str(e)))
        page.on("request", lambda r: complaints.append(f"foreign {r.url}") if not r.url.startswith(base) else None)
        page.goto(base + address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [text for text in complaints if not any(word and word in text for word in expected)] == []


def ask(page: Page, question: str) -> None:
    page.locator("textarea[name=q]").fill(question)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP])
@pytest.mark.parametrize("locale", ["en-GB", "es-MX"])
def test_a_conversation_works_without_a_script(open_page: Open, locale: str, viewport: dict[str, int]) -> None:
    page = open_page("/", java_script_enabled=False, locale=locale, viewport=viewport)
    spanish = locale.startswith("es")
    page.locator("textarea[name=q]").fill("Where was the annual meeting of the RCM held in 2010?")
    page.get_by_role("button", name="Preguntar" if spanish else "Ask", exact=True).click()
    expect(page.locator(".verdict strong")).to_have_text("La colección lo responde" if spanish else "Answered by the collection")
    expect(page.locator("mark").first).to_be_visible()
    expect(page.locator(".js-only").first).to_be_hidden()
    page.locator("textarea[name=q]").fill("And in 2014?")
    page.get_by_role("button", name="Preguntar" if spanish else "Ask", exact=True).click()
    expect(page.locator(".understood")).to_contain_text("2014")
    expect(page.locator(".earlier a")).to_have_text("Where was the annual meeting of the RCM held in 2010?")
    page.locator(".card summary").nth(2).click()
    page.get_by_role("button", name="Sí, responde" if spanish else "Yes, it answers").first.click()
    expect(page.locator(".notice.good")).to_be_visible()
    page.locator(".card h3 a").first.click()
    expect(page.locator("#hit")).to_be_visible()
    page.locator(".switch").click()
    expect(page.locator("html")).to_have_attribute("lang", "en" if spanish else "es")


def test_answers_are_appended_without_a_reload_and_the_address_follows(open_page: Open, base: str) -> None:
    page = open_page("/")
    page.evaluate("window.marker = 1")
    ask(page, "Where was the annual meeting of the RCM held in 2010?")
    expect(page.locator(".turn")).to_have_count(1)
    expect(page.locator(".asked")).to_be_focused()
    expect(page.locator("#live")).to_contain_text("Answered by the collection")
    assert page.url.startswith(f"{base}/?q=Where+was")
    ask(page, "And in 2014?")
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator("#t2 .understood")).to_contain_text("2014")
    expect(page.locator("#t2 .asked")).to_be_focused()
    assert page.evaluate("window.marker") == 1
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(node => node.id)")
    assert len(ids) == len(set(ids))
    second = page.locator("#t2 .quote blockquote").inner_text()
    page.reload()
    expect(page.locator(".turn")).to_have_count(1)
    assert page.locator(".quote blockquote").inner_text() == second
    expect(page.locator(".earlier a")).to_have_count(1)
    page.go_back()
    expect(page.locator(".asked")).to_contain_text("2010")


def test_the_keys_of_the_box(open_page: Open) -> None:
    page = open_page(f"/?q={MEMBERS}")
    box = page.locator("textarea[name=q]")
    page.keyboard.press("/")
    expect(box).to_be_focused()
    expect(box).to_have_value("")
    page.keyboard.press("ArrowUp")
    expect(box).to_have_value(MEMBERS)
    page.keyboard.press("Shift+Enter")
    expect(page.locator(".turn")).to_have_count(1)
    page.keyboard.type("1/2")
    expect(box).to_have_value(re.compile("1/2"))


def test_the_keyboard_alone_is_enough(open_page: Open) -> None:
    page = open_page("/documents")
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.goto(page.url.replace("/documents", "/"))
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.textContent.trim().slice(0, 40)"))
        if page.evaluate("document.activeElement.matches('.questions a')"):
            break
    assert page.evaluate("document.activeElement.matches('.questions a')"), seen
    page.keyboard.press("Enter")
    expect(page.locator(".verdict")).to_be_visible()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.card summary')"):
            break
    page.keyboard.press("Enter")
    expect(page.locator(".card details[open]")).to_have_count(1)


def test_copying_gives_the_citation_as_shown(open_page: Open) -> None:
    page = open_page(f"/?q={MEMBERS}", permissions=["clipboard-read", "clipboard-write"])
    button = page.get_by_role("button", name="Copy citation").first
    button.click()
    expect(page.get_by_role("button", name="Copied").first).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#t1-copy-text-1").text_content()
    assert "Example Ministry (14 March 1996)" in copied
    page.get_by_text("Share and keep").click()
    page.get_by_role("button", name="Copy the link").click()
    assert page.evaluate("navigator.clipboard.readText()").startswith("http://127.0.0.1")


def test_a_verdict_is_sent_without_leaving(open_page: Open) -> None:
    page = open_page(f"/?q={MEMBERS}")
    page.locator(".card").first.get_by_text("Does it answer?").click()
    page.get_by_label("Comment (optional)").first.fill("quite")
    page.get_by_role("button", name="No, it does not").first.click()
    expect(page.get_by_text("Your verdict was kept").first).to_be_visible()
    assert page.url.endswith("RCM?") or "q=" in page.url


def test_when_the_network_fails_the_question_stays_in_the_box(open_page: Open) -> None:
    page = open_page("/", failing="ERR_FAILED")
    page.route("**/*fragment=1*", lambda route: route.abort())
    ask(page, MEMBERS)
    expect(page.get_by_role("alert")).to_contain_text("could not be fetched")
    expect(page.locator("textarea[name=q]")).to_have_value(MEMBERS)
    page.unroute("**/*fragment=1*")
    page.keyboard.press("Enter")
    expect(page.locator(".turn")).to_have_count(1)


def test_waiting_is_shown_in_stages(open_page: Open) -> None:
    page = open_page("/")
    held: list[Any] = []
    page.route("**/*fragment=1*", lambda route: held.append(route))
    ask(page, MEMBERS)
    expect(page.locator(".waiting .stage")).to_have_text("Searching the collection")
    expect(page.locator(".waiting .stage")).to_have_text("Choosing the sentences that answer")
    held[0].continue_()
    expect(page.locator(".turn")).to_have_count(1)
    expect(page.locator(".waiting")).to_have_count(0)


def test_the_colours_follow_the_system_and_a_choice_wins(open_page: Open) -> None:
    page = open_page("/", color_scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background)
    page.get_by_role("link", name="Light").click()
    light = page.evaluate(background)
    assert dark != light
    page.wait_for_timeout(300)
    page.reload()
    assert page.evaluate(background) == light
    page.get_by_role("link", name="Automatic").click()
    assert page.evaluate(background) == dark


def test_nothing_moves_for_those_who_do_not_want_it(open_page: Open) -> None:
    page = open_page("/", reduced_motion="reduce")
    page.route("**/*fragment=1*", lambda route: None)
    ask(page, MEMBERS)
    stage = page.locator(".waiting .stage")
    expect(stage).to_be_visible()
    assert stage.evaluate("node => getComputedStyle(node, '::before').animationName") == "none"


def test_paper_shows_the_answer_with_numbered_notes(open_page: Open) -> None:
    page = open_page(f"/?q={MEMBERS}")
    expect(page.locator(".print-notes")).to_be_hidden()
    page.emulate_media(media="print")
    expect(page.locator(".print-notes li").first).to_contain_text("Example Ministry")
    for hidden in ("header.site", ".dock", ".folds", "footer.site"):
        expect(page.locator(hidden).first).to_be_hidden()


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_page_scrolls_sideways_on_a_phone(open_page: Open, address: str) -> None:
    failing = "404" if address == "/nothing" else ""
    page = open_page(address, viewport={"width": 320, "height": 700}, failing=failing)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_axe_finds_nothing_to_complain_of(open_page: Open, axe: str, address: str, scheme: str) -> None:
    failing = "404" if address == "/nothing" else ""
    for viewport, locale in ((DESKTOP, "en-GB"), (PHONE, "es-MX")):
        page = open_page(address, color_scheme=scheme, viewport=viewport, locale=locale, failing=failing)
        page.evaluate("document.querySelectorAll('details').forEach(node => { node.open = true; })")
        page.evaluate(axe)
        rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        found = page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", rules)
        assert found["passes"]
        complaints = [(v["id"], v["help"], [n["target"] for n in v["nodes"]][:3]) for v in found["violations"]]
        assert complaints == [], json.dumps(complaints, indent=1)
