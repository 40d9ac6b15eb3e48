"""Front matter and sidecars: what a curator states about a document, checked where it enters."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from corpus.dates import is_date
from corpus.errors import BadFrontMatter
from corpus.normalising import one_line
from corpus.records import Event, Lang, Source

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")


def _as_text(value: object) -> object:
    """TOML and YAML read `2014-06-27` as a date and `2014` as a number; here they are text with a precision."""
    return str(value) if value is not None and not isinstance(value, (str, list, dict, bool)) else value


def _as_line(value: object) -> object:
    """A line break, a control or an invisible character would go on into citations and terminals."""
    return one_line(value) if isinstance(value, str) else value


def _check_published(value: str | None) -> str | None:
    if value is not None and not is_date(value):
        raise ValueError(f"{value!r} is not a date; write 2014, 2014-06 or 2014-06-27")
    return value


def is_web_address(value: str) -> bool:
    """Whether a text is an http or https address with a host, and holds no line break or control character."""
    try:
        return value.startswith(("http://", "https://")) and bool(urlsplit(value).hostname) and value.isprintable()
    except ValueError:  # brackets that hold no IPv6 address
        return False


def _check_url(value: str | None) -> str | None:
    if value is not None and not is_web_address(value):
        raise ValueError(f"{value!r} is not a web address; write one such as https://example.org/page")
    return value


def _check_id(value: str | None) -> str | None:
    if value is not None and not _ID.fullmatch(value):
        raise ValueError(f"{value!r} is not an id; use letters, digits, '.', '_' and '-', at most 120")
    return value


Text = Annotated[str, Field(max_length=2000), BeforeValidator(_as_line)]
Published = Annotated[str | None, BeforeValidator(_as_text), AfterValidator(_check_published)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceFields(_Strict):
    """The `[source]` table: the original that the document is, or is drawn from."""

    title: Text | None = None
    publisher: Text | None = None
    published: Published = None
    url: Annotated[str | None, AfterValidator(_check_url)] = None
    lang: Annotated[str | None, Field(pattern="^[a-z]{2}$")] = None
    kind: Annotated[str | None, Field(pattern="^[a-z][a-z-]{0,40}$")] = None


class EventFields(_Strict):
    """The `[event]` table: the meeting or activity that the document is about."""

    name: Text | None = None
    edition: Text | None = None
    year: Annotated[int | None, Field(ge=1800, le=2200)] = None
    dates: Annotated[Text | None, BeforeValidator(_as_text)] = None
    city: Text | None = None
    country: Text | None = None
    theme: Text | None = None
    presidency: Text | None = None
    next_presidency: Text | None = None


class FrontMatter(_Strict):
    """Everything that front matter or a sidecar may say. All of it is optional."""

    id: Annotated[str | None, AfterValidator(_check_id)] = None
    title: Text | None = None
    lang: Lang | None = None
    variant_of: Annotated[str | None, AfterValidator(_check_id)] = None
    summary: bool = False
    topics: tuple[Text, ...] = ()
    facts: tuple[Text, ...] = ()
    rests_on: tuple[Text, ...] = ()
    source: SourceFields = SourceFields()
    event: EventFields = EventFields()

    def as_source(self) -> Source:
        """The bibliographic record."""
        return Source(**self.source.model_dump())

    def as_event(self) -> Event:
        """The event record."""
        return Event(**self.event.model_dump())


def _validate(data: Any, where: str) -> FrontMatter:
    if not isinstance(data, dict):
        raise BadFrontMatter(f"{where} is not a table of keys; write lines such as 'title = \"...\"'")
    try:
        return FrontMatter.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = ", ".join(FrontMatter.model_fields)
            raise BadFrontMatter(f"{where} has the unknown key {key!r}; known keys: {known}") from None
        raise BadFrontMatter(f"{where}: {key}: {first['msg'].removeprefix('Value error, ')}") from None


def _load_yaml(text: str) -> Any:
    """Raises ValueError when the text does not parse."""
    import yaml  # a reader's; a question needs none

    try:
        return yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def split_front_matter(text: str) -> tuple[FrontMatter, str]:
    """What a Markdown text states at its head (TOML between `+++`, YAML between `---`), and the rest of it.

    Raises BadFrontMatter when the head does not parse or holds an unknown key.
    """
    match = re.match(r"(\+\+\+|---)[ \t]*\n(.*?)(?:^|\n)\1[ \t]*(?:\n|$)", text, re.DOTALL)
    if match is None:
        return FrontMatter(), text
    try:
        data = tomllib.loads(match[2]) if match[1] == "+++" else _load_yaml(match[2])
    except ValueError as error:  # a bad date or an endless number too
        problem = str(error).splitlines()[0]
        raise BadFrontMatter(f"front matter does not parse: {problem}") from None
    if match[1] == "---" and not isinstance(data, dict):
        return FrontMatter(), text  # a rule at the head of a plain Markdown text, not front matter
    return _validate(data, "front matter"), text[match.end() :]


def find_sidecar(path: Path) -> Path | None:
    """`NAME.meta.toml` beside a file, None without one."""
    candidates = (path.with_name(path.name + ".meta.toml"), path.with_suffix(".meta.toml"))
    return next((sidecar for sidecar in candidates if sidecar.is_file()), None)


def parse_sidecar(name: str, text: bytes) -> FrontMatter:
    """What a sidecar states. Raises BadFrontMatter."""
    try:
        data = tomllib.loads(text.decode().replace("\r\n", "\n").replace("\r", "\n"))
    except ValueError as error:
        raise BadFrontMatter(f"sidecar {name} does not parse: {error}") from None
    return _validate(data, f"sidecar {name}")
