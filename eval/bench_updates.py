"""What it takes to change one document of a collection of any size: the same build that `rcm-qa build` runs, nothing embedded."""

import hashlib
import json
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from corpus.chunking import ChunkSettings
from corpus.loading import load_collection
from corpus.records import Document
from eval.bench_processes import BenchFailed
from eval.bench_synthetic import MIXED, NOISE
from index.building import BuildSettings, build_generation
from index.embedders import Vectors
from index.errors import IndexError_
from index.generations import Home
from index.manifest import Manifest
from index.work import WorkCache
from qa.answering import Engine
from qa.settings import Settings

UPDATES = (
    "The collection that one document is changed in is this one, written again and again as Markdown; each copy exchanges "
    "some words of a sentence. Its vectors are two real ones mixed, with noise, and cost next to nothing: what a model needs for "
    "the changed passages comes on top."
)


class _MixedVectors:
    """An embedder without a model: each text gets two real vectors, mixed with noise, chosen by its hash."""

    fingerprint = "mixed"
    precision = "float32"

    def __init__(self, real: Vectors) -> None:
        self._real = real
        self.dim = real.shape[1]

    def embed(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """(n, dim) float32, unit rows; equal texts get equal vectors."""
        out = np.empty((len(texts), self.dim), dtype=np.float32)
        for row, text in enumerate(texts):
            generator = np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))
            first, second = generator.integers(len(self._real), size=2)
            noise = generator.standard_normal(self.dim, dtype=np.float32) * np.float32(NOISE / np.sqrt(self.dim))
            out[row] = self._real[first] + MIXED * self._real[second] + noise
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        return out


def write_copies(folder: Path, documents: Sequence[Document], passages: int, per_document: float) -> list[Path]:
    """Write as many varied copies of documents as hold about `passages` passages; returns the files."""
    words = [word for document in documents for word in document.text.split()]
    generator = np.random.default_rng(passages)
    files: list[Path] = []
    for number in range(ceil(passages / per_document)):
        document = documents[number % len(documents)]
        lines = [f"+++\ntitle = {json.dumps(document.title or document.id)}\nlang = '{document.lang}'\nsummary = true\n+++"]
        for block in document.blocks:
            text = document.text[block.start : block.end]
            parts = re.split(r"(\s+)", text)
            for at in generator.integers(len(parts), size=1 + len(parts) // 20) if number >= len(documents) else ():
                if parts[at].isalpha():
                    parts[at] = words[generator.integers(len(words))]
            mark = {"heading": "#" * max(block.level, 1) + " ", "item": "- "}.get(block.kind, "")
            lines.append(mark + "".join(parts).removeprefix("• "))
        files.append(folder / f"c{number:07}.md")
        files[-1].write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    return files


def measure_update(engine: Engine, settings: Settings, passages: int) -> dict[str, Any]:
    """Seconds from one changed file to a checked, live generation, by the clock and of processor time. Raises BenchFailed."""
    index = engine.index
    manifest = index.manifest
    how = BuildSettings(manifest.model.name, ChunkSettings(**manifest.chunking.model_dump()), manifest.model.glossed)
    embedder = _MixedVectors(index.vectors.vectors(np.arange(index.vectors.size)))
    with tempfile.TemporaryDirectory(prefix="rcm-bench-") as folder:
        corpus, home = Path(folder) / "corpus", Home(Path(folder) / "home")
        corpus.mkdir()
        documents = list(index.store.documents())
        files = write_copies(corpus, documents, passages, index.vectors.size / len(documents))

        def build() -> tuple[Manifest, dict[str, float]]:
            start, start_cpu = time.perf_counter(), time.process_time()
            with closing(WorkCache(home.cache / "files.sqlite")) as kept:
                collection = load_collection([corpus], settings.limits(), kept=kept)
            reading = time.perf_counter() - start
            try:
                report = build_generation(collection, home, how, embedder=embedder)
            except IndexError_ as error:
                raise BenchFailed(f"an index of about {passages:,} passages to change a document in: {error}") from None
            took = {"seconds": time.perf_counter() - start, "cpu_s": time.process_time() - start_cpu, "read_s": reading}
            return report.manifest, took

        _, first = build()
        changed = files[len(files) // 2]
        changed.write_text(changed.read_text(encoding="utf-8") + "\nA sentence that was not there before.\n", encoding="utf-8")
        after, update = build()
    return {
        "documents": after.counts.documents,
        "passages": after.counts.passages,
        "embedded": after.counts.embedded,
        "first": first,
        **update,
        "stages_s": {"read": update["read_s"], **after.seconds},
    }
