from dataclasses import replace

import pytest

from index.filters import Filters
from qa.answering import Engine
from qa.answers import Answer
from qa.errors import BadQuestion
from qa.live import LiveEngine
from qa.timing import Timing
from tests.web_fixtures import HTML, MEMBERS, serving
from web.kept import KEPT, KeptAnswers


class Counting(Engine):
    """The engine that it is made of, counting its answers."""

    asked = 0
    notes: tuple[str, ...] = ()

    def answer(self, text: str, **how: object) -> Answer:  # type: ignore[override]
        self.asked += how.get("suggestions", True) is True  # not the questions that a suggestion is tried with
        return replace(super().answer(text, **how), notes=self.notes)  # type: ignore[arg-type]


@pytest.fixture
def counting(tiny_engine: Engine) -> Counting:
    return Counting(tiny_engine.index)


def ask(kept: KeptAnswers, engine: Engine, text: str, k: int = 5, timing: Timing | None = None) -> Answer:
    return kept.answer(engine, text, k=k, lang=None, history=(), filters=Filters(), timing=timing or Timing())


def test_the_same_request_is_answered_once(counting: Counting) -> None:
    kept, timing = KeptAnswers(), Timing()
    first = ask(kept, counting, "Which countries are members?")
    assert ask(kept, counting, "Which countries are members?", timing=timing) is first
    assert counting.asked == 1
    assert not any(timing.total().values())


def test_another_request_or_generation_is_answered_anew(counting: Counting) -> None:
    kept = KeptAnswers()
    text = "Which countries are members?"
    ask(kept, counting, text)
    assert len(ask(kept, counting, text, k=1).passages) == 1
    assert counting.asked == 2
    counting.info = replace(counting.info, generation="another")
    ask(kept, counting, text)
    assert counting.asked == 3
    assert len(kept._answers) == 1  # nothing of the generation before


def test_the_words_alone_do_not_answer_for_the_model(counting: Counting) -> None:
    kept, text = KeptAnswers(), "Which countries are members?"
    full = counting.info
    counting.info = replace(full, degraded=True)
    ask(kept, counting, text)
    counting.info = full
    assert not ask(kept, counting, text).index.degraded
    assert counting.asked == 2


def test_what_ran_out_of_time_is_tried_again(counting: Counting) -> None:
    kept, text = KeptAnswers(), "Which countries are members?"
    counting.notes = ("The reranker ran out of its time; the first order stands.",)
    ask(kept, counting, text)
    counting.notes = ()
    assert not ask(kept, counting, text).notes
    assert counting.asked == 2


def test_page_and_api_answer_the_same_request_from_what_is_kept(tiny_live: LiveEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    answer = Engine.answer

    def count(self: Engine, text: str, **how: object) -> Answer:
        asked.append(text)
        return answer(self, text, **how)  # type: ignore[arg-type]

    with serving(tiny_live) as client:
        monkeypatch.setattr(Engine, "answer", count)
        first, again = (client.get("/api/v1/ask", params={"q": MEMBERS}).json() for _ in range(2))
        pages = [client.get("/", params={"q": MEMBERS}, headers=HTML).text for _ in range(2)]
    assert asked.count(MEMBERS) == 1
    assert first | {"took_ms": {}} == again | {"took_ms": {}}
    assert all("Belize" in page for page in pages)


def test_no_more_than_the_last_are_kept(counting: Counting) -> None:
    kept = KeptAnswers()
    texts = [f"What happened in {1900 + number}?" for number in range(KEPT + 1)]
    for text in texts:
        ask(kept, counting, text)
    ask(kept, counting, texts[-1])
    assert counting.asked == KEPT + 1
    ask(kept, counting, texts[0])
    assert counting.asked == KEPT + 2


def test_what_is_no_question_is_refused_each_time(counting: Counting) -> None:
    kept = KeptAnswers()
    for _ in range(2):
        with pytest.raises(BadQuestion):
            ask(kept, counting, "?")
    assert counting.asked == 2
