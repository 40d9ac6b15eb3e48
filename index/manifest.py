"""What an index generation says about itself; the embedder that serves it is built from this record."""

import json
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from index.errors import IndexMismatch

FORMAT = 10


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelRecord(_Record):
    """The embedder of a generation."""

    name: str
    runtime: str  # onnx or sentence-transformers
    precision: str
    dim: int
    max_tokens: int
    fingerprint: str
    glossed: bool  # Spanish is embedded as its English gloss


class ChunkRecord(_Record):
    """The sizes that passages were cut with, in tokens."""

    target_tokens: int
    overlap_tokens: int
    header_tokens: int
    fragment_tokens: int


class Counts(_Record):
    """What went in and what came out."""

    documents: int
    passages: int
    sentences: int
    skipped: int
    removed_lines: int
    embedded: int  # passages embedded anew; the others came from the cache
    words: int


class Manifest(_Record):
    """The whole record, `manifest.json` of a generation."""

    format: Annotated[int, Field(strict=True)]
    generation: str
    built_at: str  # ISO 8601, UTC
    corpus_hash: str
    input_hash: str  # corpus, model, settings and language data: equal inputs give equal indexes
    model: ModelRecord
    chunking: ChunkRecord
    counts: Counts
    files: dict[str, str]  # file -> sha256
    versions: dict[str, str]
    seconds: dict[str, float]
    vector_kind: str
    years: tuple[int, int] | None = None


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a generation. Raises IndexMismatch when it is missing, malformed or of another format."""
    path = folder / "manifest.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise IndexMismatch(f"{path} cannot be read ({error}); run `rcm-qa build --force`") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        found = data.get("format") if isinstance(data, dict) else None
        raise IndexMismatch(f"{path} is of format {found}, this program reads format {FORMAT}; run `rcm-qa build`")
    try:
        return Manifest.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise IndexMismatch(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}; run `rcm-qa build --force`") from None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `manifest.json` beside and rename it into place."""
    path = folder / "manifest.json"
    temporary = path.with_suffix(".json.new")
    temporary.write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)
