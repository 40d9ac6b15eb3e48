from pathlib import Path

import pytest

from corpus import checking
from corpus.errors import BadData
from corpus.glossary import Term, load_glossary
from corpus.loading import BUNDLED, Collection, load_collection

WORDS = "The member countries met for three days in Panama in 1996 and agreed on a plan of work. "
HEAD = """+++
id = "{id}"
title = "{title}"
lang = "{lang}"
variant_of = "meeting"
summary = true
facts = ["f1"]
[source]
title = "Title of the source"
publisher = "Example Ministry"
kind = "report"
+++

"""


def write(folder: Path, name: str = "meeting", lang: str = "en", body: str = WORDS * 5, change: str = "", to: str = "") -> None:
    text = HEAD.format(id=name, title=f"Meeting {lang}", lang=lang) + body + "\n"
    assert change in text
    (folder / f"{name}.md").write_text(text.replace(change, to) if change else text)


def problems(folder: Path) -> list[str]:
    return list(checking.check_documents(load_collection([folder])))


def test_a_pair_of_good_documents_has_no_problem(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, "meeting.es", "es")
    assert problems(tmp_path) == []


@pytest.mark.parametrize(
    "change, to, said",
    [
        ('publisher = "Example Ministry"\n', "", "source.publisher"),
        ('kind = "report"\n', "", "source.kind"),
        ("summary = true\n", "", "summary = true"),
        ('facts = ["f1"]\n', "", "claims no facts"),
        ('facts = ["f1"]', 'rests_on = ["nowhere"]\nfacts = ["f1"]', "'nowhere', which is no document"),
        ('facts = ["f1"]', 'facts = ["f2"]', "different facts"),
        ("1996", "1997", "different years: 1996, 1997"),
        ("three days", "three days (ana@example.org)", "personal e-mail"),
        ("three days", "three days (+506 2222-3333)", "telephone"),
        ('title = "Meeting en"\n', 'titel = "x"\n', "titel"),
        ('variant_of = "meeting"\n', 'variant_of = "other"\n', "other language versions"),
        ("\n\nThe member", "\n\n## Twice\n\nSome text.\n\n## Twice\n\nThe member", "'Twice' stands 2 times"),
    ],
)
def test_a_bad_document_is_named_with_what_is_wrong(tmp_path: Path, change: str, to: str, said: str) -> None:
    write(tmp_path, change=change, to=to)
    write(tmp_path, "meeting.es", "es")
    found = problems(tmp_path)
    assert any(said in problem for problem in found), found
    assert all(problem.startswith(("meeting", "other")) for problem in found)


@pytest.mark.parametrize("body, count", [("Too short a text.", "4 words"), (WORDS * 120, "2160 words")])
def test_a_document_of_the_wrong_length_is_named(tmp_path: Path, body: str, count: str) -> None:
    write(tmp_path, body=body)
    write(tmp_path, "meeting.es", "es", body=body)
    assert [p for p in problems(tmp_path) if count in p.replace(",", "")] != []


def test_a_fact_that_no_document_claims_is_named(tmp_path: Path) -> None:
    folder, facts = tmp_path / "documents", tmp_path / "facts"
    folder.mkdir()
    facts.mkdir()
    write(folder)
    (facts / "meeting.yaml").write_text("facts:\n- id: f1\n- id: f2\n")
    found = list(checking.check_facts(load_collection([folder]).documents, facts))
    assert found == ["meeting: facts not claimed: f2", "meeting.es: the source has no document"]


def test_a_run_of_eight_words_of_an_original_is_named(tmp_path: Path) -> None:
    folder, originals = tmp_path / "documents", tmp_path / "originals"
    folder.mkdir()
    originals.mkdir()
    write(folder)
    (originals / "page.txt").write_text("It says that countries met for three days in panama in 1996 and agreed to go home.")
    found = next(checking.check_copies(load_collection([folder]).documents, originals))
    assert found.startswith("meeting: shares 'countries met for three days in") and "page.txt" in found
    (originals / "page.txt").write_text("Countries met for three days at a place and agreed to go home.")
    assert list(checking.check_copies(load_collection([folder]).documents, originals)) == []


def test_a_spanish_name_without_its_accent_is_named(tmp_path: Path) -> None:
    write(tmp_path, "meeting.es", "es", body="Los países se reunieron en la ciudad de Panama y luego en Panamá. " * 6)
    found = list(checking.check_names(load_collection([tmp_path]).documents, (Term("Panama", "Panamá"),)))
    assert found and all(problem == "meeting.es: 'Panama' is spelt 'Panamá' in the glossary" for problem in found)


@pytest.mark.parametrize(
    "lines, said",
    [
        ("casa\tn\thouse\ncasa\tn\thome\n", "'casa' (n) stands twice"),
        ("luz\tn\tlight\ncasa\tn\thouse\n", "'casa' is out of order"),
        ("caßa\tn\thouse\n", "a letter that Spanish lacks"),
        ("casa\tn\ta; b; c; d; e\n", "5 senses"),
        ("casa\tn\ta; a\n", "some perhaps twice"),
    ],
)
def test_a_bad_line_of_the_lexicon_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: str, said: str) -> None:
    (tmp_path / "words.tsv").write_text(lines)
    monkeypatch.setattr(checking, "LEXICON", tmp_path)
    found = list(checking.check_lexicon())
    assert any(said in problem and problem.startswith("words.tsv") for problem in found), found
    assert any("headwords, expected at least" in problem for problem in found)


@pytest.mark.parametrize(
    "text, said",
    [
        ('[[term]]\nen = "a"\nes = "b"\ncolour = "red"\n', "term 1 has the unknown key 'colour'"),
        ('[[term]]\nen = "a"\n', "term 1 lacks its name in one language"),
        ("[[term]\n", "does not parse"),
    ],
)
def test_a_bad_entry_of_the_glossary_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "glossary.toml"
    path.write_text(text)
    with pytest.raises(BadData, match=said):
        load_glossary.__wrapped__(path)


@pytest.fixture(scope="module")
def bundled() -> Collection:
    return load_collection([BUNDLED])


def test_the_bundled_collection_has_no_problem(bundled: Collection) -> None:
    glossary = load_glossary()
    assert list(checking.check_documents(bundled)) == []
    assert list(checking.check_names(bundled.documents, glossary)) == []
    assert len(bundled.documents) >= 10
    assert {d.lang for d in bundled.documents} == {"en", "es"}


def test_the_command_prints_each_problem_and_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path)
    monkeypatch.setattr(checking, "BUNDLED", tmp_path)
    arguments = ["--facts", str(tmp_path / "none"), "--originals", str(tmp_path / "none")]
    assert checking.main(arguments) == 1
    out = capsys.readouterr().out
    assert "meeting.md: the document has 0 other language versions, expected one" in out
    assert "facts: skipped" in out and "copies: skipped" in out


def test_a_malformed_glossary_is_a_problem_and_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise BadData("glossary.toml does not parse: line 3")

    monkeypatch.setattr(checking, "load_glossary", broken)
    assert checking.main([]) == 1
    assert capsys.readouterr().out == "glossary.toml does not parse: line 3\n"
