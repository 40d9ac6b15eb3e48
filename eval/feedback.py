"""Verdicts of users, as the web stage keeps them, to judged questions."""

import hashlib
import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from corpus.records import Lang
from eval.errors import BadQuestions
from eval.questions import RELEVANT, JudgedQuestion, Judgement, find_quote
from index.errors import UnknownId
from index.store import Store

RELEVANCES = {"up": RELEVANT, "down": 0}
_COLUMNS = "created_at, question, lang, passage_id, quote, verdict"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thumb: up or down, for a passage as an answer to a question."""

    created_at: str
    question: str
    lang: Lang
    passage_id: str
    quote: str | None
    verdict: str


@dataclass(slots=True)
class Imported:
    """The judged questions, and what was left out and why."""

    questions: list[JudgedQuestion] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)  # (question, reason)


def read_verdicts(path: Path) -> list[Verdict]:
    """The verdicts of a feedback file, oldest first. Raises BadQuestions when it is none."""
    if not path.is_file():
        raise BadQuestions(f"{path} does not exist; name the feedback.sqlite of a home folder")
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM feedback ORDER BY created_at, id").fetchall()
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise BadQuestions(f"{path} is no feedback file ({error}); name the feedback.sqlite of a home folder") from None
    return [
        Verdict(str(created), str(question), "es" if lang == "es" else "en", str(passage), quote or None, str(verdict))
        for created, question, lang, passage, quote, verdict in rows
    ]


def make_judgement(verdict: Verdict, store: Store) -> Judgement | str:
    """The judged place of a verdict, or why there is none in this index: its quotation where it stands once, else its span."""
    match = re.fullmatch(r"(.+):(\d+)-(\d+)", verdict.passage_id)
    if match is None:
        return f"{verdict.passage_id!r} is no passage id"
    if verdict.verdict not in RELEVANCES:
        return f"{verdict.verdict!r} is no verdict"
    relevance, identifier, start, end = RELEVANCES[verdict.verdict], match[1], int(match[2]), int(match[3])
    try:
        text = store.document(identifier).text
    except UnknownId:
        return f"the index has no document {identifier!r} any more"
    if verdict.quote is not None:
        spans = find_quote(text, verdict.quote)
        if len(spans) == 1:
            return Judgement(relevance, document=identifier, quote=verdict.quote)
        if not spans:
            return f"the quotation is no longer in {identifier!r}"
    if not start < end <= len(text):
        return f"{start}-{end} is no place in {identifier!r} any more"
    return Judgement(relevance, document=identifier, start=start, end=end)


def as_questions(verdicts: Iterable[Verdict], store: Store) -> Imported:
    """One judged question for each question asked; of two verdicts on one place the later counts.

    A question that got thumbs down only is left out: where its answer stands, or whether there is one, nobody said.
    """
    asked: dict[tuple[str, Lang], dict[tuple[object, ...], Judgement]] = {}
    imported = Imported()
    for verdict in verdicts:
        text = " ".join(verdict.question.split())
        judgement = make_judgement(verdict, store)
        if isinstance(judgement, str):
            imported.left_out.append((text, judgement))
            continue
        place = (judgement.document, judgement.quote, judgement.start, judgement.end)
        asked.setdefault((text, verdict.lang), {})[place] = judgement
    for (text, lang), places in asked.items():
        if not any(judgement.relevance >= RELEVANT for judgement in places.values()):
            imported.left_out.append((text, "no passage got a thumb up"))
            continue
        key = hashlib.sha256(f"{lang} {text}".encode()).hexdigest()[:10]
        imported.questions.append(JudgedQuestion(f"fb-{key}", lang, "feedback", text, True, tuple(places.values())))
    return imported
