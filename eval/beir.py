"""BEIR folders (`corpus.jsonl[.gz]`, `queries.jsonl[.gz]`, `qrels/test.tsv`) in and out, and runs over them."""

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from corpus.chunking import ChunkSettings, header
from corpus.language import guess_lang
from corpus.loading import Collection
from corpus.records import BlockSpan, Document
from eval.errors import BadBeir
from eval.measures import Values, rank_measures
from eval.questions import JudgedQuestion, Judgement
from eval.running import Progress
from eval.sets import CONFIGURATIONS, QuestionSet, retrieval_settings
from index.embedders import Embedder
from index.filters import Filters
from index.generations import Home
from index.lexical import best
from index.searching import Index
from qa.answering import Engine
from qa.errors import QaError
from qa.settings import Settings
from qa.timing import Timing

DEPTH = 100  # documents of a ranking
POOL = 300  # passages that each arm puts forward: a document may have several


@dataclass(frozen=True, slots=True)
class Beir:
    """A test collection: documents, questions that have a judgement, and their relevant documents."""

    name: str
    documents: list[Document]
    questions: dict[str, str]
    qrels: dict[str, dict[str, int]]


def _read_lines(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            break
    else:
        raise BadBeir(f"{folder} holds no {name} or {name}.gz; expected a folder in BEIR layout")
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
        for number, line in enumerate(text.split("\n"), start=1):
            if not line.strip():
                continue
            record = json.loads(line)
            if not isinstance(record, dict) or not isinstance(record.get("_id"), str):
                raise BadBeir(f"{path}, line {number}: expected an object with a text `_id`")
            yield record
    except (OSError, EOFError, ValueError) as error:
        raise BadBeir(f"{path} cannot be read: {error}") from None


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Question -> document -> relevance, from a TSV with a head line. Raises BadBeir."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadBeir(f"{path} cannot be read ({error}); expected judgements as query-id, corpus-id, score") from None
    qrels: dict[str, dict[str, int]] = {}
    for number, line in enumerate(lines, start=1):
        parts = line.split("\t")
        if not line.strip() or (number == 1 and len(parts) == 3 and not parts[2].strip().lstrip("-").isdigit()):
            continue
        if len(parts) != 3 or not parts[2].strip().lstrip("-").isdigit():
            raise BadBeir(f"{path}, line {number}: {line[:80]!r}; expected query-id, corpus-id and a whole number, tab-separated")
        qrels.setdefault(parts[0], {})[parts[1]] = int(parts[2])
    return qrels


def make_document(record: Mapping[str, Any]) -> Document | None:
    """A record of the corpus as a document: title and text as they are, one paragraph; None where both are empty."""
    text = " ".join(str(record.get("text") or "").split())
    title = " ".join(str(record.get("title") or "").split()) or None
    if not text:
        text, title = title or "", None
    if not text:
        return None
    return Document(
        id=record["_id"],
        text=text,
        lang=guess_lang(text),
        title=title,
        blocks=(BlockSpan("paragraph", 0, len(text)),),
        variant_of=record["_id"],
    )


def read_beir(folder: Path, split: str = "test") -> Beir:
    """A collection from its folder. Raises BadBeir that names the file and line."""
    qrels = read_qrels(folder / "qrels" / f"{split}.tsv")
    made = (make_document(record) for record in _read_lines(folder, "corpus.jsonl"))
    documents = sorted((document for document in made if document is not None), key=lambda d: d.id)
    for before, document in pairwise(documents):
        if before.id == document.id:
            raise BadBeir(f"{folder}: the document id {document.id!r} stands twice in the corpus")
    questions = {str(r["_id"]): str(r.get("text") or "") for r in _read_lines(folder, "queries.jsonl")}
    kept = {q: text for q, text in questions.items() if any(relevance > 0 for relevance in qrels.get(q, {}).values())}
    if not kept:
        raise BadBeir(f"{folder}: no question has a relevant document in qrels/{split}.tsv")
    return Beir(folder.resolve().name, documents, kept, {q: qrels[q] for q in kept})


def as_questions(beir: Beir) -> list[JudgedQuestion]:
    """The collection's questions, each judging whole documents; a positive relevance answers."""
    return [
        JudgedQuestion(
            id="_".join(f"{beir.name}-{question}".split()),
            lang=guess_lang(text),
            kind="beir",
            question=text,
            answerable=True,
            judgements=tuple(
                Judgement(relevance=min(3, max(2, relevance)) if relevance > 0 else 0, document=document)
                for document, relevance in sorted(beir.qrels[question].items())
            ),
            split="test",
        )
        for question, text in beir.questions.items()
    ]


def build_index(beir: Beir, home: Path, settings: Settings, *, gloss: bool | None = None) -> Path:
    """The home of an index over the collection: no cleaning, a document one passage where the embedder reads it whole."""
    from corpus.tokens import max_tokens
    from index.building import BuildSettings, build_generation
    from index.embedders import resolve_model

    glossed = settings.glossed() if gloss is None else gloss
    place = Home(home / "eval" / "beir" / (beir.name if glossed else f"{beir.name}-plain"))
    chunking = ChunkSettings(target_tokens=max_tokens(resolve_model(settings.model)), overlap_tokens=0)
    build_generation(Collection(beir.documents), place, BuildSettings(settings.model, chunking, glossed))
    return place.path


def rank_by_model(beir: Beir, embedder: Embedder, cache: Path) -> dict[str, list[str]]:
    """The ranking of the model alone, as published figures are made: title and text cut at the model's limit, cosine."""
    from index.cache import EmbeddingCache

    texts = [f"{document.title} {document.text}" if document.title else document.text for document in beir.documents]
    store = EmbeddingCache(cache, embedder)
    try:
        vectors = store.embed(texts).vectors
        asked = store.embed(list(beir.questions.values())).vectors
    finally:
        store.close()
    everything = np.arange(len(texts))
    rankings: dict[str, list[str]] = {}
    for question, vector in zip(beir.questions, asked, strict=True):
        ordinals, _ = best(everything, vectors @ vector, DEPTH)
        rankings[question] = [beir.documents[n].id for n in ordinals]
    return rankings


def rank_documents(engine: Engine, text: str, *, plain: bool, pool: int = POOL, depth: int = DEPTH) -> list[str]:
    """Ids of the best documents, each at its best passage; none for a question that cannot be asked.

    `plain` searches the words as they stand: no spelling, no filter of quoted phrases.
    """
    try:
        question = engine.understand(text)
    except QaError:
        return []
    if plain:
        question = replace(question, search_text=text, interpreted_as=None, filters=Filters())
    candidates = engine.search(question, Timing(), pool)
    if not len(candidates.ordinals):
        return []
    if not plain:
        candidates, _ = engine.examine(question, candidates)
    numbers = engine.index.attributes.rows["document"][candidates.ordinals]
    best = list(dict.fromkeys(numbers.tolist()))[:depth]
    return [engine.index.store.document_at(number).id for number in best]


def beir_measures() -> dict[str, Any]:
    """nDCG@10, R@100, RR@10 and Success@1 as ir_measures defines them, any positive relevance being relevant."""
    from ir_measures import RR, R, Success, nDCG

    return {"nDCG@10": nDCG @ 10, "R@100": R @ 100, "RR@10": RR @ 10, "Success@1": Success @ 1}


def run_beir(
    beir: Beir,
    index: Index,
    configurations: Sequence[str] = CONFIGURATIONS,
    *,
    alone: tuple[Embedder, Path] | None = None,
    progress: Progress = lambda done, total: None,
) -> dict[str, Values]:
    """Configuration -> measure -> question -> value over an open index; first the model alone, where one is given with its cache."""
    found: dict[str, Values] = {}
    if alone is not None:
        found["model alone"] = rank_measures(rank_by_model(beir, *alone), beir.qrels, beir_measures())
    total = len(beir.questions) * len(configurations)
    for number, mode in enumerate(configurations):
        engine = Engine(index, settings=retrieval_settings(mode))
        rankings: dict[str, list[str]] = {}
        for question, text in beir.questions.items():
            rankings[question] = rank_documents(engine, text, plain=mode not in ("fusion", "product"))
            progress(number * len(beir.questions) + len(rankings), total)
        found[mode] = rank_measures(rankings, beir.qrels, beir_measures())
    return found


def export_beir(part: QuestionSet, folder: Path) -> dict[str, int]:
    """Write a question set with the passages of its index as a BEIR folder; returns how many of what.

    Every passage is a document, title and heading path its title. Questions without an answer have no qrels and are
    left out, as BEIR has no place for them.
    """
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    store = part.index.store
    ordinals: dict[int, str] = {}

    def passages() -> Iterator[dict[str, Any]]:
        for document in store.documents():
            for ordinal, passage in store.passages_of(document.id):
                ordinals[ordinal] = passage.id
                yield {"_id": passage.id, "title": header(document.title, passage.section), "text": passage.text}

    _write_lines(folder / "corpus.jsonl", passages())
    asked = [question for question in part.questions if question.answerable]
    _write_lines(
        folder / "queries.jsonl",
        (
            {"_id": q.id, "text": q.question, "metadata": {"lang": q.lang, "kind": q.kind, "history": list(q.history)}}
            for q in asked
        ),
    )
    for split in ("dev", "test"):
        lines = ["query-id\tcorpus-id\tscore\n"]
        for question in asked:
            judged = part.judge.judge(part.places[question.id])
            if question.split == split:
                lines += [f"{question.id}\t{ordinals[o]}\t{relevance}\n" for o, relevance in sorted(judged.relevance.items())]
        (folder / "qrels" / f"{split}.tsv").write_text("".join(lines), encoding="utf-8")
    return {"passages": len(ordinals), "questions": len(asked)}


def _write_lines(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
