"""Small charts as numbers for a template: bars of years and bars of names, scaled to a fixed width."""

from collections.abc import Mapping
from dataclasses import dataclass

from corpus.records import Lang
from web.kinds import kind_name, lang_name

YEAR_WIDTH = 720
YEAR_HEIGHT = 120
BAR_WIDTH = 200


@dataclass(frozen=True, slots=True)
class YearBar:
    """One column of the years, in units of the drawing."""

    year: int
    count: int
    x: float
    y: float
    width: float
    height: float
    labelled: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: a name, its number and the length of its bar."""

    value: str
    name: str
    count: int
    width: int


def year_bars(years: Mapping[int, int]) -> list[YearBar]:
    """A column for every year from the first to the last; a year without documents has none of height."""
    if not years:
        return []
    first, last = min(years), max(years)
    most = max(years.values())
    slot = YEAR_WIDTH / (last - first + 1)
    step = max(1, round((last - first + 1) / 8))
    bars = []
    for year in range(first, last + 1):
        count = years.get(year, 0)
        height = round(count / most * YEAR_HEIGHT, 1)
        bars.append(
            YearBar(
                year, count, round((year - first) * slot + slot * 0.12, 1), round(YEAR_HEIGHT - height, 1),
                round(slot * 0.76, 1), height, (year - first) % step == 0,
            )
        )  # fmt: skip
    return bars


def name_bars(counts: Mapping[str, int], lang: Lang, sort: str, limit: int = 12) -> list[Bar]:
    """Rows for the commonest names; `sort` says what the names are: kind, lang or publisher."""
    most = max(counts.values(), default=1)
    names = {"kind": kind_name, "lang": lang_name}.get(sort)
    return [
        Bar(value, names(value, lang) if names else value, count, max(2, round(count / most * BAR_WIDTH)))
        for value, count in list(counts.items())[:limit]
    ]
