"""The last answers of a process: a link is followed back, and some questions are asked by many."""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from threading import Lock

from corpus.records import Lang
from index.filters import Filters
from qa.answering import Engine
from qa.answers import Answer, IndexInfo
from qa.timing import Timing

KEPT = 32


class KeptAnswers:
    """Answers by request, the last KEPT of one index generation; safe to share between threads.

    Those of another generation, or of an engine without its model, go when an answer comes: documents that were removed do
    not stay in memory. What a time budget cut short is not kept.
    """

    def __init__(self) -> None:
        self._info: IndexInfo | None = None
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()
        self._lock = Lock()

    def answer(
        self,
        engine: Engine,
        text: str,
        *,
        k: int,
        lang: Lang | None,
        history: Sequence[str],
        filters: Filters,
        include_passages: bool = False,
        timing: Timing,
    ) -> Answer:
        """What the engine answers, or answered before; then no stage has taken any time. Raises BadQuestion."""
        request = (text, k, lang, tuple(history), filters, include_passages)
        with self._lock:
            kept = self._answers.get(request) if self._info == engine.info else None
            if kept is not None:
                self._answers.move_to_end(request)
                return kept
        answer = engine.answer(
            text, k=k, lang=lang, history=history, filters=filters, include_passages=include_passages, timing=timing
        )
        with self._lock:
            if self._info != engine.info:
                self._info = engine.info
                self._answers.clear()
            if not answer.notes:
                self._answers[request] = answer
            if len(self._answers) > KEPT:
                self._answers.popitem(last=False)
        return answer
