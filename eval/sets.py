"""A question set: a file of judged questions, the index that is asked, and the places found in it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from corpus.loading import load_collection
from eval.errors import BadOption, BadQuestions
from eval.judging import Judge
from eval.questions import (
    BUNDLED_QUESTIONS,
    ORIGINALS_QUESTIONS,
    JudgedQuestion,
    Place,
    load_questions,
    resolve,
    select,
)
from index.generations import Home
from index.searching import Index, open_embedder
from qa.answering import Engine
from qa.retrieving import RetrievalSettings
from qa.settings import Settings, load_settings
from qa.weights import load_ranking, load_weights

# Of retrieval: each arm, plain reciprocal-rank fusion, the product's fusion, and with its closer look at the first.
CONFIGURATIONS = ("dense", "lexical", "rrf", "fusion", "product")


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Judged questions with an open index; `name` tells the sets of a run apart."""

    name: str
    questions: list[JudgedQuestion]
    places: dict[str, tuple[Place, ...]]
    index: Index
    judge: Judge

    def engine(self, retrieval: RetrievalSettings | None = None) -> Engine:
        """An engine over the set's index."""
        return Engine(self.index, settings=retrieval or retrieval_settings())


def retrieval_settings(configuration: str = "product") -> RetrievalSettings:
    """The settings of one of CONFIGURATIONS, with the learnt weights."""
    if configuration == "product":
        return RetrievalSettings(weights=load_weights(), ranking=load_ranking())
    return RetrievalSettings(weights=load_weights(), mode="product" if configuration == "fusion" else configuration)


def open_index(home: Path) -> Index:
    """The live generation of a home folder, with its embedder. Raises IndexError_."""
    folder = Home(home).live_folder()
    return Index(folder, open_embedder(folder))


def build_originals(folder: Path, settings: Settings) -> Path:
    """The home of an index over a folder of pages, beside the runs; built anew only where the pages changed."""
    from index.building import BuildSettings, build_generation

    home = Home(settings.home / "eval" / "originals")
    build_settings = BuildSettings(settings.model, settings.chunking(), settings.glossed())
    build_generation(load_collection([folder], settings.limits()), home, build_settings)
    return home.path


def pair_up(questions: Sequence[Path], homes: Sequence[Path], default: Path) -> list[tuple[Path, Path]]:
    """Each question file with the home of its index. Raises BadOption when the two lists do not match."""
    if len(homes) > 1 and len(homes) != len(questions):
        raise BadOption(f"{len(questions)} question files and {len(homes)} indexes are named; name one index for each file")
    listed = list(homes) or [default]
    return [(file, listed[n] if len(listed) > 1 else listed[0]) for n, file in enumerate(questions)]


@contextmanager
def open_sets(
    pairs: Sequence[tuple[Path, Path]],
    choose: Callable[[list[JudgedQuestion]], list[JudgedQuestion]] = lambda questions: questions,
    opener: Callable[[Path], Index] = open_index,
) -> Iterator[list[QuestionSet]]:
    """Load, open and resolve; the indexes are closed at the end. Raises BadQuestions for an id that two sets share."""
    indexes: dict[Path, Index] = {}
    sets: list[QuestionSet] = []
    seen: dict[str, Path] = {}
    try:
        for file, home in pairs:
            questions = choose(load_questions(file))
            for question in questions:
                if seen.setdefault(question.id, file) != file:
                    raise BadQuestions(
                        f"the id {question.id!r} stands in {seen[question.id]} and in {file}; ids are unique in a run"
                    )
            if home not in indexes:
                indexes[home] = opener(home)
            index = indexes[home]
            sets.append(QuestionSet(file.stem, questions, resolve(questions, index.store), index, Judge(index)))
        if not any(part.questions for part in sets):
            raise BadQuestions("no question is left after the choice of split and language; choose another")
        yield sets
    finally:
        for index in indexes.values():
            index.close()


def runs_folder(home: Path | None) -> Path:
    """Where runs are kept when no folder is named."""
    return load_settings({"home": home}).home / "eval" / "runs"


def choose_pairs(
    questions: Sequence[Path] | None, homes: Sequence[Path] | None, originals: Path | None, home: Path | None
) -> list[tuple[Path, Path]]:
    """The question files of a command line with the homes of their indexes.

    Without --questions the bundled ones are asked; --originals adds the questions about those pages and builds their
    index. Raises BadOption for a question file or folder that does not exist.
    """
    settings = load_settings({"home": home})
    files = list(questions or ()) or [BUNDLED_QUESTIONS]
    pairs = pair_up(files, list(homes or ()), settings.home)
    if originals is not None:
        if not originals.is_dir():
            raise BadOption(f"--originals {originals} is no folder; name the folder of the scraped pages")
        pairs.append((ORIGINALS_QUESTIONS, build_originals(originals, settings)))
    for file, _ in pairs:
        if not file.is_file():
            raise BadOption(f"{file} does not exist; name a JSONL file of judged questions with --questions")
    return pairs


@contextmanager
def dev_sets(
    questions: Sequence[Path] | None, homes: Sequence[Path] | None, originals: Path | None, home: Path | None
) -> Iterator[list[QuestionSet]]:
    """The sets of a command line with the questions of the dev split only: what may be learnt from."""
    with open_sets(choose_pairs(questions, homes, originals, home), lambda listed: select(listed, split="dev")) as sets:
        yield sets
