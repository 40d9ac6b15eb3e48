import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from index.errors import IndexError_, NoIndex
from index.generations import Home
from qa.live import LiveEngine, open_engine
from qa.settings import Settings
from tests.conftest import TINY_DOCUMENTS, WordEmbedder, build, write_documents

pytestmark = pytest.mark.usefixtures("small_lexicon")
QUESTION = "Where did the XIX Annual Meeting take place?"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_documents(tmp_path / "corpus", TINY_DOCUMENTS)


@pytest.fixture
def live(tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> LiveEngine:
    monkeypatch.setattr("qa.live.open_embedder", lambda folder: WordEmbedder())
    home = build(tmp_path / "home", corpus)
    return LiveEngine(home, Settings(home=home.path))


def change(corpus: Path, place: str) -> None:
    text = TINY_DOCUMENTS["managua.md"].replace("Managua, Nicaragua, in 2014", f"{place}, in 2014")
    (corpus / "managua.md").write_text(text, encoding="utf-8")


def test_the_engine_is_kept_until_the_generation_is_switched(live: LiveEngine, corpus: Path) -> None:
    engine = live.engine()
    assert live.engine() is engine
    change(corpus, "Granada")
    build(live.home.path, corpus)
    newer = live.engine()
    assert newer is not engine
    assert newer.info.generation == live.home.live_name() != engine.info.generation
    assert live.engine() is newer


def test_an_engine_in_use_answers_on_after_the_switch(live: LiveEngine, corpus: Path) -> None:
    engine = live.engine()
    before = engine.answer(QUESTION)
    for place in ("Granada", "Leon", "Rivas"):
        change(corpus, place)
        build(live.home.path, corpus)
    assert live.engine() is not engine
    assert engine.answer(QUESTION) == before


def test_an_engine_in_use_answers_on_in_any_thread_when_its_generation_is_deleted(live: LiveEngine, corpus: Path) -> None:
    engine = live.engine()
    change(corpus, "Granada")
    build(live.home.path, corpus)
    live.home.forget_previous()
    assert not engine.index.folder.exists()
    with ThreadPoolExecutor(1) as other:
        answer = other.submit(engine.answer, QUESTION, include_passages=True).result()
    assert "Managua" in answer.passages[0].passage.text


def test_going_back_is_noticed_too(live: LiveEngine, corpus: Path) -> None:
    first = live.engine().info.generation
    change(corpus, "Granada")
    build(live.home.path, corpus)
    assert live.engine().info.generation != first
    live.home.rollback()
    assert live.engine().info.generation == first


@pytest.mark.slow
def test_threads_that_ask_during_switches_never_fail_and_then_see_the_new_generation(live: LiveEngine, corpus: Path) -> None:
    live.engine()
    stop = threading.Event()
    problems: list[BaseException] = []
    seen: list[list[str]] = [[] for _ in range(4)]

    def ask(answers: list[str]) -> None:
        try:
            while not stop.is_set():
                engine = live.engine()
                answer = engine.answer(QUESTION, include_passages=True)
                assert answer.index.generation == engine.info.generation
                assert answer.passages[0].passage.text in answer.passages[0].document.text
                answers.append(engine.info.generation)
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=ask, args=(answers,)) for answers in seen]
    for thread in threads:
        thread.start()
    generations = [str(live.home.live_name())]
    try:
        for place in ("Granada", "Leon", "Rivas"):
            change(corpus, place)
            build(live.home.path, corpus)
            generations.append(str(live.home.live_name()))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert problems == []
    for answers in seen:
        assert answers and set(answers) <= set(generations)
    assert live.engine().info.generation == generations[-1]
    assert "Rivas" in live.engine().answer(QUESTION, include_passages=True).passages[0].passage.text


def test_before_the_first_build_it_says_so_and_after_it_answers(
    tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.live.open_embedder", lambda folder: WordEmbedder())
    live = LiveEngine(Home(tmp_path / "home"), Settings())
    with pytest.raises(NoIndex):
        live.engine()
    assert live.problem is not None and "rcm-qa build" in live.problem
    build(tmp_path / "home", corpus)
    assert live.engine().answer(QUESTION, include_passages=True).passages
    assert live.problem is None


def test_a_newer_generation_that_cannot_be_opened_leaves_the_old_one_answering(live: LiveEngine, corpus: Path) -> None:
    engine = live.engine()
    change(corpus, "Granada")
    build(live.home.path, corpus)
    (live.home.live_folder() / "documents.sqlite").unlink()
    assert live.engine() is engine
    assert live.problem is not None and "documents.sqlite" in live.problem
    assert engine.answer(QUESTION).index.stale
    change(corpus, "Leon")
    build(live.home.path, corpus)
    assert live.engine() is not engine and live.problem is None
    assert not live.engine().info.stale


@pytest.mark.parametrize("retry_s, tries, opened", [(0.0, 3, True), (600.0, 1, False)])
def test_whatever_keeps_a_newer_generation_from_being_opened_it_is_tried_again_after_a_while(
    live: LiveEngine, corpus: Path, monkeypatch: pytest.MonkeyPatch, retry_s: float, tries: int, opened: bool
) -> None:
    engine, tried, out_of_memory = live.engine(), [], True

    def open_embedder(folder: Path) -> WordEmbedder:
        tried.append(folder)
        if out_of_memory:
            raise MemoryError
        return WordEmbedder()

    monkeypatch.setattr("qa.live.RETRY_S", retry_s)
    monkeypatch.setattr("qa.live.open_embedder", open_embedder)
    change(corpus, "Granada")
    build(live.home.path, corpus)
    assert [live.engine() for _ in range(3)] == [engine] * 3
    assert (len(tried), live.problem, engine.info.stale) == (tries, "MemoryError", True)
    out_of_memory = False
    assert (live.engine() is not engine) is opened
    assert (live.engine().info.stale, live.problem) == ((False, None) if opened else (True, "MemoryError"))


def test_without_an_older_engine_the_reason_is_raised(live: LiveEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path) -> WordEmbedder:
        raise MemoryError

    monkeypatch.setattr("qa.live.open_embedder", refuse)
    for _ in range(2):
        with pytest.raises(MemoryError):
            live.engine()


def test_a_home_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoIndex, match="nowhere"):
        open_engine(tmp_path / "nowhere", Settings())
    assert not (tmp_path / "nowhere").exists()


def test_a_generation_that_vanished_is_an_error_of_the_index(live: LiveEngine) -> None:
    shutil.rmtree(live.home.live_folder())
    with pytest.raises(IndexError_):
        live.engine()
