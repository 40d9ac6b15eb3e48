"""Two languages for the pages: catalogues read from .po files, the visitor's choice, dates and numbers."""

import gettext
import io
from functools import lru_cache
from pathlib import Path

from babel.core import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from starlette.datastructures import Headers

from corpus.records import LANGS, Lang

LOCALE = Path(__file__).parent / "locale"
COOKIE = "hl"
# Spanish as the region writes it: 1,234.5.
_LOCALES: dict[Lang, str] = {"en": "en", "es": "es_MX"}


def N_(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


@lru_cache(maxsize=4)
def load_catalogue(lang: Lang) -> gettext.NullTranslations:
    """The messages of a language; the messages of the code are English."""
    path = LOCALE / lang / "LC_MESSAGES" / "messages.po"
    if not path.is_file():
        return gettext.NullTranslations()
    with path.open("rb") as file:
        catalogue = read_po(file, locale=lang)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def translate(lang: Lang, message: str, **values: object) -> str:
    """A message in a language, with values put into its {fields}."""
    text = load_catalogue(lang).gettext(message)
    return text.format(**values) if values else text


def known_lang(text: str | None) -> Lang | None:
    """`en` or `es`, else None."""
    return next((lang for lang in LANGS if lang == text), None)


def choose_lang(asked: str | None, cookie: str | None, headers: Headers) -> Lang:
    """The language of a page: `?hl=`, then the remembered choice, then the browser's languages, then English."""
    chosen = known_lang(asked) or known_lang(cookie)
    if chosen is not None:
        return chosen
    wanted = sorted(_weighted(headers.get("accept-language", "")), key=lambda item: -item[0])
    found = negotiate_locale([tag for _, tag in wanted], list(LANGS), sep="-")
    if found is None:  # es-419 and the like: only the language counts
        found = negotiate_locale([tag.split("-")[0] for _, tag in wanted], list(LANGS), sep="-")
    return known_lang(found) or "en"


def _weighted(header: str) -> list[tuple[float, str]]:
    out: list[tuple[float, str]] = []
    for part in header[:500].split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        if tag and tag != "*" and weight > 0 and tag.replace("-", "").isalnum():
            out.append((weight, tag))
    return out


def format_number(value: float, lang: Lang) -> str:
    """A number as a language writes it."""
    return format_decimal(value, locale=_LOCALES[lang])


def format_share(value: float, lang: Lang, digits: int = 0) -> str:
    """A share of one as a percentage."""
    return format_percent(value, format=f"0.{'0' * digits}%" if digits else "0%", locale=_LOCALES[lang])
