"""The messages of templates and code, and the Spanish catalogue that holds their translations."""

from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from web.i18n import LOCALE

FOLDER = Path(__file__).parent
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {
    pattern: {"trimmed": "true", "silent": "false", "newstyle_gettext": "true"}
    for pattern, method in METHODS
    if method == "jinja2"
}
KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "N_": None, "ngettext": (1, 2)}


def extract_messages() -> Iterator[tuple[str, int, str | tuple[str, ...]]]:
    """(file, line, message) of everything that is marked for translation."""
    for name, line, message, _comments, _context in extract_from_dir(
        FOLDER, METHODS, OPTIONS, keywords=KEYWORDS, comment_tags=(), strip_comment_tags=True
    ):
        yield str(name), line, message


def spanish_path() -> Path:
    """The Spanish catalogue; English is the language of the messages themselves."""
    return LOCALE / "es" / "LC_MESSAGES" / "messages.po"


def read_spanish() -> Catalog:
    """The Spanish catalogue as it is."""
    with spanish_path().open("rb") as file:
        return read_po(file, locale="es")


def update_catalogues() -> list[str]:
    """Add new messages, drop old ones; returns what is not translated."""
    wanted = Catalog(project="RCM Answers", charset="utf-8")
    for name, line, message in extract_messages():
        wanted.add(message, None, [(name, line)])
    catalogue = read_spanish() if spanish_path().is_file() else Catalog(locale="es", project="RCM Answers", charset="utf-8")
    catalogue.update(wanted, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    spanish_path().parent.mkdir(parents=True, exist_ok=True)
    with spanish_path().open("wb") as file:
        write_po(file, catalogue, width=0, sort_output=True, no_location=True, omit_header=False)
    return untranslated(catalogue)


def untranslated(catalogue: Catalog) -> list[str]:
    """The messages of a catalogue that lack their translation."""
    out = []
    for message in catalogue:
        texts = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
        if message.id and not all(texts):
            out.append(message.id if isinstance(message.id, str) else message.id[0])
    return out
