"""Of a document in both languages the asker's: where its versions are cut otherwise, passages have no twins."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from index.searching import Index
from qa.answers import Question
from qa.examining import Examined
from qa.retrieving import Candidates

Examine = Callable[[Candidates, NDArray[np.int64]], list[Examined]]


def in_own_language(
    index: Index, question: Question, candidates: Candidates, seen: Sequence[Examined], examine: Examine
) -> tuple[Candidates, list[Examined]]:
    """The candidates, those seen first, with passages of the asker's language for those in the other one.

    The passage of the document's other version that says what the answering sentences say takes the place and the scores
    of a passage, and is judged with it as its twin; where both are among those seen the better place is kept. A passage of
    a document that has no version in the asker's language stays.
    """
    found = _find_versions(index, question, seen)
    if not found:
        return candidates, list(seen)
    numbers = [found.get(one.ordinal, one.ordinal) for one in seen]
    first = [n for n, number in enumerate(numbers) if number not in numbers[:n]]
    kept = {numbers[n] for n in first}
    rest = [n for n in range(len(seen), len(candidates.ordinals)) if int(candidates.ordinals[n]) not in kept]
    ordinals = candidates.ordinals.copy()
    ordinals[: len(numbers)] = numbers
    new = {numbers[n]: seen[n].ordinal for n in first if numbers[n] != seen[n].ordinal}
    candidates = replace(candidates, ordinals=ordinals, twins={**candidates.twins, **new}).take(np.array(first + rest))
    looked = dict(zip(new, examine(candidates, np.array(list(new), dtype=np.int64)), strict=True)) if new else {}
    return candidates, [looked.get(numbers[n]) or seen[n] for n in first]


def _find_versions(index: Index, question: Question, seen: Sequence[Examined]) -> dict[int, int]:
    """Ordinal of a passage seen -> that of the passage in the asker's language to show for it."""
    filters = question.filters
    if filters.phrases:
        return {}
    rows = index.attributes.rows
    wanted = index.attributes.names["lang"].index(question.lang)
    allowed = index.attributes.bitmap(filters)
    found: dict[int, int] = {}
    for one in seen:
        if one.document.lang == question.lang:
            continue
        versions = np.flatnonzero((rows["variant"] == rows["variant"][one.ordinal]) & (rows["lang"] == wanted))
        if allowed is not None:
            versions = versions[allowed[versions]]
        spans = one.answers(question)
        nearest = index.nearest_passage(one.ordinal, [one.passage.sentences.index(span) for span in spans], versions)
        if nearest is not None:
            found[one.ordinal] = nearest
    return found
