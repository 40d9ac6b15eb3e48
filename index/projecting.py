"""From the model's wide token vectors to short ones and to the importance of a word in a question, for ranking and for deciding.

They are learnt for the packaged model. Any other gets principal directions, and every word the same importance.
"""

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
    return hashlib.sha256(b"".join(part.tobytes() for part in learnt)).hexdigest()[:8] if learnt else "principal"


def projection_of(identity: str, model: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(width, DIM) from the token vectors of a sentence-transformers model to short ones; (width, 2) to log importance."""
    learnt = _load(identity)
    if learnt is not None:
        return learnt
    senses = [line.english[0] for line in islice(read_lexicon(FOLDER / "phrases.tsv"), _SAMPLE)]
    tokens = model.encode(senses, output_value="token_embeddings", convert_to_numpy=False, show_progress_bar=False)
    directions = principal_directions(np.concatenate([part.numpy() for part in tokens]))
    return directions, np.zeros((len(directions), 2), np.float32)


def write_learnt(path: Path, identity: str, projection: NDArray[np.float32], importance: NDArray[np.float32]) -> None:
    """Write what was learnt for a model: (width, DIM) and (width, 2)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".new").open("wb") as file:
        np.savez_compressed(
            file, projection=projection.astype(np.float16), importance=importance.astype(np.float16), model=np.asarray(identity)
        )
    path.with_suffix(".new").replace(path)


def principal_directions(tokens: NDArray[np.float32], dim: int = DIM) -> NDArray[np.float32]:
    """(width, dim) the directions that keep most of the lengths of (n, width) vectors, not centred."""
    _, directions = np.linalg.eigh(tokens.T @ tokens / len(tokens))
    return np.ascontiguousarray(directions[:, ::-1][:, :dim], dtype=np.float32)


def _load(identity: str) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    if not LEARNT.is_file():
        return None
    with np.load(LEARNT, allow_pickle=False) as file:
        if str(file["model"]) != identity:
            return None
        return file["projection"].astype(np.float32), file["importance"].astype(np.float32)
