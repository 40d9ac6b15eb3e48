"""How long the stages of one question take."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

# In the order of a question's life; "rerank" comes between "fuse" and "extract" where a reranker is set.
STAGES = ("understand", "embed", "lexical", "dense", "fuse", "extract", "decide", "suggest")


@dataclass(slots=True)
class Timing:
    """Milliseconds per stage of one question."""

    took_ms: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time of a block to a stage."""
        start = time.perf_counter()
        yield
        self.took_ms[name] = self.took_ms.get(name, 0.0) + (time.perf_counter() - start) * 1000

    def total(self) -> dict[str, float]:
        """Every stage, zero where it had nothing to do, and their sum."""
        return {**dict.fromkeys(STAGES, 0.0), **self.took_ms, "total": sum(self.took_ms.values())}
