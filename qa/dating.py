"""Dates for people, with the precision that is known, in both languages."""

from corpus.records import Lang

MONTHS: dict[Lang, tuple[str, ...]] = {
    "en": tuple("January February March April May June July August September October November December".split()),
    "es": tuple("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()),
}


def format_date(published: str, lang: Lang) -> str:
    """`2014-06-27` as "27 June 2014" or "27 de junio de 2014"; `2014-06` and `2014` likewise, nothing added."""
    parts = published.split("-")
    if len(parts) == 1:
        return parts[0]
    month = MONTHS[lang][int(parts[1]) - 1]
    if len(parts) == 2:
        return f"{month} {parts[0]}" if lang == "en" else f"{month} de {parts[0]}"
    day = int(parts[2])
    return f"{day} {month} {parts[0]}" if lang == "en" else f"{day} de {month} de {parts[0]}"
