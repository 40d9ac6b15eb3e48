"""Is a quotation in the collection, word for word: exact, exact elsewhere, changed since, or not found."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Literal

from rapidfuzz import fuzz

from corpus.records import Document
from corpus.words import find_words
from index.analysis import weigh
from index.searching import Index
from qa.errors import BadRequest

Verdict = Literal["exact", "exact_elsewhere", "changed", "not_found"]
MAX_QUOTATION_CHARS = 20_000
_MIN_LIKENESS = 75.0


@dataclass(frozen=True, slots=True)
class Verification:
    """The verdict on one quotation and where the words stand; `found` is the collection's own text there."""

    quotation: str
    verdict: Verdict
    document_id: str | None = None
    start: int | None = None
    end: int | None = None
    found: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The object of the API."""
        return {
            "quotation": self.quotation,
            "verdict": self.verdict,
            "document": self.document_id,
            "start": self.start,
            "end": self.end,
            "found": self.found,
        }


_ALIKE = str.maketrans({"“": '"', "”": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "\u00a0": " "})


def _flat(text: str) -> tuple[str, list[int]]:
    """The text with every run of white space as one space and quotation marks and dashes alike, and each character's place."""
    out: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text.translate(_ALIKE)):
        if character.isspace():
            if out and out[-1] == " ":
                continue
            character = " "
        out.append(character)
        places.append(place)
    return "".join(out), places


def find_quotation(document: Document, quotation: str) -> tuple[int, int] | None:
    """Where a document holds the quotation, white space and the shape of quotation marks aside."""
    flat, places = _flat(document.text)
    wanted, _ = _flat(quotation.strip())
    at = flat.find(wanted)
    if at < 0 or not wanted:
        return None
    return places[at], places[at + len(wanted) - 1] + 1


def verify_quotation(index: Index, quotation: str, document_id: str | None = None) -> Verification:
    """The verdict on a quotation; with `document_id` the place where it is claimed to stand. Raises BadRequest."""
    quotation = unicodedata.normalize("NFC", quotation).strip()
    if not re.search(r"\w", quotation):
        raise BadRequest("the quotation is empty; write the words to look for")
    if len(quotation) > MAX_QUOTATION_CHARS:
        raise BadRequest(f"the quotation has {len(quotation):,} characters; verify at most {MAX_QUOTATION_CHARS:,}")
    candidates: list[Document] = []
    claimed: Document | None = None
    if document_id is not None:
        claimed = index.store.document(document_id)
        span = find_quotation(claimed, quotation)
        if span is not None:
            return Verification(quotation, "exact", claimed.id, *span, claimed.text[span[0] : span[1]])
    seen: set[int] = set()
    for lang in ("en", "es"):
        terms = weigh(index.analyzer.own_terms(quotation[:2000], "es" if lang == "es" else "en"))
        ordinals, _ = (index.spanish if lang == "es" else index.english).search(terms, 40)
        for number in index.attributes.rows["document"][ordinals]:
            if int(number) not in seen:
                seen.add(int(number))
                candidates.append(index.store.document_at(int(number)))
    if not seen:  # nothing but stop words: look everywhere
        candidates = list(index.store.documents())
    for document in candidates:
        span = find_quotation(document, quotation)
        if span is not None:
            verdict: Verdict = "exact" if claimed is None else "exact_elsewhere"
            return Verification(quotation, verdict, document.id, *span, document.text[span[0] : span[1]])
    if len(find_words(quotation)) < 4:
        return Verification(quotation, "not_found")
    best: tuple[float, Document, int, int] | None = None
    for document in [claimed] if claimed is not None else candidates[:30]:
        alignment = fuzz.partial_ratio_alignment(quotation, document.text, score_cutoff=_MIN_LIKENESS)
        if alignment is not None and (best is None or alignment.score > best[0]):
            best = (alignment.score, document, alignment.dest_start, alignment.dest_end)
    if best is None:
        return Verification(quotation, "not_found")
    _, document, start, end = best
    start, end = _whole_words(document.text, start, end)
    return Verification(quotation, "changed", document.id, start, end, document.text[start:end])


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    while start > 0 and text[start - 1].isalnum() and text[start : start + 1].isalnum():
        start -= 1
    while end < len(text) and end > 0 and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    return start, end


def verify_answer(index: Index, answer: Any) -> list[Verification]:
    """The verdicts on every quotation of an ANSWER object. Raises BadRequest when it is none."""
    try:
        quotations = [(p["document"]["id"], p["text"]) for p in answer["passages"]]
        quoted = answer["answer"]["text"]
    except (KeyError, TypeError):
        raise BadRequest("the file is no ANSWER object; write one with `rcm-qa ask --json`") from None
    if not all(isinstance(d, str) and isinstance(t, str) for d, t in quotations) or not isinstance(quoted, str):
        raise BadRequest("the file is no ANSWER object; write one with `rcm-qa ask --json`")
    known = {document.id for document in index.store.documents()}
    found = [verify_quotation(index, text, document if document in known else None) for document, text in quotations]
    if quoted and quotations and quoted not in quotations[0][1]:
        found.append(verify_quotation(index, quoted))
    return found
