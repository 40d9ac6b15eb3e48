"""A run as records and as a folder: TREC files for other tools, JSON lines with spans, and a manifest."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from corpus.records import Lang
from eval.errors import BadRun
from eval.questions import RELEVANT, JudgedQuestion, parse_question, question_json
from qa.answers import Status

FORMAT = 1
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Shown:
    """A passage as it was shown, with its judgement."""

    rank: int
    id: str
    item: str  # one id for both language versions of the passage
    document: str
    variant: str  # one id for both language versions of the document
    start: int
    end: int
    score: float
    relevance: int
    facts: tuple[int, ...]  # numbers of the judged facts that it holds
    marked: tuple[Span, ...]  # the sentences chosen from it, also where the status keeps them unmarked
    marked_relevance: int
    marked_facts: tuple[int, ...]
    verbatim: bool  # its text is the document's text at its offsets
    text: str


@dataclass(frozen=True, slots=True)
class Reference:
    """Sentences that a right answer may quote."""

    document: str
    spans: tuple[Span, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question and all that came of it."""

    question: JudgedQuestion
    collection: str
    status: Status
    p: float
    shown: tuple[Shown, ...]
    relevant: dict[str, int]  # item -> relevance, of every passage of the index that holds a judged place
    documents: dict[str, int]  # variant -> relevance
    facts: int  # how many different facts answer it
    references: tuple[Reference, ...] = ()
    understood_lang: Lang | None = None
    interpreted_as: str | None = None
    reason: str = ""
    answer: str = ""
    answer_spans: tuple[Span, ...] = ()  # in the first passage's document
    answer_verbatim: bool = True
    features: dict[str, float] = field(default_factory=dict)
    took_ms: dict[str, float] = field(default_factory=dict)
    error: str | None = None  # why it could not be asked

    @property
    def right(self) -> bool:
        """Answerable, and the first passage holds a judged place."""
        return self.question.answerable and bool(self.shown) and self.shown[0].relevance >= RELEVANT


@dataclass(frozen=True, slots=True)
class Run:
    """Outcomes in the order of the questions, and the record that makes them repeatable."""

    name: str
    outcomes: tuple[Outcome, ...]
    manifest: dict[str, Any]


def run_items(outcome: Outcome) -> list[str]:
    """The ranking by item; a passage whose other language version stands higher up is no second hit."""
    items: list[str] = []
    for shown in outcome.shown:
        items.append(shown.item if shown.item not in items else f"{shown.id}#again")
    return items


def run_marked_items(outcome: Outcome) -> list[str]:
    """The same ranking, where a passage is itself only if the sentences chosen from it hold a judged place."""
    pairs = zip(run_items(outcome), outcome.shown, strict=True)
    return [item if shown.marked_relevance >= min(shown.relevance, RELEVANT) else f"{item}#beside" for item, shown in pairs]


def run_documents(outcome: Outcome) -> list[str]:
    """The ranking of documents, each at its best passage; language versions are one."""
    return list(dict.fromkeys(shown.variant for shown in outcome.shown))


def write_run(run: Run, folder: Path) -> None:
    """Write the run's folder; the manifest comes last, so a folder with one is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").unlink(missing_ok=True)
    tag = "".join(c if c.isalnum() or c in "-_." else "-" for c in run.name) or "run"
    levels = (("", run_items, "relevant"), (".documents", run_documents, "documents"))
    for suffix, ranking, judged in levels:
        lines = [
            f"{o.question.id} Q0 {_word(item)} {rank} {1 / rank:.6f} {tag}\n"
            for o in run.outcomes
            for rank, item in enumerate(ranking(o), start=1)
        ]
        (folder / f"run{suffix}.trec").write_text("".join(lines), encoding="utf-8")
        judgements = [
            f"{o.question.id} 0 {_word(item)} {relevance}\n"
            for o in run.outcomes
            for item, relevance in sorted(getattr(o, judged).items())
        ]
        (folder / f"qrels{suffix}.txt").write_text("".join(judgements), encoding="utf-8")
    records = (json.dumps(_outcome_json(outcome), ensure_ascii=False) + "\n" for outcome in run.outcomes)
    (folder / "run.jsonl").write_text("".join(records), encoding="utf-8")
    manifest = {"format": FORMAT, "name": run.name, **run.manifest}
    (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _word(item: str) -> str:
    """An id without white space, as TREC files need it."""
    return "%20".join(item.split())


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    return {**asdict(outcome), "question": question_json(outcome.question)}


def read_run(folder: Path) -> Run:
    """A run from its folder. Raises BadRun when it is missing, incomplete or of another format."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise BadRun(f"{folder} is a run of format {manifest['format']}, this program reads format {FORMAT}; run it again")
        lines = (folder / "run.jsonl").read_text(encoding="utf-8").splitlines()
        outcomes = tuple(_read_outcome(json.loads(line), f"{folder}/run.jsonl") for line in lines)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadRun(f"{folder} is no complete run ({error}); name a folder that `rcm-qa eval run` wrote") from None
    return Run(manifest["name"], outcomes, {key: value for key, value in manifest.items() if key not in ("format", "name")})


def _spans(pairs: Iterable[Iterable[int]]) -> tuple[Span, ...]:
    return tuple((start, end) for start, end in pairs)


def _read_outcome(data: dict[str, Any], where: str) -> Outcome:
    shown = [
        Shown(
            **{
                **passage,
                "facts": tuple(passage["facts"]),
                "marked": _spans(passage["marked"]),
                "marked_facts": tuple(passage["marked_facts"]),
            }
        )
        for passage in data["shown"]
    ]
    references = [Reference(r["document"], _spans(r["spans"]), r["text"]) for r in data["references"]]
    return Outcome(
        **{
            **data,
            "question": parse_question(data["question"], where),
            "shown": tuple(shown),
            "references": tuple(references),
            "answer_spans": _spans(data["answer_spans"]),
        }
    )
