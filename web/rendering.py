"""Templates: one environment a language, everything escaped, addresses of static files with their hash."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from corpus.records import LANGS, Lang
from qa.citing import title_of
from qa.dating import format_date
from web.i18n import COOKIE, choose_lang, format_number, format_share, known_lang, load_catalogue
from web.kinds import kind_name, lang_name
from web.marking import render_runs
from web.security import is_safe_path

FOLDER = Path(__file__).parent
THEME_COOKIE = "theme"
THEMES = ("auto", "light", "dark")
YEAR_S = 31_536_000


class Renderer:
    """Renders templates in either language."""

    def __init__(self) -> None:
        self._static = {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:12]
            for path in (FOLDER / "static").iterdir()
            if path.is_file()
        }
        self._environments = {lang: self._environment(lang) for lang in LANGS}

    def _environment(self, lang: Lang) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        environment.install_gettext_translations(load_catalogue(lang), newstyle=True)  # type: ignore[attr-defined]
        environment.globals.update(lang=lang, static=self.static, other_lang="es" if lang == "en" else "en")
        environment.filters.update(
            date=lambda value: format_date(value, lang),
            number=lambda value: format_number(value, lang),
            share=lambda value, digits=0: format_share(value, lang, digits),
            kind=lambda value: kind_name(value, lang),
            language=lambda value: lang_name(value, lang),
            web_address=web_address,
            title_of=lambda document: title_of(document, lang),
            marked=render_runs,
        )
        return environment

    def static(self, name: str) -> str:
        """The address of a static file; it changes with the file."""
        return f"/static/{name}?v={self._static[name]}"

    def render(self, name: str, lang: Lang, context: Mapping[str, Any]) -> str:
        """A template in a language."""
        return self._environments[lang].get_template(name).render(context)


def web_address(url: str | None) -> str | None:
    """An address that may be linked: http or https, or nothing."""
    return url if url and re.match(r"https?://", url, re.IGNORECASE) else None


def lang_of(request: Request) -> Lang:
    """The language of the page that a request gets."""
    return choose_lang(request.query_params.get("hl"), request.cookies.get(COOKIE), request.headers)


def theme_of(request: Request) -> str:
    """The colours that the visitor chose: auto, light or dark."""
    theme = request.cookies.get(THEME_COOKIE, "auto")
    return theme if theme in THEMES else "auto"


def page(
    request: Request,
    renderer: Renderer,
    name: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """A page as a response, in the visitor's language and colours."""
    lang = lang_of(request)
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    context.update(
        theme=theme_of(request),
        path=request.url.path,
        here=target if is_safe_path(target) else "/",
        switch=_switch(request, "es" if lang == "en" else "en"),
        alternates={code: _switch(request, code) for code in LANGS},
    )
    response = HTMLResponse(renderer.render(name, lang, context), status, headers=dict(headers or {}))
    response.headers["Content-Language"] = lang
    response.headers["Vary"] = "Accept-Language, Cookie"
    response.headers.setdefault("Cache-Control", "private, no-cache")
    chosen = known_lang(request.query_params.get("hl"))
    if chosen is not None:
        response.set_cookie(COOKIE, chosen, max_age=YEAR_S, httponly=True, samesite="lax")
    return response


def _switch(request: Request, lang: str) -> str:
    """The same address in another language of the pages."""
    url = request.url.include_query_params(hl=lang).remove_query_params(["fragment"])
    address = url.path + (f"?{url.query}" if url.query else "")
    return address if is_safe_path(address) else f"/?hl={lang}"
