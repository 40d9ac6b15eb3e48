"""`--config NAME=VALUE` to the settings of retrieval."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.errors import BadOption
from eval.running import DEPTH
from eval.sets import QuestionSet
from qa.answering import MAX_PASSAGES, Engine
from qa.retrieving import RetrievalSettings
from qa.weights import load_weights

MODES = ("product", "dense", "lexical", "rrf")
NAMES = ("mode", "twins", "weights", "depth", "reranker")


@dataclass(frozen=True, slots=True)
class Configuration:
    """How questions are searched in a run."""

    retrieval: RetrievalSettings
    depth: int = DEPTH
    reranker: str | None = None

    def engine(self, part: QuestionSet) -> Engine:
        """The engine over a set's index; a reranker has all the time that it wants, so that runs are repeatable."""
        if self.reranker is None:
            return part.engine(self.retrieval)
        from qa.reranking import CrossEncoderReranker

        return Engine(
            part.index, settings=self.retrieval, reranker=CrossEncoderReranker(self.reranker), rerank_budget_ms=float("inf")
        )


def make_configuration(pairs: Sequence[str]) -> Configuration:
    """The configuration that NAME=VALUE pairs make of the product's own. Raises BadOption."""
    values: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or name not in NAMES:
            raise BadOption(f"--config {pair[:60]!r} is no setting; expected NAME=VALUE with a name of {', '.join(NAMES)}")
        values[name] = value
    mode = values.get("mode", "product")
    if mode not in MODES:
        raise BadOption(f"--config mode={mode[:40]!r} does not exist; expected one of {', '.join(MODES)}")
    twins = values.get("twins", "true")
    if twins not in ("true", "false"):
        raise BadOption(f"--config twins={twins[:40]!r}; expected true or false")
    depth = values.get("depth", str(DEPTH))
    if not depth.isdecimal() or not 1 <= int(depth) <= MAX_PASSAGES:
        raise BadOption(f"--config depth={depth[:40]!r}; expected a number from 1 to {MAX_PASSAGES}")
    weights = load_weights()
    if "weights" in values:
        try:
            weights = load_weights(Path(values["weights"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadOption(f"--config weights={values['weights']}: no file of weights ({error})") from None
    return Configuration(RetrievalSettings(weights, mode, twins == "true"), int(depth), values.get("reranker"))
