"""Texts to unit vectors: the protocol, and any sentence-transformers model by name or folder."""

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from corpus.tokens import PACKAGED_MODEL, max_tokens, packaged_model
from index.errors import BadModel
from index.tokens import Encoded

Vectors = NDArray[np.float32]  # (n, dim), unit rows


class Embedder(Protocol):
    """Makes vectors of texts. Questions and passages of one index are embedded by the same one."""

    @property
    def dim(self) -> int:
        """Length of a vector."""
        ...

    @property
    def fingerprint(self) -> str:
        """Identity of weights and runtime: vectors of equal fingerprints may be compared."""
        ...

    @property
    def precision(self) -> str:
        """The numbers that it calculates with: float32 or int8."""
        ...

    def embed(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """(n, dim) float32, unit rows, in the order of the texts. `progress` is told how many are done."""
        ...


@runtime_checkable
class TokenEmbedder(Embedder, Protocol):
    """An embedder that gives the words of a text as well: what late interaction needs."""

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> list[Encoded]:
        """Vector and tokens of each text, in order."""
        ...


def resolve_model(name: str) -> Path:
    """The folder of a model given by name or folder: the packaged one, a folder, or a copy in the local hub cache.

    Raises BadModel when there is none; nothing is downloaded.
    """
    if name in (PACKAGED_MODEL, f"sentence-transformers/{PACKAGED_MODEL}"):
        return packaged_model()
    folder = Path(name).expanduser()
    if (folder / "config.json").is_file() or (folder / "modules.json").is_file():
        return folder.resolve()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        from huggingface_hub import snapshot_download

        for repo in (name, f"sentence-transformers/{name}"):
            try:
                return Path(snapshot_download(repo, local_files_only=True))
            except Exception:
                continue
    except ImportError:
        pass
    raise BadModel(
        f"the model {name!r} is not on this machine; expected a folder with a sentence-transformers model, "
        f"a name in the local hub cache, or {PACKAGED_MODEL!r}"
    )


def fingerprint_model(folder: Path) -> str:
    """Hash of a model's configuration, tokenizer and weights (ends and sizes of large files), 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".json", ".txt", ".safetensors", ".bin", ".model", ".xml") or not path.is_file():
            continue
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder).as_posix()} {size}\n".encode())
        with path.open("rb") as file:
            digest.update(file.read(1 << 20))
            if size > 2 << 20:
                file.seek(-(1 << 20), os.SEEK_END)
                digest.update(file.read())
    return digest.hexdigest()[:16]


class SentenceTransformerEmbedder:
    """The model as sentence-transformers runs it, in float32: the reference that other runtimes are checked against."""

    precision = "float32"

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]

        try:
            self.model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        except Exception as error:  # the library raises whatever its parts raise
            raise BadModel(f"the model in {folder} cannot be loaded: {str(error).splitlines()[0]}") from None
        self.model.max_seq_length = max_tokens(folder)
        # The method was renamed in version 6.
        measure = getattr(self.model, "get_embedding_dimension", None) or self.model.get_sentence_embedding_dimension
        dim = measure()
        if not dim:
            raise BadModel(f"the model in {folder} does not say how long its vectors are")
        self._dim = int(dim)
        self._fingerprint = f"{fingerprint_model(folder)}-torch-float32"

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._dim

    @property
    def fingerprint(self) -> str:
        """Identity of weights and runtime."""
        return self._fingerprint

    def embed(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """(n, dim) float32, unit rows; batches are of texts of like length."""
        out = np.zeros((len(texts), self.dim), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for start in range(0, len(order), 32):
            part = order[start : start + 32]
            out[part] = self.model.encode(
                [texts[i] for i in part], normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
            )
            if progress:
                progress(len(part))
        return out
