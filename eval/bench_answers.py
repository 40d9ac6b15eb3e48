"""Speed inside one process: the bare model, search, full answers stage by stage, and ingestion. Nothing here judges."""

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from corpus.chunking import Chunker, ChunkSettings, no_gloss
from corpus.loading import BUNDLED, load_collection
from corpus.records import Lang
from corpus.tokens import ModelTokens
from eval.errors import BadQuestions
from eval.questions import BUNDLED_QUESTIONS
from index.building import BuildSettings, build_generation
from index.embedders import Embedder, resolve_model
from index.generations import Home
from index.searching import Index
from qa.answering import Engine
from qa.settings import Settings
from qa.timing import STAGES, Timing

Asked = tuple[str, Lang]
# Asked where the judged questions are not at hand.
FEW_QUESTIONS: tuple[Asked, ...] = (
    ("When and where was the Regional Conference on Migration created?", "en"),
    ("Which countries are members of the RCM?", "en"),
    ("Who held the presidency in 2014?", "en"),
    ("What did the vice-ministers agree on about unaccompanied children?", "en"),
    ("weather forecast for tomorrow", "en"),
    ("¿Cuándo y dónde se creó la Conferencia Regional sobre Migración?", "es"),
    ("¿Qué países integran la CRM?", "es"),
    ("¿Quién ejerció la presidencia en 2014?", "es"),
    ("¿Qué acordaron los viceministros sobre la niñez no acompañada?", "es"),
    ("receta de paella valenciana", "es"),
)


def choose_questions(path: Path = BUNDLED_QUESTIONS, most: int = 60) -> list[Asked]:
    """At most `most` questions of each language, the same ones every time: evenly spaced over the file, no follow-ups.

    Without the file, a few that are written here. Raises BadQuestions for a line that holds no question.
    """
    if not path.is_file():
        return list(FEW_QUESTIONS)
    found: dict[Lang, list[Asked]] = {"en": [], "es": []}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
            text, lang, history = data["question"], data["lang"], data.get("history")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BadQuestions(f"line {number} of {path} is no question; expected an object with question and lang") from None
        if lang in found and not history:
            found[lang].append((text, lang))
    chosen: list[Asked] = []
    for asked in found.values():
        count = min(most, len(asked))
        chosen += [asked[at] for at in np.linspace(0, len(asked) - 1, num=count).astype(int)]
    return chosen or list(FEW_QUESTIONS)


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile, and of how many values."""
    middle, high = np.quantile(np.asarray(values, dtype=np.float64), [0.5, 0.95])
    return {"p50_ms": float(middle), "p95_ms": float(high), "n": len(values)}


def measure_answers(engine: Engine, questions: Sequence[Asked], rounds: int = 3) -> dict[str, Any]:
    """Milliseconds of the bare forward, of search and of full answers.

    The three take turns question by question, so that a busy moment of the machine meets them alike. The first pass, in
    which caches of words and documents are filled, is reported by itself and not counted elsewhere.
    """
    embedder = engine.index.embedder
    assert embedder is not None
    forward: list[float] = []
    search: list[float] = []
    whole: list[float] = []
    first: list[float] = []
    statuses: dict[str, list[float]] = {}
    stages: dict[str, list[float]] = {name: [] for name in STAGES}
    engine.answer(FEW_QUESTIONS[0][0])
    for number in range(rounds + 1):
        for text, _ in questions:
            asked = engine.understand(text)
            given = engine.index.embedded_text(asked.search_text, asked.search_lang)
            bare_ms = took_ms(lambda given=given: embedder.embed([given]))  # type: ignore[misc]
            search_ms = took_ms(lambda asked=asked: engine.search(asked, Timing()))  # type: ignore[misc]
            timing = Timing()
            start = time.perf_counter()
            answer = engine.answer(text, timing=timing)
            answer_ms = (time.perf_counter() - start) * 1000
            if number == 0:
                first.append(answer_ms)
                continue
            forward.append(bare_ms)
            search.append(search_ms)
            whole.append(answer_ms)
            statuses.setdefault(answer.status, []).append(answer_ms)
            for name, took in timing.took_ms.items():
                stages.setdefault(name, []).append(took)
    return {
        "floor": quantiles(forward),
        "search": quantiles(search),
        "answer": {**quantiles(whole), "mean_ms": float(np.mean(whole))},
        "first_pass": quantiles(first),
        "statuses": {name: quantiles(values) for name, values in sorted(statuses.items())},
        "stages": {name: quantiles(values) for name, values in stages.items() if values},
    }


def took_ms(work: Callable[[], object]) -> float:
    """Milliseconds that a piece of work takes."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def measure_ingestion(engine: Engine, settings: Settings, most: int | None = None) -> dict[str, Any]:
    """Passages a second from files to a checked, live generation, and of the embedder alone on the same texts.

    The model is loaded and exported beforehand; the home is a temporary one, so nothing comes from a cache. `most` is a
    limit on the number of documents. The processor time of both is given too: other work on the machine hardly changes it.
    """
    index = engine.index
    embedder = index.embedder
    assert embedder is not None
    manifest = index.manifest
    how = BuildSettings(manifest.model.name, ChunkSettings(**manifest.chunking.model_dump()), manifest.model.glossed)
    with tempfile.TemporaryDirectory(prefix="rcm-bench-") as folder:
        start, start_cpu = time.perf_counter(), time.process_time()
        collection = load_collection(list(settings.corpus) or [BUNDLED], settings.limits())
        if most is not None:
            del collection.documents[most:]
        home = Home(Path(folder))
        report = build_generation(collection, home, how, embedder=embedder)
        with Index(home.live_folder(), embedder) as built:
            Engine(built).answer(FEW_QUESTIONS[0][0])
            seconds, cpu = time.perf_counter() - start, time.process_time() - start_cpu
            texts = _texts(built, how)
        start, start_cpu = time.perf_counter(), time.process_time()
        embedder.embed(texts)
        bare, bare_cpu = time.perf_counter() - start, time.process_time() - start_cpu
    counts = report.manifest.counts
    return {
        "documents": counts.documents,
        "passages": counts.passages,
        "texts": len(texts),
        "seconds": seconds,
        "seconds_bare": bare,
        "passages_per_s": counts.passages / seconds,
        "texts_per_s": len(texts) / seconds,
        "texts_per_s_bare": len(texts) / bare,
        "share_of_bare": bare / seconds,
        "cpu_s": cpu,
        "cpu_s_bare": bare_cpu,
        "share_of_bare_cpu": bare_cpu / cpu,
        "stages_s": report.manifest.seconds,
    }


def _texts(index: Index, how: BuildSettings) -> list[str]:
    """The texts that a build embeds, each once, longest first as there: passages with their headers, and sentences."""
    gloss = index.gloss.gloss_text if how.gloss else no_gloss
    chunker = Chunker(ModelTokens(resolve_model(how.model)), how.chunking, gloss)
    texts: dict[str, None] = {}
    for document in index.store.documents():
        for _, passage in index.store.passages_of(document.id):
            texts[chunker.embedded(document, passage)] = None
            for start, end in passage.sentences:
                texts[gloss(document.text[start:end], passage.lang)] = None
    return sorted(texts, key=lambda text: -len(text))


def question_vectors(engine: Engine, questions: Sequence[Asked]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """(n, dim) float32, unit rows: the questions as the index is searched for them."""
    embedder: Embedder | None = engine.index.embedder
    assert embedder is not None
    return embedder.embed([engine.index.embedded_text(text, lang) for text, lang in questions])
