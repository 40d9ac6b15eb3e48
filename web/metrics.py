"""Prometheus metrics with bounded labels: routes and states, never what was asked."""

import os
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from qa.answers import Answer

_METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The counters of one process; with several processes a scrape adds up all of them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("rcm_http_requests_total", "Requests", ["route", "method", "status"], registry=self.registry)
        self.seconds = Histogram(
            "rcm_http_request_seconds", "Time to the last byte", ["route"], buckets=_SECONDS, registry=self.registry
        )
        self.answers = Counter("rcm_answers_total", "Answers", ["status", "lang", "door"], registry=self.registry)
        self.stages = Histogram(
            "rcm_answer_stage_seconds", "Time of one stage of an answer", ["stage"], buckets=_SECONDS, registry=self.registry
        )
        self.feedback = Counter("rcm_feedback_total", "Verdicts", ["verdict"], registry=self.registry)
        self.ready = Gauge(
            "rcm_ready", "0 starting, 1 by words alone, 2 full", registry=self.registry, multiprocess_mode="livemin"
        )
        self.documents = Gauge("rcm_documents", "Documents", registry=self.registry, multiprocess_mode="livemostrecent")
        self.passages = Gauge("rcm_passages", "Passages", registry=self.registry, multiprocess_mode="livemostrecent")

    def count_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """One request done."""
        self.requests.labels(route, method if method in _METHODS else "other", str(status)).inc()
        self.seconds.labels(route).observe(seconds)

    def count_answer(self, answer: Answer, took_ms: Mapping[str, float], door: str) -> None:
        """One question answered."""
        self.answers.labels(answer.status, answer.question.lang, door).inc()
        for stage, value in took_ms.items():
            self.stages.labels(stage).observe(value / 1000)

    def render(self) -> bytes:
        """The Prometheus text format."""
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
            return generate_latest(registry)
        return generate_latest(self.registry)
