"""Dates as texts of both languages write them."""

import re
from datetime import date

MONTHS: dict[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "january jan enero ene",
            "february feb febrero",
            "march mar marzo",
            "april apr abril abr",
            "may mayo",
            "june jun junio",
            "july jul julio",
            "august aug agosto ago",
            "september sep sept septiembre setiembre",
            "october oct octubre",
            "november nov noviembre",
            "december dec diciembre dic",
        ),
        start=1,
    )
    for name in names.split()
}
# As a pattern: whole names and May; shorter forms are other words too ("mar", "set").
MONTH_NAMES = "|".join(sorted((name for name in MONTHS if len(name) > 3 or name == "may"), key=len, reverse=True))
_DAY_MONTH = re.compile(
    r"\b(\d{1,2})(?:st|nd|rd|th|º)?\.?\s+(?:of\s+|de\s+)?([a-záéíóú]+)\.?,?\s+(?:de\s+|del\s+)?(\d{4})\b", re.I
)
_MONTH_DAY = re.compile(r"\b([a-záéíóú]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b", re.I)
_MONTH_YEAR = re.compile(r"\b([a-záéíóú]+)\.?,?\s+(?:de\s+|del\s+|of\s+)?(\d{4})\b", re.I)
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")


def is_date(value: str) -> bool:
    """Whether a text is a date of the calendar as `2014`, `2014-06` or `2014-06-27`."""
    if not re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", value, re.ASCII):
        return False
    try:
        date.fromisoformat(value + "-01-01"[len(value) - 4 :])
    except ValueError:
        return False
    return True


def read_date(text: str) -> str | None:
    """The first date of a text as `2014-06-27` or `2014-06`; None without one."""
    if (match := _ISO.search(text)) and is_date(match.group()):
        return match.group()
    for pattern, day, month, year in ((_DAY_MONTH, 1, 2, 3), (_MONTH_DAY, 2, 1, 3), (_MONTH_YEAR, None, 1, 2)):
        for match in pattern.finditer(text):
            number = MONTHS.get(match[month].lower())
            if number is None:
                continue
            if day is None:
                return f"{match[year]}-{number:02d}"
            found = f"{match[year]}-{number:02d}-{int(match[day]):02d}"
            if is_date(found):
                return found
    return None
