"""The bilingual glossary: one concept, its names, abbreviations and aliases in both languages."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from corpus.errors import BadData
from corpus.records import Lang

PATH = Path(__file__).parent / "glossary.toml"
_KEYS = {
    "en", "es", "abbr_en", "abbr_es", "aliases_en", "aliases_es", "definition_en", "definition_es", "official", "kind",
    "countries_en", "countries_es",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Term:
    """A concept of the field. `official` is false where one of the names is the project's own translation."""

    en: str
    es: str
    abbr_en: tuple[str, ...] = ()
    abbr_es: tuple[str, ...] = ()
    aliases_en: tuple[str, ...] = ()
    aliases_es: tuple[str, ...] = ()
    definition_en: str = ""
    definition_es: str = ""
    official: bool = True
    kind: str = "term"  # "country" for a country, which a follow-up may exchange for another
    countries_en: str = ""  # of a group of countries its members, as a sentence lists them
    countries_es: str = ""

    @property
    def proper(self) -> bool:
        """Whether it is the name of one body, text or meeting and no general notion such as reintegration."""
        return self.en[:1].isupper()

    def name(self, lang: Lang) -> str:
        """The name of the concept in a language."""
        return self.en if lang == "en" else self.es

    def definition(self, lang: Lang) -> str:
        """The short definition in a language."""
        return self.definition_en if lang == "en" else self.definition_es

    def countries(self, lang: Lang) -> str:
        """The members of a group of countries in a language; empty for all else."""
        return self.countries_en if lang == "en" else self.countries_es

    def forms(self, lang: Lang) -> tuple[str, ...]:
        """Everything that the concept is called in a language: name, abbreviations, aliases."""
        if lang == "en":
            return (self.en, *self.abbr_en, *self.aliases_en)
        return (self.es, *self.abbr_es, *self.aliases_es)


@lru_cache(maxsize=1)
def load_glossary(path: Path = PATH) -> tuple[Term, ...]:
    """All terms in the order of the file. Raises BadData naming the entry that is malformed."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BadData(f"{path.name} does not parse: {error}") from None
    terms: list[Term] = []
    for number, entry in enumerate(data.get("term", []), start=1):
        if unknown := set(entry) - _KEYS:
            raise BadData(f"{path.name}: term {number} has the unknown key {sorted(unknown)[0]!r}")
        if not entry.get("en") or not entry.get("es"):
            raise BadData(f"{path.name}: term {number} lacks its name in one language; write both 'en' and 'es'")
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}
        terms.append(Term(**values))
    return tuple(terms)
