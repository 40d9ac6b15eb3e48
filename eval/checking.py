"""Are the answers as good as they were? A quick subset against committed reference values."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eval.comparing import compare_values
from eval.errors import BadRun
from eval.measures import LOWER_IS_BETTER, question_values
from eval.outcomes import Run
from eval.questions import DATA, JudgedQuestion
from eval.statistics import holm

REFERENCE = DATA / "reference.json"
MEASURES = ("Success@1", "Success@3", "RR@10", "sentence Success@1", "answer F1", "false answers", "false refusals")
QUICK = 120  # questions of the subset
SIGNIFICANT = 0.05


class Reference(BaseModel):
    """`eval/data/reference.json`: measure -> question -> value, and what they come from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Annotated[int, Field(ge=1, le=1)]
    made_at: str
    generation: str
    values: dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Check:
    """A measure now against the reference; `lost` when it is worse beyond chance."""

    measure: str
    reference: float
    now: float
    adjusted: float
    lost: bool
    n: int


def quick_subset(questions: Sequence[JudgedQuestion], count: int = QUICK) -> list[JudgedQuestion]:
    """The same mixed part of the questions every time: the first by the hash of their ids, in the order of the file."""
    order = sorted(questions, key=lambda q: hashlib.sha256(q.id.encode()).digest())
    chosen = {q.id for q in order[:count]}
    return [q for q in questions if q.id in chosen]


def read_reference(path: Path = REFERENCE) -> Reference:
    """The committed values. Raises BadRun when they are missing or malformed."""
    try:
        return Reference.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BadRun(f"{path} cannot be read ({error.strerror}); make it with `rcm-qa eval check --update`") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise BadRun(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}; make it anew with --update") from None


def make_reference(run: Run) -> dict[str, Any]:
    """The reference values that a run gives."""
    values = question_values(run.outcomes)
    return {
        "version": 1,
        "made_at": run.manifest["made_at"],
        "generation": run.manifest["sets"][0]["generation"],
        "values": {name: {q: round(v, 4) for q, v in values[name].items()} for name in MEASURES},
    }


def write_reference(run: Run, path: Path = REFERENCE) -> None:
    """Write the reference values of a run beside and rename them into place."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(json.dumps(make_reference(run), indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)


def check_run(run: Run, reference: Reference) -> list[Check]:
    """Every measure on the questions that both know. Raises BadRun when they share none.

    Citation integrity has no reference: anything below 1 is a loss.
    """
    values = question_values(run.outcomes)
    now, before = {}, {}
    for name in MEASURES:
        shared = sorted(values[name].keys() & reference.values.get(name, {}).keys())
        now[name] = {q: round(values[name][q], 4) for q in shared}
        before[name] = {q: reference.values[name][q] for q in shared}
    rows = compare_values(before, now, MEASURES)
    if not rows:
        raise BadRun("the reference knows none of these questions; make it anew with `rcm-qa eval check --update`")
    checks: list[Check] = []
    for (name, old, new, _, _, _, n), adjusted in zip(rows, holm([row[5] for row in rows]), strict=True):
        worse = new > old if name in LOWER_IS_BETTER else new < old
        checks.append(Check(name, old, new, adjusted, worse and adjusted < SIGNIFICANT, n))
    integrity = float(np.mean(list(values["citation integrity"].values())))
    checks.append(Check("citation integrity", 1.0, integrity, float("nan"), integrity < 1.0, len(run.outcomes)))
    return checks
