"""Is a quotation in the collection, word for word: exact, exact elsewhere, changed since, or not found."""

import re
import unicodedata
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal

from pydantic import BaseModel, ValidationError
from rapidfuzz import fuzz

from corpus.records import LANGS, Document, Passage
from corpus.words import find_words, folded_words
from index.analysis import weigh
from index.errors import UnknownId
from index.filters import Filters
from index.searching import Index
from qa.errors import BadRequest

Verdict = Literal["exact", "exact_elsewhere", "changed", "not_found"]
MAX_QUOTATION_CHARS = 20_000
_STRINGS = 8  # of a quotation, the longest, by which the documents are told apart that may hold it
_PLACES = 10  # in each language where words like those of a quotation are looked for
_COMPARED_CHARS = 2000  # of a quotation that stands nowhere
_MIN_LIKENESS = 75.0  # percent
_FEWEST_WORDS = 4  # that can be said to be like others


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


# Marks that are written in several ways, each as long as the other: places stay where they are.
_ALIKE = {"“": '"', "”": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "–": "-", "—": "-"}
_AROUND = re.compile(r"""(?:[\s"'…]|\.{3,}|[\[\]()](?:…|\.{3})[\[\]()])*""")  # the same read backwards
_INSIDE_WORD = re.compile(r"(?<=[^\W_])'?[^\W_]|(?<=[^\W_]')[^\W_]|(?<=\d)[.,]\d|(?<=\d[.,])\d")
_WORD = re.compile(r"\S+")


def _alike(text: str) -> str:
    for mark, plain in _ALIKE.items():
        text = text.replace(mark, plain)  # far faster than a table, where nearly no character is replaced
    return text


def _quoted_words(quotation: str) -> str:
    """A quotation without the quotation marks and ellipses around it."""
    quotation = _alike(quotation)
    for _ in range(2):  # before it, then behind it
        quotation = _AROUND.sub("", quotation, count=1)[::-1]
    return quotation


def find_quotation(text: str, quotation: str) -> tuple[int, int] | None:
    """Where a text holds the quotation in whole words. White space, the shape of quotation marks and dashes, and what stands
    around a quotation do not matter.
    """
    wanted = " ".join(_quoted_words(quotation).split())
    flat = " ".join(_alike(text).split())
    at = flat.find(wanted) if wanted else -1
    while at >= 0:
        end = at + len(wanted)
        if not _INSIDE_WORD.match(flat, at) and not _INSIDE_WORD.match(flat, end):
            return _place(text, flat, at), _place(text, flat, end - 1) + 1
        at = flat.find(wanted, at + 1)
    return None


def _place(text: str, flat: str, at: int) -> int:
    """Where a character of the flat text, none of its spaces, stands in the text."""
    word = next(islice(_WORD.finditer(text), flat.count(" ", 0, at), None))
    return word.start() + at - (flat.rfind(" ", 0, at) + 1)


def verify_quotation(index: Index, quotation: str, document_id: str | None = None) -> Verification:
    """The verdict on a quotation; with `document_id` the document where it is claimed to stand. Raises BadRequest and UnknownId."""
    quotation = unicodedata.normalize("NFC", quotation).strip()
    if len(quotation) > MAX_QUOTATION_CHARS:
        raise BadRequest(f"the quotation has {len(quotation):,} characters; verify at most {MAX_QUOTATION_CHARS:,}")
    if any("\ud800" <= character <= "\udfff" for character in quotation):
        raise BadRequest("the quotation holds half a surrogate pair; send whole Unicode characters")
    if not re.search(r"\w", quotation):
        raise BadRequest("the quotation is empty; write the words to look for")
    claimed = index.store.document(document_id) if document_id is not None else None
    if claimed is not None and (span := find_quotation(claimed.text, quotation)):
        return _found(quotation, "exact", claimed, span)
    strings = sorted(set(re.findall(r"""[^\s"'-]+""", _quoted_words(quotation))), key=lambda string: (-len(string), string))
    for ordinal, text in index.store.texts_with(strings[:_STRINGS]):
        if span := find_quotation(text, quotation):
            return _found(quotation, "exact" if claimed is None else "exact_elsewhere", index.store.document_at(ordinal), span)
    return _nearest(index, quotation, claimed) or Verification(quotation, "not_found")


def _found(quotation: str, verdict: Verdict, document: Document, span: tuple[int, int]) -> Verification:
    return Verification(quotation, verdict, document.id, *span, document.text[slice(*span)])


def _nearest(index: Index, quotation: str, claimed: Document | None) -> Verification | None:
    """The place of the words that are most like a quotation, of a long one its beginning, where some are like enough.

    Words are aligned with words around the passages that have most of them: that takes as long for a document of a thousand
    pages as for one of two. How alike the two texts are is then judged by their characters.
    """
    compared = quotation[:_COMPARED_CHARS]
    asked = folded_words(compared)
    if len(asked) < _FEWEST_WORDS:
        return None
    best: tuple[float, Document, tuple[int, int]] | None = None
    for passage in _likely_passages(index, compared, claimed):
        document = index.store.document(passage.document_id)
        first = max(0, passage.start - len(compared))
        words = find_words(document.text[first : passage.end + len(compared)])
        aligned = fuzz.partial_ratio_alignment(asked, [word.folded for word in words])
        if aligned is None:
            continue
        at, end = aligned.dest_start, aligned.dest_end
        for last in words[at:end][-1:] + words[at : at + len(asked)][-1:]:  # a last word that differs may have been left out
            span = first + words[at].start, first + last.end
            likeness = fuzz.ratio(compared, document.text[slice(*span)])
            if likeness >= _MIN_LIKENESS and (best is None or likeness > best[0]):
                best = likeness, document, span
    return _found(quotation, "changed", *best[1:]) if best else None


def _likely_passages(index: Index, quotation: str, claimed: Document | None) -> list[Passage]:
    """The passages with most words of a quotation, of the document where it is claimed to stand or of all."""
    allowed = index.attributes.bitmap(Filters(document=claimed.id)) if claimed else None
    likely: list[int] = []
    for lang in LANGS:
        terms = weigh(index.analyzer.own_terms(quotation, lang))
        ordinals, _ = (index.spanish if lang == "es" else index.english).search(terms, _PLACES, allowed)
        likely += ordinals.tolist()
    return index.store.passages_at(list(dict.fromkeys(likely)))


class _Highlight(BaseModel):
    start: int
    end: int
    kind: str


class _DocumentId(BaseModel):
    id: str


class _Passage(BaseModel):
    id: str
    document: _DocumentId
    start: int
    end: int
    text: str
    highlights: list[_Highlight]

    def words_at(self, start: int, end: int) -> str:
        """What the passage says between two places of the document."""
        return self.text[max(0, start - self.start) : max(0, end - self.start)]


class _AnswerText(BaseModel):
    text: str


class _Answer(BaseModel):
    """What an ANSWER object quotes."""

    answer: _AnswerText
    passages: list[_Passage]


def verify_answer(index: Index, answer: Any) -> list[Verification]:
    """The verdicts on every quotation of an ANSWER object, passages first: exact is what stands at the place that it names.
    Raises BadRequest when it is none.
    """
    try:
        given = _Answer.model_validate(answer)
    except ValidationError:
        raise BadRequest("the file is no ANSWER object; write one with `rcm-qa ask --json`") from None
    found = []
    for passage in given.passages:
        place = passage.document.id, passage.start, passage.end
        named = passage.id == "{}:{}-{}".format(*place)
        found.append(_verify_place(index, passage.text, place if named else None))
    marked = [(p, h.start, h.end) for p in given.passages for h in p.highlights if h.kind == "answer"]
    quoted = given.answer.text
    if quoted == " ".join(passage.words_at(start, end) for passage, start, end in marked):
        found += [_verify_place(index, p.words_at(start, end), (p.document.id, start, end)) for p, start, end in marked]
    elif quoted:  # not what is marked, and so at no place that the answer names
        found.append(_verify_place(index, quoted, None))
    return found


def _verify_place(index: Index, quotation: str, place: tuple[str, int, int] | None) -> Verification:
    """The verdict on a quotation that is claimed to stand at a place of a document, or at none that there could be."""
    known: str | None = None
    if place is not None:
        document_id, start, end = place
        try:
            text = index.store.document(document_id).text
        except UnknownId:
            pass
        else:
            if 0 <= start < end and text[start:end] == quotation:
                return Verification(quotation, "exact", document_id, start, end, quotation)
            known = document_id
    found = verify_quotation(index, quotation, known)
    return replace(found, verdict="exact_elsewhere") if found.verdict == "exact" else found
