"""Verdicts of readers in a local SQLite file, bounded; the evaluation makes judged questions of them."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

Verdict = Literal["up", "down"]
MAX_COMMENT_CHARS = 2000
MAX_QUOTE_CHARS = 4000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS feedback (
    id INTEGER PRIMARY KEY AUTOINCREMENT, created_at TEXT NOT NULL, question TEXT NOT NULL, lang TEXT,
    passage_id TEXT, quote TEXT, verdict TEXT NOT NULL CHECK (verdict IN ('up', 'down')), comment TEXT
)
"""


class Feedback:
    """The feedback file. Past its bound the oldest verdicts give way."""

    def __init__(self, path: Path, max_rows: int) -> None:
        self.path = path
        self.max_rows = max_rows

    def add(
        self, *, question: str, lang: str | None, passage_id: str | None, quote: str | None, verdict: Verdict, comment: str | None
    ) -> int:
        """Keep one verdict; returns its number. `quote` is the passage's text, so that a judgement outlives the index."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, timeout=5)) as connection, connection:
            connection.execute(_SCHEMA)
            cursor = connection.execute(
                "INSERT INTO feedback (created_at, question, lang, passage_id, quote, verdict, comment) VALUES (?,?,?,?,?,?,?)",
                (
                    datetime.now(UTC).isoformat(timespec="seconds"),
                    question[:1000],
                    lang,
                    passage_id,
                    quote[:MAX_QUOTE_CHARS] if quote else None,
                    verdict,
                    comment[:MAX_COMMENT_CHARS] if comment else None,
                ),
            )
            number = int(cursor.lastrowid or 0)
            connection.execute("DELETE FROM feedback WHERE id <= ?", (number - self.max_rows,))
        return number
