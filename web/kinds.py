"""The kinds of documents in words; a kind that is not listed is shown as the curator wrote it."""

from babel.core import Locale, UnknownLocaleError

from corpus.records import Lang
from web.i18n import N_, translate

_KINDS = {
    "communique": N_("Communiqué"),
    "conclusions": N_("Conclusions of a meeting"),
    "declaration": N_("Declaration"),
    "events-page": N_("Events page"),
    "guidelines": N_("Guidelines"),
    "news": N_("News"),
    "overview": N_("Overview"),
    "presentation": N_("Presentation"),
    "press-release": N_("Press release"),
    "report": N_("Report"),
    "speech": N_("Speech"),
    "study": N_("Study"),
    "web-page": N_("Web page"),
}


def kind_name(kind: str | None, lang: Lang) -> str:
    """A kind in words."""
    if not kind:
        return translate(lang, N_("Kind not stated"))
    return translate(lang, _KINDS[kind]) if kind in _KINDS else kind.replace("-", " ").capitalize()


def lang_name(code: str, lang: Lang) -> str:
    """A language in words."""
    try:
        name = Locale.parse(code).get_language_name(lang)
    except (UnknownLocaleError, ValueError):
        return code
    return name.capitalize() if name else code
