"""`python -m corpus check`: the bundled collection, glossary and lexicon hold what they promise; run in CI."""

import argparse
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from corpus.errors import BadData
from corpus.glossary import Term, load_glossary
from corpus.lexicon import FOLDER as LEXICON
from corpus.lexicon import read_expressions, read_forms, read_irregular, read_lexicon, read_synonyms
from corpus.loading import BUNDLED, Collection, load_collection
from corpus.records import Document
from corpus.words import find_words

SHARED = Path(__file__).resolve().parents[2] / "shared"
_RUN = 8  # words in a row that no document may share with an original
_HEADWORDS = 18_000


def main(argv: Sequence[str]) -> int:
    """Print every problem, one a line; 0 when there is none, else 1."""
    parser = argparse.ArgumentParser(prog="python -m corpus check", description=__doc__)
    parser.add_argument("--facts", type=Path, default=SHARED / "facts", help="the fact base that documents are written from")
    parser.add_argument(
        "--originals", type=Path, default=SHARED / "originals", help="scraped pages that nothing may be copied from"
    )
    options = parser.parse_args(argv)
    problems: list[str] = []
    try:
        glossary = load_glossary()
        collection = load_collection([BUNDLED])
        problems += check_documents(collection)
        problems += check_names(collection.documents, glossary)
        problems += check_lexicon()
        if options.facts.is_dir():
            problems += check_facts(collection.documents, options.facts)
        else:
            print("facts: skipped, the fact base is not beside this checkout")
        if options.originals.is_dir():
            problems += check_copies(collection.documents, options.originals)
        else:
            print("copies: skipped, the originals are not beside this checkout")
    except BadData as error:
        problems.append(str(error))
    for problem in problems:
        print(problem)
    if not problems:
        words = sum(len(d.text.split()) for d in collection.documents)
        print(f"corpus: {len(collection.documents)} documents, {words:,} words, {len(glossary)} glossary terms: no problem found")
    return 1 if problems else 0


def check_documents(collection: Collection) -> Iterator[str]:
    """Front matter, variants, titles, headings, links, length."""
    for skipped in collection.skipped:
        yield f"{skipped.path}: {skipped.reason}"
    ids = {d.id for d in collection.documents}
    versions = Counter(d.variant_of for d in collection.documents)
    for document in collection.documents:
        where = document.path or document.id
        if not document.title or not document.source.title or not document.source.publisher or not document.source.kind:
            yield f"{where}: title, source.title, source.publisher and source.kind must be stated"
        if versions[document.variant_of] != 2:
            yield f"{where}: the document has {versions[document.variant_of] - 1} other language versions, expected one"
        if not document.summary:
            yield f"{where}: a bundled document must say summary = true"
        if not document.facts and not document.rests_on:
            yield f"{where}: the document claims no facts and rests on nothing"
        for other in document.rests_on:
            if other not in ids:
                yield f"{where}: rests_on names {other!r}, which is no document"
        if re.search(r"[\w.+-]+@(?!iom\.int)[\w-]+\.\w+", document.text) or re.search(r"\+\d{3}[ -]?\d{4}", document.text):
            yield f"{where}: a personal e-mail address or telephone number"
        words = len(document.text.split())
        if words < 50 or (words > 2000 and not document.rests_on):
            yield f"{where}: {words} words; expected 50 to 2,000"
        headings = [document.text[b.start : b.end] for b in document.blocks if b.kind == "heading"]
        for heading, count in Counter(headings).items():
            if count > 1:
                yield f"{where}: the heading {heading!r} stands {count} times"
    yield from _check_pairs(collection.documents)


def _check_pairs(documents: Sequence[Document]) -> Iterator[str]:
    """The two versions of a document claim the same facts and say the same numbers."""
    by_variant: dict[str | None, list[Document]] = {}
    for document in documents:
        by_variant.setdefault(document.variant_of, []).append(document)
    for pair in by_variant.values():
        if len(pair) != 2:
            continue
        first, second = pair
        if first.facts != second.facts:
            yield f"{first.id}: the versions claim different facts"
        years = [set(re.findall(r"\b(?:19|20)\d{2}\b", d.text)) for d in pair]
        if years[0] != years[1]:
            yield f"{first.id}: the versions name different years: {', '.join(sorted(years[0] ^ years[1]))}"


def check_facts(documents: Sequence[Document], folder: Path) -> Iterator[str]:
    """Every source of the fact base has its document, and every fact of it is claimed."""
    by_id = {d.id: d for d in documents}
    for path in sorted(folder.glob("*.yaml")):
        facts = tuple(fact["id"] for fact in yaml.safe_load(path.read_text(encoding="utf-8"))["facts"])
        for identifier in (path.stem, f"{path.stem}.es"):
            document = by_id.get(identifier)
            if document is None:
                yield f"{identifier}: the source has no document"
            elif missing := set(facts) - set(document.facts):
                yield f"{identifier}: facts not claimed: {', '.join(sorted(missing))}"


def check_copies(documents: Sequence[Document], originals: Path) -> Iterator[str]:
    """No run of eight words is shared with an original, names and titles aside."""
    names = {word for d in documents for word in _name_words(d)}
    runs: dict[tuple[str, ...], str] = {}
    for path in sorted(originals.glob("*.txt")):
        words = [w.folded for w in find_words(path.read_text(encoding="utf-8"))]
        for at in range(len(words) - _RUN + 1):
            runs[tuple(words[at : at + _RUN])] = path.name
    titles = " ".join(
        word.folded for d in documents for word in find_words(f"{d.source.title} | {d.title} | {d.event.theme or ''}")
    )
    for document in documents:
        words = [w.folded for w in find_words(document.text)]
        at = 0
        while at <= len(words) - _RUN:
            run = tuple(words[at : at + _RUN])
            common = [w for w in run if w not in names]
            if run in runs and len(common) > 3 and " ".join(run) not in titles:
                yield f"{document.id}: shares {' '.join(run)!r} with {runs[run]}"
                at += _RUN
            at += 1


def _name_words(document: Document) -> Iterator[str]:
    for word in find_words(document.text):
        if word.surface[:1].isupper() and word.start > 0 and document.text[word.start - 2 : word.start - 1] not in ".!?:":
            yield word.folded


def check_names(documents: Sequence[Document], glossary: Sequence[Term]) -> Iterator[str]:
    """Capitalised words of Spanish documents carry the accents that the glossary gives them; quoted titles aside."""
    accented: dict[str, str] = {}
    for term in glossary:
        for word in find_words(" | ".join((term.es, *term.abbr_es))):
            accented.setdefault(word.folded, word.surface)
    words = {line.spanish for line in read_lexicon(LEXICON / "words.tsv")}  # "secretaria" is a word beside "secretaría"
    for document in documents:
        if document.lang != "es":
            continue
        quoted = [m.span() for m in re.finditer(r"\"[^\"]*\"|“[^”]*”|«[^»]*»|\([^)]*\)", document.text)]
        for word in find_words(document.text):
            expected = accented.get(word.folded, "")
            plain = word.surface.isascii() and word.surface[:1].isupper() and not word.surface.isupper()
            if expected.isascii() or not plain or word.folded in words or any(a <= word.start < b for a, b in quoted):
                continue
            yield f"{document.id}: {word.surface!r} is spelt {expected!r} in the glossary"


def check_lexicon() -> Iterator[str]:
    """Format, order, duplicates, alphabet, empty senses; that the lexicon is as large as promised, and its forms up to date."""
    headwords: set[str] = set()
    for path in sorted(LEXICON.glob("*.tsv")):
        if path.name in ("weights.tsv", "synonyms.tsv", "expressions.tsv", "irregular.tsv"):
            continue
        before = ""
        seen: set[tuple[str, str]] = set()
        for line in read_lexicon(path):
            if (line.spanish, line.pos) in seen:
                yield f"{path.name}: {line.spanish!r} ({line.pos}) stands twice"
            seen.add((line.spanish, line.pos))
            if line.spanish < before:
                yield f"{path.name}: {line.spanish!r} is out of order; sort the file by code point"
            before = line.spanish
            if not re.fullmatch(r"[a-zA-ZÁÉÍÓÚÜÑáéíóúüñ0-9.,'’/ ºª-]+", line.spanish):
                yield f"{path.name}: {line.spanish!r} has a letter that Spanish lacks"
            if len(set(line.english)) != len(line.english) or len(line.english) > 4:
                yield f"{path.name}: {line.spanish!r} has {len(line.english)} senses, some perhaps twice; expected one to four"
        if path.name != "phrases.tsv":
            headwords |= {spanish for spanish, _ in seen}
    if len(headwords) < _HEADWORDS:
        yield f"lexicon: {len(headwords):,} headwords, expected at least {_HEADWORDS:,}"
    try:
        read_forms(LEXICON)
    except BadData as error:
        yield str(error)
    irregular = list(read_irregular())
    if len({form for _, forms in irregular for form in forms}) < sum(len(forms) for _, forms in irregular):
        yield "irregular.tsv: a form stands under two words"
    thesauri = {"synonyms.tsv": list(read_synonyms()), "expressions.tsv": list(read_expressions()), "irregular.tsv": irregular}
    for name, lines in thesauri.items():
        if [headword for headword, _ in lines] != sorted({headword for headword, _ in lines}):
            yield f"{name}: a headword is out of order or stands twice; sort the file by code point"
        for headword, words in lines:
            if len({headword, *words}) <= len(words):
                yield f"{name}: {headword!r} names a word twice"
