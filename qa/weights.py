"""The weights of fusion by direction and of the closer look: a small file, chosen on the dev split or by `rcm-qa eval fit`."""

import json
from functools import lru_cache
from pathlib import Path

from qa.examining import RANKING_FEATURES
from qa.fusion import FusionWeights

PATH = Path(__file__).parent / "weights.json"


@lru_cache(maxsize=4)
def load_weights(path: Path = PATH) -> dict[str, FusionWeights]:
    """Direction ("es-en": question language, passage language) -> weights."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return {direction: FusionWeights(**weights) for direction, weights in data["weights"].items()}


@lru_cache(maxsize=4)
def load_ranking(path: Path = PATH) -> tuple[float, ...]:
    """The weights of the closer look at the first candidates, in the order of RANKING_FEATURES."""
    ranking = json.loads(path.read_text(encoding="utf-8"))["ranking"]
    return tuple(float(ranking[name]) for name in RANKING_FEATURES)
