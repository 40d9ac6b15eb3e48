"""What all doors share: the engine that answers, settings, counters, the feedback file, templates."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.types import Scope

from index.errors import IndexError_, UnknownId
from qa.answering import Engine
from qa.errors import BadQuestion, QaError
from qa.live import LiveEngine
from qa.settings import Settings
from web.catalogue import Catalogues
from web.cores import one_core_each
from web.feedback import Feedback
from web.kept import KeptAnswers
from web.leads import Leads
from web.metrics import Metrics
from web.problems import Problem
from web.readiness import NotReady, Readiness, Stage
from web.rendering import Renderer

T = TypeVar("T")

_STAGES: dict[Stage, int] = {"starting": 0, "lexical": 1, "full": 2}


@dataclass(slots=True)
class Site:
    """One server process."""

    live: LiveEngine
    settings: Settings
    readiness: Readiness
    metrics: Metrics
    feedback: Feedback
    catalogues: Catalogues
    leads: Leads
    kept: KeptAnswers
    renderer: Renderer
    answering: Executor  # the few threads that answer the API's questions

    async def in_turn(self, work: Callable[[], T]) -> T:
        """What a piece of work returns, done in one of the few threads that answer; the others wait their turn.

        Answers hold the interpreter's lock but for the model: more of them at once only take the caches from each other.
        Other requests have threads of their own and do not wait behind them.
        """
        return await asyncio.get_running_loop().run_in_executor(self.answering, work)

    def engine(self) -> Engine:
        """The engine that answers now. Raises NotReady or IndexError_."""
        return self.readiness.engine()

    def measure(self) -> None:
        """Bring the sizes of the collection up to date before a scrape."""
        try:
            info = self.engine().info
        except (NotReady, IndexError_):
            return
        self.metrics.documents.set(info.documents)
        self.metrics.passages.set(info.passages)


def make_site(live: LiveEngine, settings: Settings) -> Site:
    """The shared parts; opens nothing yet."""
    leads, metrics = Leads(), Metrics()

    def on_stage(stage: Stage, engine: Engine) -> None:
        metrics.ready.set(_STAGES[stage])
        if stage == "full":
            leads.prepare_quietly(engine)

    return Site(
        live=live,
        settings=settings,
        readiness=Readiness(live, on_stage),
        metrics=metrics,
        feedback=Feedback(live.home.feedback, settings.max_feedback_rows),
        catalogues=Catalogues(),
        leads=leads,
        kept=KeptAnswers(),
        renderer=Renderer(),
        answering=ThreadPoolExecutor(answer_threads(settings), thread_name_prefix="answering"),
    )


def answer_threads(settings: Settings) -> int:
    """How many answers one process works at: one where every core has a process, else two, so that models overlap."""
    return 1 if one_core_each(settings) else 2


def site_of(request: Request) -> Site:
    """The site of a request."""
    site: Site = request.app.state.site
    return site


def note(scope: Scope, **fields: Any) -> None:
    """Add fields to the log line of a request; the question is dropped there unless the settings want it."""
    scope.get("state", {}).get("fields", {}).update(fields)


def problem_for(error: Exception) -> Problem:
    """The problem of an error that a stage to the left raised."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, BadQuestion):
        return Problem("bad-question", str(error))
    if isinstance(error, QaError):
        return Problem("bad-request", str(error))
    if isinstance(error, UnknownId):
        return Problem("not-found", str(error))
    if isinstance(error, (NotReady, IndexError_)):
        return Problem("not-ready", str(error), headers={"Retry-After": "3"})
    raise error
