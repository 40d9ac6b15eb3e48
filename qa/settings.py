"""Settings: a flag wins, then `RCM_QA_*`, then `rcm-qa.toml`, then the default. An unknown key stops start-up."""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from corpus.chunking import ChunkSettings
from corpus.reading import Limits
from corpus.tokens import PACKAGED_MODEL
from qa.errors import BadSettings

FILE = "rcm-qa.toml"
PREFIX = "RCM_QA_"


class Settings(BaseModel):
    """Every setting of the product with its default and meaning; the README's table is made from this class."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    home: Annotated[Path, Field(description="folder of the index, the user's library and the caches")] = Path("var")
    corpus: Annotated[tuple[Path, ...], Field(description="folders of documents; empty means the bundled collection")] = ()
    model: Annotated[str, Field(description="sentence-transformers model, by name or folder")] = PACKAGED_MODEL
    gloss: Annotated[
        Literal["auto", "on", "off"],
        Field(
            description="embed Spanish as its English gloss; auto: off for a model that names itself multilingual, on for any other"
        ),
    ] = "auto"
    reranker: Annotated[str | None, Field(description="cross-encoder by name or folder; none by default")] = None
    rerank_budget_ms: Annotated[float, Field(gt=0, description="time for reranking one question, in milliseconds")] = 300.0
    target_tokens: Annotated[int, Field(ge=32, le=4096, description="length of a passage, in tokens")] = (
        ChunkSettings().target_tokens
    )
    overlap_tokens: Annotated[int, Field(ge=0, le=512, description="longest sentence that two passages share, in tokens")] = (
        ChunkSettings().overlap_tokens
    )
    max_file_bytes: Annotated[int, Field(gt=0, description="largest file that is read, in bytes")] = Limits().max_file_bytes
    max_pages: Annotated[int, Field(gt=0, description="longest PDF that is read, in pages")] = Limits().max_pages
    max_text_chars: Annotated[int, Field(gt=0, description="longest text of one document, in characters")] = (
        Limits().max_text_chars
    )
    max_expansion: Annotated[int, Field(gt=0, description="most that a DOCX archive may unpack to, in bytes")] = (
        Limits().max_expansion
    )
    host: Annotated[str, Field(description="address that `serve` listens on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="port that `serve` listens on; 0 takes a free one")] = 8000
    workers: Annotated[int, Field(ge=1, le=64, description="processes that `serve` starts")] = 1
    api_tokens: Annotated[
        tuple[str, ...],
        Field(
            description="SHA-256 hashes (hex) of the tokens that the API and MCP accept; empty means open to all, and the pages always are"
        ),
    ] = ()
    rate_limit: Annotated[
        str,
        Field(
            description="requests that one client may send to each server process; static files, health and metrics do not count"
        ),
    ] = "120/minute"
    cors_origins: Annotated[tuple[str, ...], Field(description="web origins that may call the API from a browser")] = ()
    trusted_hosts: Annotated[
        tuple[str, ...],
        Field(description="host names that the server answers to; empty means any, on a loopback address only local names"),
    ] = ()
    max_body_bytes: Annotated[int, Field(gt=0, description="largest request body, in bytes")] = 262_144
    max_batch: Annotated[int, Field(ge=1, le=1000, description="most questions in one batch request")] = 64
    max_feedback_rows: Annotated[int, Field(ge=0, description="most verdicts that the feedback file keeps")] = 10_000
    log_questions: Annotated[bool, Field(description="write the text of questions into the log")] = False

    def chunking(self) -> ChunkSettings:
        """The sizes of passages."""
        return ChunkSettings(target_tokens=self.target_tokens, overlap_tokens=self.overlap_tokens)

    def limits(self) -> Limits:
        """What one file may cost to read."""
        return Limits(self.max_file_bytes, self.max_pages, self.max_text_chars, self.max_expansion)

    def glossed(self) -> bool:
        """Whether Spanish is embedded as its English gloss with this model."""
        if self.gloss != "auto":
            return self.gloss == "on"
        return "multilingual" not in self.model.lower()


def load_settings(
    flags: dict[str, Any] | None = None, environ: dict[str, str] | None = None, file: Path | None = None
) -> Settings:
    """The settings in force. Raises BadSettings naming the key, its value, and what was expected."""
    values: dict[str, Any] = {}
    origin: dict[str, str] = {}
    path = file or Path(FILE)
    if path.is_file():
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BadSettings(f"{path} does not parse: {error}") from None
        for key, value in data.items():
            values[key], origin[key] = value, str(path)
    elif file is not None:
        raise BadSettings(f"{path} does not exist; name a settings file or leave it out")
    for name, text in sorted((os.environ if environ is None else environ).items()):
        if name.startswith(PREFIX):
            key = name[len(PREFIX) :].lower()
            listed = key in Settings.model_fields and str(Settings.model_fields[key].annotation).startswith("tuple")
            values[key] = [part.strip() for part in text.split(",") if part.strip()] if listed else text
            origin[key] = f"variable {name}"
    for key, value in (flags or {}).items():
        if value is not None:
            values[key], origin[key] = value, f"--{key.replace('_', '-')}"
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        where = origin.get(key, key)
        if first["type"] == "extra_forbidden":
            known = ", ".join(Settings.model_fields)
            raise BadSettings(f"unknown setting {key!r} in {where}; known settings: {known}") from None
        raise BadSettings(f"setting {key!r} in {where} is {first['input']!r}: {first['msg'].lower()}") from None
