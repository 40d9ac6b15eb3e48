"""The learnt weights of fusion, by direction: a small file made by the evaluation."""

import json
from functools import lru_cache
from pathlib import Path

from qa.fusion import FusionWeights

PATH = Path(__file__).parent / "weights.json"


@lru_cache(maxsize=4)
def load_weights(path: Path = PATH) -> dict[str, FusionWeights]:
    """Direction ("es-en": question language, passage language) -> weights."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return {direction: FusionWeights(**weights) for direction, weights in data["weights"].items()}
