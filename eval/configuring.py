"""`--config NAME=VALUE` to the settings of retrieval."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eval.errors import BadOption
from eval.running import DEPTH
from eval.sets import CONFIGURATIONS, QuestionSet, retrieval_settings
from qa.answering import MAX_PASSAGES, Engine
from qa.retrieving import RetrievalSettings
from qa.weights import load_ranking, load_weights

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
    if mode not in CONFIGURATIONS:
        raise BadOption(f"--config mode={mode[:40]!r} does not exist; expected one of {', '.join(CONFIGURATIONS)}")
    twins = values.get("twins", "true")
    if twins not in ("true", "false"):
        raise BadOption(f"--config twins={twins[:40]!r}; expected true or false")
    depth = values.get("depth", str(DEPTH))
    if not depth.isdecimal() or not 1 <= int(depth) <= MAX_PASSAGES:
        raise BadOption(f"--config depth={depth[:40]!r}; expected a number from 1 to {MAX_PASSAGES}")
    retrieval = replace(retrieval_settings(mode), twins=twins == "true")
    if "weights" in values:
        path = Path(values["weights"])
        try:
            retrieval = replace(retrieval, weights=load_weights(path), ranking=load_ranking(path) if retrieval.ranking else ())
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadOption(f"--config weights={path}: no file of weights ({error})") from None
    return Configuration(retrieval, int(depth), values.get("reranker"))
