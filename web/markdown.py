"""A whole answer as Markdown: to be pasted, with its notes."""

import re

from corpus.records import Lang
from qa.answers import Answer
from qa.citing import cite, title_of
from web.i18n import N_, format_number, translate

_VERDICTS = {
    "answered": N_("Answered by the collection"),
    "related": N_("Related passages; perhaps none of them answers the question"),
    "not_found": N_("Not in this collection"),
}


def escape_markdown(text: str) -> str:
    """Text on one line that Markdown leaves as it is."""
    return re.sub(r"([\\\\`*_\[\]<>#|~])", r"\\\1", " ".join(text.split()))


def quote_markdown(text: str) -> str:
    """A quotation block; its lines are kept."""
    lines = [escape_markdown(line) for line in text.split("\n")]
    return "\n".join(f"> {line}  " if line else ">" for line in lines).rstrip()


def answer_markdown(answer: Answer, address: str) -> str:
    """The answer with headings, quotations and notes, in the language of its question."""
    question, lang = answer.question, answer.question.lang
    parts = [f"# {escape_markdown(question.text)}"]
    if question.interpreted_as:
        parts.append(f"{translate(lang, N_('Understood as:'))} {escape_markdown(question.interpreted_as)}")
    verdict = N_("Nothing found with these filters") if answer.filtered else _VERDICTS[answer.status]
    parts.append(f"**{translate(lang, verdict)}.** {escape_markdown(answer.confidence.reason)}")
    if answer.status == "answered":
        parts.append(f"{quote_markdown(answer.text)} [^1]")
    if answer.passages:
        heading = N_("Where it stands") if answer.status == "answered" else N_("Passages near the question")
        parts.append(f"## {translate(lang, heading)}")
    for evidence in answer.passages:
        parts.append(f"### {evidence.citation}. {escape_markdown(title_of(evidence.document, lang))}")
        parts.append(f"{quote_markdown(evidence.passage.text)} [^{evidence.citation}]")
    for evidence in answer.passages:
        parts.append(f"[^{evidence.citation}]: {cite(evidence.document, evidence.passage, 'markdown', lang)}")
    parts.append(f"{_provenance(answer, lang)} <{address}>")
    return "\n\n".join(parts) + "\n"


def _provenance(answer: Answer, lang: Lang) -> str:
    index = answer.index
    text = translate(lang, N_("Index %(generation)s, %(documents)s documents, %(passages)s passages, model %(model)s."))
    return text % {
        "generation": index.generation,
        "documents": format_number(index.documents, lang),
        "passages": format_number(index.passages, lang),
        "model": escape_markdown(index.model),
    }
