"""From the model's wide token vectors to short ones: learnt for the packaged model, principal directions for any other."""

import hashlib
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.lexicon import FOLDER, read_lexicon

DIM = 64
LEARNT = Path(__file__).parent / "projection.npz"  # made by `python -m eval.projecting`
_SAMPLE = 2048  # texts whose tokens show the directions of a model that nothing was learnt for


def projection_name(identity: str) -> str:
    """Short identity of the projection for a model: a part of the graph's name, since a new one makes other tokens."""
    learnt = _load(identity)
    return hashlib.sha256(learnt.tobytes()).hexdigest()[:8] if learnt is not None else "principal"


def projection_of(identity: str, model: Any) -> NDArray[np.float32]:
    """(width, DIM) from the token vectors of a sentence-transformers model to short ones."""
    learnt = _load(identity)
    if learnt is not None:
        return learnt
    senses = [line.english[0] for line in islice(read_lexicon(FOLDER / "phrases.tsv"), _SAMPLE)]
    tokens = model.encode(senses, output_value="token_embeddings", convert_to_numpy=False, show_progress_bar=False)
    return principal_directions(np.concatenate([part.numpy() for part in tokens]))


def principal_directions(tokens: NDArray[np.float32], dim: int = DIM) -> NDArray[np.float32]:
    """(width, dim) the directions that keep most of the lengths of (n, width) vectors, not centred."""
    _, directions = np.linalg.eigh(tokens.T @ tokens / len(tokens))
    return np.ascontiguousarray(directions[:, ::-1][:, :dim], dtype=np.float32)


def _load(identity: str) -> NDArray[np.float32] | None:
    if not LEARNT.is_file():
        return None
    with np.load(LEARNT, allow_pickle=False) as file:
        return file["projection"].astype(np.float32) if str(file["model"]) == identity else None
