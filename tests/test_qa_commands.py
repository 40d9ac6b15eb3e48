import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from corpus.loading import load_collection
from index.errors import BuildRefused
from index.generations import Home
from index.manifest import read_manifest
from index.searching import Index
from qa.cli import COMMANDS, main
from qa.library import foretell
from qa.settings import Settings
from qa.timing import STAGES
from tests.conftest import TINY_DOCUMENTS, WordEmbedder, write_documents

QUESTION = "When and where was the RCM created?"


class Ran:
    """What a command printed and the status that it ended with."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err


@pytest.fixture(autouse=True)
def somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working folder, and the fake model wherever a command would load the real one."""
    folder = tmp_path / "cwd"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr("qa.live.open_embedder", lambda folder: WordEmbedder())
    monkeypatch.setattr("index.searching.open_embedder", lambda folder: WordEmbedder())
    monkeypatch.setattr("index.building.make_graph", lambda *arguments, **options: WordEmbedder())


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    def call(*arguments: object) -> Ran:
        capsys.readouterr()
        if "qa.commands.manage" in sys.modules:
            monkeypatch.setattr("qa.commands.manage.open_embedder", lambda folder: WordEmbedder())
        status = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Ran(status, printed.out, printed.err)

    return call


@pytest.fixture
def home(tiny_home: Home) -> str:
    return str(tiny_home.path)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_documents(tmp_path / "corpus", TINY_DOCUMENTS)


def refused(ran: Ran, *said: str, status: int = 2) -> None:
    assert ran.status == status, ran.err
    assert ran.out == ""
    assert ran.err.count("\n") == 1 and ran.err.startswith("rcm-qa")
    assert "Traceback" not in ran.err
    for words in said:
        assert words in ran.err


def test_without_a_command_the_commands_are_listed(run) -> None:
    for arguments, status in (((), 2), (("--help",), 0), (("help",), 0)):
        ran = run(*arguments)
        assert ran.status == status
        assert all(name in ran.out for name in COMMANDS)


def test_an_unknown_command_is_named(run) -> None:
    refused(run("aks", "x"), "'aks'", "ask")


@pytest.mark.parametrize(
    "name", ["build", "add", "remove", "ask", "serve", "mcp", "rollback", "verify", "cite", "documents", "info", "doctor"]
)
def test_every_command_tells_its_options(run, name: str) -> None:
    ran = run(name, "--help")
    assert ran.status == 0 and f"rcm-qa {name}" in ran.out and "--home" in ran.out and ran.err == ""


def test_the_version_is_told(run) -> None:
    assert run("--version").out.startswith("rcm-qa ")


def test_a_question_is_answered_in_the_terminal(run, home: str) -> None:
    ran = run("ask", QUESTION, "--home", home)
    assert ran.status == 0 and ran.err == ""
    assert "confidence" in ran.out.splitlines()[0]
    assert "\x1b" not in ran.out
    assert "[1] " in ran.out and "Example Ministry (14 March 1996)" in ran.out


def test_the_answering_words_are_marked_in_their_passage(run, home: str) -> None:
    found = json.loads(run("ask", QUESTION, "--json", "--home", home).out)
    ran = run("ask", QUESTION, "--home", home)
    first = ran.out.partition("\n[1] ")[2].partition("\n[2] ")[0]
    marked = [part.split("«")[0] for part in first.split("»")[1:]]
    assert " ".join(marked) == found["answer"]["text"]


ANSWER_KEYS = {"question", "status", "confidence", "answer", "passages", "suggestions", "facets", "index", "took_ms"}
PASSAGE_KEYS = {
    "rank", "citation", "id", "lang", "document", "section", "page", "text", "start", "end", "highlights", "links", "explain",
}  # fmt: skip


def test_the_answer_object_has_the_keys_of_the_contract(run, home: str) -> None:
    answer = json.loads(run("ask", "¿Cuándo y dónde fue creada la CRM?", "--json", "--home", home).out)
    assert set(answer) >= ANSWER_KEYS
    assert set(answer["question"]) == {"text", "lang", "interpreted_as", "filters"}
    assert answer["status"] in ("answered", "related", "not_found")
    assert set(answer["confidence"]) == {"level", "p", "reason"}
    assert set(answer["answer"]) == {"text", "lang", "citations"}
    assert set(answer["index"]) == {"generation", "built_at", "model", "documents", "passages", "stale", "degraded"}
    assert set(answer["took_ms"]) >= {"understand", "embed", "dense", "lexical", "fuse", "extract", "total"}
    for passage in answer["passages"]:
        assert set(passage) == PASSAGE_KEYS
        assert set(passage["document"]) == {"id", "title", "publisher", "published", "lang", "url", "kind", "sha256", "variants"}
        assert set(passage["links"]) == {"viewer", "original", "cite"}
        assert set(passage["explain"]) >= {"dense_rank", "lexical_rank", "fused_rank", "matched_terms", "score"}


def test_an_answer_of_not_found_is_no_failure(run, home: str) -> None:
    ran = run("ask", QUESTION, "--filter", "document=nowhere", "--json", "--home", home)
    assert ran.status == 0
    assert json.loads(ran.out)["status"] == "not_found"


@pytest.mark.parametrize(
    "text, begins", [(QUESTION, "Nothing found with these filters"), ("¿Qué es la CRM?", "Nada encontrado con")]
)
def test_what_filters_leave_out_is_not_said_to_be_missing_from_the_collection(run, home: str, text: str, begins: str) -> None:
    ran = run("ask", text, "--filter", "kind=memo", "--home", home)
    assert ran.status == 0 and ran.out.startswith(begins)
    assert "“memo”" in ran.out or "«memo»" in ran.out


def test_filters_language_history_and_number_of_passages_are_heeded(run, home: str) -> None:
    answer = json.loads(
        run("ask", QUESTION, "-k", 1, "--filter", "lang=es", "--filter", "year=1996", "--json", "--home", home).out
    )
    assert answer["question"]["filters"] == {"lang": "es", "year_from": 1996, "year_to": 1996}
    assert len(answer["passages"]) <= 1 and all(p["lang"] == "es" for p in answer["passages"])
    assert json.loads(run("ask", "RCM", "--lang", "es", "--json", "--home", home).out)["question"]["lang"] == "es"
    followed = json.loads(run("ask", "and when?", "--history", "Where was the RCM created?", "--json", "--home", home).out)
    assert followed["question"]["interpreted_as"] == "When was the RCM created?"


@pytest.mark.parametrize(
    "arguments, said",
    [
        ([], ("no question",)),
        ([""], ("is empty",)),
        (["?!"], ("is empty",)),
        (["x" * 1001], ("1,001 characters",)),
        ([QUESTION, "-k", "0"], ("-k", "greater than or equal to 1")),
        (["--batch", "x.jsonl", "--output", "y", "-k", "51"], ("-k", "less than or equal to 50")),
        ([QUESTION, "-k", "many"], ("-k", "integer")),
        ([QUESTION, "--lang", "fr"], ("'fr'", "en or es")),
        ([QUESTION, "--filter", "colour=red"], ("colour=red", "fields: lang")),
        ([QUESTION, "--filter", "year=soon"], ("year is 'soon'", "valid integer")),
        ([QUESTION, "--filter", "lang=fr"], ("lang='fr'", "en or es")),
        ([QUESTION, "--filter", "year_from=-5"], ("year_from=-5", "such as 2014")),
        ([QUESTION, "--filter", "lang"], ("'lang'",)),
        ([QUESTION, "--filter", "year_from=2014", "--filter", "year_to=2010"], ("2014", "2010")),
        ([QUESTION, "--bogus"], ("--bogus",)),
        ([QUESTION, "another"], ("another",)),
        (["--batch", "x.jsonl"], ("--output",)),
        ([QUESTION, "--batch", "x.jsonl", "--output", "y"], ("no question beside",)),
        (["--batch", "x.jsonl", "--output", "y", "--lang", "es"], ("each line of the file has its own lang",)),
        (["--batch", "nowhere.jsonl", "--output", "y.jsonl"], ("nowhere.jsonl cannot be read",)),
    ],
)
def test_a_mistake_in_asking_is_one_line_and_status_two(run, home: str, arguments: list[str], said: tuple[str, ...]) -> None:
    refused(run("ask", *arguments, "--home", home), "rcm-qa ask: ", *said)


def test_a_table_of_commands_without_one_is_listed_line_by_line(run) -> None:
    ran = run("eval")
    assert ran.status == 2
    assert "\nCommands:\n" in ran.err


COMMANDS_ON_AN_INDEX = [
    ["ask", QUESTION], ["verify", "some words"], ["cite", "a:1-2"], ["documents"], ["info"], ["rollback"],
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS_ON_AN_INDEX, ids=lambda c: c[0])
def test_without_an_index_every_command_says_what_to_do(run, tmp_path: Path, command: list[str]) -> None:
    ran = run(*command, "--home", tmp_path / "nowhere")
    refused(ran, status=1)
    assert "rcm-qa build" in ran.err or "no previous generation" in ran.err


@pytest.mark.parametrize("command", [*COMMANDS_ON_AN_INDEX, ["doctor"], ["build"]], ids=lambda c: c[0])
def test_an_unknown_setting_stops_every_command(run, home: str, monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    monkeypatch.setenv("RCM_QA_COLOUR", "red")
    refused(run(*command, "--home", home), "'colour'", "RCM_QA_COLOUR")


def test_a_batch_keeps_the_order_and_goes_on_after_bad_lines(run, home: str, tmp_path: Path) -> None:
    lines = [
        json.dumps({"id": "a", "question": QUESTION}),
        "",
        "{not json",
        json.dumps({"id": 7, "question": ""}),
        json.dumps(["no object"]),
        json.dumps({"id": "b", "question": "and when?", "history": ["Where was the RCM created?"], "lang": "en"}),
        json.dumps({"id": "c", "question": "RCM", "colour": 1}),
        json.dumps({"id": "d", "question": 5}),
        json.dumps({"id": "e", "question": "RCM", "filters": {"year": 1996}}),
        json.dumps({"id": "f", "question": "RCM", "filters": {"year": "soon"}}),
        json.dumps({"id": "g", "question": "RCM", "filters": [1]}),
        json.dumps({"id": "h", "question": "RCM", "lang": "fr"}),
        json.dumps({"id": "i", "question": "RCM", "lang": 5}),
        json.dumps({"id": "j", "question": "RCM", "filters": {"year": 10**30}}),
        "[" * 100_000,
        json.dumps({"id": "z", "question": "¿Dónde fue creada la CRM?"}),
    ]
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes("\n".join(lines).encode() + b"\n\xff\xfe\n")
    ran = run("ask", "--batch", source, "--output", target, "-k", 2, "--home", home)
    assert (ran.status, ran.err) == (0, "")
    found = [json.loads(line) for line in target.read_text().splitlines()]
    assert [item["id"] for item in found] == ["a", None, 7, None, "b", "c", "d", "e", "f", "g", "h", "i", "j", None, "z", None]
    answered = [item["id"] for item in found if "result" in item]
    assert [i for i in answered if i != "j"] == ["a", "b", "e", "z"]
    for item in found:
        assert set(item) in ({"id", "result"}, {"id", "error"})
        if "result" in item:
            assert set(item["result"]) >= ANSWER_KEYS and len(item["result"]["passages"]) <= 2
        else:
            assert item["error"]["detail"]
    assert "line 3" in found[1]["error"]["detail"]
    assert "'colour'" in found[5]["error"]["detail"]
    assert not list(tmp_path.glob(".*new"))


@pytest.mark.parametrize(
    "line, said",
    [
        (b'{"id": 1, "question": "Qu\xff es la CRM?"}', "not JSON in UTF-8"),
        (b'{"id": "\\ud800", "question": "RCM"}', "not JSON in UTF-8"),
        (b'{"id": 1}', "question is missing"),
        (b'{"id": 1.5, "question": "RCM"}', "id.str is '1.5'"),
        (b'{"id": 1, "question": "RCM", "history": ""}', "history is ''"),
        (b'{"id": 1, "question": "RCM", "filters": []}', "filters is '[]': input should be an object"),
        (b'{"id": 1, "question": "RCM", "filters": {"kind": ["a"]}}', "filters.kind is"),
        (b'{"id": 1, "question": "RCM", "filters": {"colour": "red"}}', "'filters.colour' is no known key"),
        (b'{"id": 1, "question": "RCM", "filters": {"lang": "fr"}}', "lang='fr' is no language"),
    ],
)
def test_a_bad_line_of_a_batch_is_told_and_the_next_is_answered(run, home: str, tmp_path: Path, line: bytes, said: str) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    good = {"id": "good", "question": QUESTION, "lang": None, "filters": {"lang": None, "year": 1996}}
    source.write_bytes(line + b"\r\n" + json.dumps(good).encode() + b"\r\n")
    assert run("ask", "--batch", source, "--output", target, "--home", home).status == 0
    bad, answered = (json.loads(line) for line in target.read_text().splitlines())
    assert said in bad["error"]["detail"]
    assert answered["result"]["question"]["filters"] == {"year_from": 1996, "year_to": 1996}


def test_a_batch_is_read_from_a_pipe_and_its_first_line_may_have_a_mark(run, home: str, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"\xef\xbb\xbf" + json.dumps({"id": 1, "question": QUESTION}).encode())
    os.close(writing)
    ran = run("ask", "--batch", f"/dev/fd/{reading}", "--output", tmp_path / "out.jsonl", "--home", home)
    os.close(reading)
    assert (ran.status, ran.err) == (0, "")
    result = json.loads((tmp_path / "out.jsonl").read_text())["result"]
    assert set(result["took_ms"]) == {*STAGES, "total"} and result["took_ms"]["total"] > 0


def test_a_batch_that_cannot_be_written_is_told(run, home: str, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text(json.dumps({"id": 1, "question": QUESTION}) + "\n")
    refused(run("ask", "--batch", source, "--output", tmp_path / "no" / "out.jsonl", "--home", home), "cannot be written")


def test_quotations_are_verified(run, home: str) -> None:
    words = "Its subject was migration and the family."
    ran = run("verify", words, "--home", home)
    assert ran.status == 0 and ran.out.startswith("exact  tapachula:")
    assert run("verify", words, "--document", "managua", "--home", home).out.startswith("exact elsewhere  tapachula:")
    changed = run("verify", words.replace("the family", "families"), "--home", home).out
    assert changed.startswith("changed since") and f"now: {words}"[:20] in changed
    assert run("verify", "green cheese is what it is made of", "--home", home).out.startswith("not found")
    assert json.loads(run("verify", words, "--json", "--home", home).out)["verdict"] == "exact"


def test_an_answer_that_was_kept_is_verified(run, home: str, tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    path.write_text(run("ask", QUESTION, "--json", "--home", home).out)
    ran = run("verify", "--file", path, "--home", home)
    assert ran.status == 0
    assert all(line.startswith("exact ") for line in ran.out.splitlines() if not line.startswith(" "))


@pytest.mark.parametrize(
    "arguments, said",
    [
        ([], "--file ANSWER.json"),
        (["words", "--file", "x"], "--file ANSWER.json"),
        ([""], "is empty"),
        (["some words", "--document", "nowhere"], "'nowhere'"),
        (["--file", "nowhere.json"], "nowhere.json cannot be read"),
        (["--file", "bad.json"], "is not JSON"),
        (["--file", "other.json"], "no ANSWER object"),
        (["--file", "latin.json"], "is not JSON"),
        (["--file", "deep.json"], "nested too deeply"),
    ],
)
def test_a_mistake_in_verifying_is_one_line_and_status_two(run, home: str, arguments: list[str], said: str) -> None:
    Path("bad.json").write_text("{")
    Path("other.json").write_text("[1]")
    Path("latin.json").write_bytes(b'"\xff"')
    Path("deep.json").write_text("[" * 200_000)
    refused(run("verify", *arguments, "--home", home), said)


@pytest.mark.parametrize(
    "style, begins",
    [("text", "Example Ministry"), ("markdown", "Example Ministry"), ("bibtex", "@"), ("ris", "TY  - "), ("csl-json", "[")],
)
def test_a_passage_is_cited_in_every_style(run, home: str, style: str, begins: str) -> None:
    ran = run("cite", "puebla:0-10", "--style", style, "--home", home)
    assert ran.status == 0 and ran.out.startswith(begins)
    assert "moved" in ran.err
    if style == "csl-json":
        json.loads(ran.out)


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["puebla"], "not a passage id"),
        (["nowhere:0-5"], "'nowhere'"),
        (["puebla:90000-90001"], "no passage at"),
        (["puebla:0-10", "--style", "apa"], "'apa'"),
        (["\udcff:0-5"], r"'\udcff' is no character"),
        ([], "passage"),
    ],
)
def test_a_mistake_in_citing_is_one_line_and_status_two(run, home: str, arguments: list[str], said: str) -> None:
    ran = run("cite", *arguments, "--home", home)
    refused(ran)
    assert said.lower() in ran.err.lower()


def test_half_a_surrogate_pair_is_refused_and_printed_as_an_escape(run, home: str) -> None:
    refused(run("verify", "\udcff abc", "--home", home), "half a surrogate pair")
    ran = run("ask", "the RCM \udcff", "--home", home)
    assert ran.status == 0 and "\udcff" not in ran.out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_output_that_cannot_be_written_is_one_line_and_status_one(home: str) -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "qa.cli", "documents", "--home", home],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        )
    assert (ran.returncode, ran.stderr) == (1, "rcm-qa documents: No space left on device\n")


def test_the_documents_are_listed(run, home: str) -> None:
    ran = run("documents", "--home", home)
    assert [line.split("  ")[0] for line in ran.out.splitlines()] == ["managua", "puebla", "puebla.es", "tapachula"]
    assert "[en, 2010-05]" in ran.out
    records = [json.loads(line) for line in run("documents", "--json", "--home", home).out.splitlines()]
    assert [r["id"] for r in records] == ["managua", "puebla", "puebla.es", "tapachula"]
    assert records[1]["publisher"] == "Example Ministry" and records[1]["year"] == 1996


def test_the_index_says_what_it_is(run, home: str, tiny_home: Home) -> None:
    ran = run("info", "--home", home)
    assert ran.status == 0 and str(tiny_home.live_name()) in ran.out and "4, 1996-2014" in ran.out
    assert json.loads(run("info", "--json", "--home", home).out) == json.loads(
        read_manifest(tiny_home.live_folder()).model_dump_json()
    )


def test_the_doctor_finds_a_good_index_good(run, home: str) -> None:
    run("info", "--home", home)  # loads the module, so that the fake model is in place
    ran = run("doctor", "--home", home)
    assert ran.status == 0, ran.out
    assert all(line.startswith("ok ") for line in ran.out.splitlines())
    assert len(ran.out.splitlines()) >= 6


def test_the_doctor_of_nothing_says_what_is_wrong(run, tmp_path: Path) -> None:
    ran = run("doctor", "--home", tmp_path / "nowhere")
    assert ran.status == 1 and ran.err == ""
    assert "wrong  index: there is no index" in ran.out and "ok     language data" in ran.out


@pytest.mark.usefixtures("small_lexicon")
class TestCommandsThatBuild:
    def test_building_reports_what_it_did(self, run, tmp_path: Path, corpus: Path) -> None:
        (corpus / "broken.pdf").write_bytes(b"%PDF nothing")
        (corpus / "menu.txt").write_text(
            "Home\nNews\nContact\nAbout us\n\nThe members met in Panama for three days and agreed on much.\n"
        )
        ran = run("build", "--corpus", corpus, "--home", tmp_path / "home")
        assert ran.status == 0
        assert "is live" in ran.out and "5 read, 1 skipped" in ran.out
        assert "skipped    broken.pdf: the PDF is damaged" in ran.out
        assert "4 menu" in ran.out and "seconds " in ran.out
        assert "\x1b" not in ran.err and "embedding ..." in ran.err
        again = run("build", "--corpus", corpus, "--home", tmp_path / "home")
        assert again.status == 0 and "Nothing changed" in again.out
        assert "skipped    broken.pdf" in again.out
        assert run("build", "--corpus", corpus, "--home", tmp_path / "home", "--force", "--quiet").out == ""

    def test_two_corpora_are_built_together(self, run, tmp_path: Path, corpus: Path) -> None:
        other = write_documents(tmp_path / "other", {"x.txt": "A single document about visas of the region."})
        ran = run("build", "--corpus", corpus, "--corpus", other, "--home", tmp_path / "home")
        assert "5 read" in ran.out

    @pytest.mark.parametrize(
        "arguments, said, status",
        [
            (["--corpus", "nowhere"], "nowhere does not exist", 2),
            (["--corpus", "empty"], "no document could be read", 1),
            (["--corpus", "good", "--model", "no-such-model"], "'no-such-model' is not on this machine", 1),
            (["--corpus", "good", "--home", "file/home"], "cannot be made", 1),
        ],
    )
    def test_a_build_that_cannot_be_is_one_line(self, run, arguments: list[str], said: str, status: int) -> None:
        Path("empty").mkdir()
        Path("file").write_text("x")
        write_documents(Path("good"), {"x.txt": "A single document about visas of the region."})
        ran = run("build", "--quiet", *arguments)
        refused(ran, said, status=status)

    def test_a_build_during_another_is_refused(self, run, tmp_path: Path, corpus: Path) -> None:
        home = Home(tmp_path / "home")
        with home.build_lock():
            refused(run("build", "--quiet", "--corpus", corpus, "--home", home.path), "another build", status=1)

    def test_the_last_document_can_be_removed(self, run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "none").mkdir()
        monkeypatch.setenv("RCM_QA_CORPUS", str(tmp_path / "none"))
        home = Home(tmp_path / "home")
        (tmp_path / "visas.txt").write_text("A single document about visas of the region.")
        refused(run("remove", "visas", "--home", home.path), "there is no library")
        assert not home.path.exists()
        run("add", tmp_path / "visas.txt", "--home", home.path)
        ran = run("remove", "visas", "--home", home.path)
        assert (ran.status, ran.out) == (0, "no document is left; there is no index until you add one\nremoved visas.txt\n")
        assert home.live_name() is None
        left = [path for path in home.path.rglob("*") if path.is_file() and path.name != ".build.lock"]
        assert left == []

    def test_going_back(self, run, tmp_path: Path, corpus: Path) -> None:
        home = Home(tmp_path / "home")
        run("build", "--corpus", corpus, "--home", home.path)
        first = home.live_name()
        refused(run("rollback", "--home", home.path), "no previous generation", status=1)
        run("build", "--corpus", corpus, "--home", home.path, "--force")
        with home.build_lock():
            refused(run("rollback", "--home", home.path), "another build", status=1)
        ran = run("rollback", "--home", home.path)
        assert ran.status == 0 and str(first) in ran.out and home.live_name() == first

    def test_a_citation_of_words_that_were_changed_since_tells_them(self, run, tmp_path: Path, corpus: Path) -> None:
        for year in ("2014", "2015"):
            (corpus / "managua.md").write_text(
                TINY_DOCUMENTS["managua.md"].replace("Nicaragua, in 2014", f"Nicaragua, in {year}")
            )
            run("build", "--quiet", "--corpus", corpus, "--home", tmp_path / "home")
        with Index(Home(tmp_path / "home").live_folder(), None) as index:
            [(_, passage)] = index.store.passages_of("managua")
        ran = run("cite", passage.id, "--home", tmp_path / "home")
        assert ran.status == 0 and ran.err.startswith("the passage was changed; it said: The XIX Annual Meeting")
        assert "Nicaragua, in 2014" in ran.err

    def test_documents_are_added_and_removed(self, run, tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RCM_QA_CORPUS", str(corpus))
        home = tmp_path / "home"
        mine = write_documents(tmp_path / "mine", {"visas.txt": "Zyzzyva visas are issued in three days by the consulates."})
        (mine / "visas.txt.meta.toml").write_text('title = "About visas"\n')
        folder = write_documents(tmp_path / "folder" / "deep", {"camps.md": "Camps of refugees stand near the border."}).parent
        ran = run("add", mine / "visas.txt", folder, "--home", home)
        assert ran.status == 0 and "added visas.txt" in ran.out and "added camps.md" in ran.out and "6 read" in ran.out
        listed = run("documents", "--home", home).out
        assert "About visas" in listed and "camps" in listed
        ran = run("remove", "visas", "folder-deep-camps", "--home", home)
        assert ran.status == 0 and "removed visas.txt" in ran.out and "4 read" in ran.out
        assert list((home / "library").iterdir()) == []
        assert not [p for p in home.rglob("*") if p.is_file() and b"zyzzyv" in p.read_bytes().lower()]

    def test_adding_a_document_again_replaces_it(
        self, run, tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RCM_QA_CORPUS", str(corpus))
        path = tmp_path / "visas.txt"
        for words in ("three days", "four weeks"):
            path.write_text(f"Visas are issued in {words} by the consulates of the region.")
            assert run("add", path, "--home", tmp_path / "home").status == 0
        assert run("verify", "Visas are issued in four weeks", "--home", tmp_path / "home").out.startswith("exact")
        assert not run("verify", "Visas are issued in three days", "--home", tmp_path / "home").out.startswith("exact")

        for words, said in (("four weeks", "added"), ("five months", "replaced")):
            path.write_text(f"Visas are issued in {words} by the consulates of the region.")
            assert run("add", path, "--home", tmp_path / "home").out.startswith(f"{said} visas.txt")

    def test_two_files_for_one_place_are_refused_before_anything_is_put_in(self, run, tmp_path: Path) -> None:
        for folder in ("a", "b"):
            write_documents(Path(folder), {"report.md": f"Trout of lake {folder} are caught in spring."})
        refused(
            run("add", "a/report.md", "b/report.md", "--home", tmp_path / "home"), "a/report.md and b/report.md would both be"
        )
        assert list((tmp_path / "home" / "library").iterdir()) == []

    @pytest.mark.parametrize("where", [".", "..", "../inner", "../outer/../inner"])
    def test_what_is_added_stays_inside_the_library(
        self, run, tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch, where: str
    ) -> None:
        monkeypatch.setenv("RCM_QA_CORPUS", str(corpus))
        inner = write_documents(tmp_path / "outer" / "inner", {"camps.md": "Camps of refugees stand near the border."})
        (tmp_path / "outer" / "outer").mkdir()
        monkeypatch.chdir(inner)
        home = tmp_path / "home"
        assert run("add", where, "--home", home).status == 0
        assert [p.relative_to(home).parts[0] for p in home.rglob("*.md")] == ["library"]
        assert "camps" in run("documents", "--home", home).out

    def test_a_document_is_removed_by_the_id_that_is_listed_and_by_no_other(
        self, run, tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RCM_QA_CORPUS", str(corpus))
        home = tmp_path / "home"
        run("add", write_documents(tmp_path / "mine", {"puebla.md": "Camps of refugees stand near the border."}), "--home", home)
        assert "mine-puebla" in run("documents", "--home", home).out
        refused(run("remove", "puebla", "--home", home), "no document 'puebla' in your library")
        assert (home / "library" / "mine" / "puebla.md").is_file()
        assert "removed puebla.md" in run("remove", "mine-puebla", "--home", home).out
        assert "mine-puebla" not in run("documents", "--home", home).out

    def test_a_removal_that_fails_takes_nothing_out_and_can_be_repeated(
        self, run, tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RCM_QA_CORPUS", str(corpus))
        home = Home(tmp_path / "home")
        run(
            "add",
            write_documents(tmp_path / "mine", {"camps.md": "Camps stand near the border."}) / "camps.md",
            "--home",
            home.path,
        )
        with home.build_lock():
            refused(run("remove", "camps", "--home", home.path), "another build", status=1)
            refused(run("add", corpus / "puebla.md", "--home", home.path), "another build", status=1)
        with monkeypatch.context() as patch:
            patch.setattr("qa.commands.build.build_generation", lambda *a, **k: (_ for _ in ()).throw(BuildRefused("no room")))
            refused(run("remove", "camps", "--home", home.path), "no room", status=1)
        assert [p.name for p in home.library.iterdir()] == ["camps.md"]
        assert run("remove", "camps", "--home", home.path).status == 0
        assert list(home.library.iterdir()) == []
        refused(run("rollback", "--home", home.path), "no previous generation", status=1)

    def test_a_file_that_could_not_be_read_is_removed_by_its_name(
        self, run, tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RCM_QA_CORPUS", str(corpus))
        Path("rand.pdf").write_bytes(b"nothing of the sort")
        assert "skipped    rand.pdf" in run("add", "rand.pdf", "--home", tmp_path / "home").out
        ran = run("remove", "rand.pdf", "--home", tmp_path / "home")
        assert ran.status == 0 and "removed rand.pdf" in ran.out and "skipped " not in ran.out
        refused(run("remove", "../live", "--home", tmp_path / "home"), "no document '../live'")

    def test_a_build_says_first_what_it_takes_from_the_live_index(self, run, tmp_path: Path, corpus: Path) -> None:
        home = Home(tmp_path / "home")
        other = write_documents(tmp_path / "other", {"camps.md": "Camps of refugees stand near the border."})
        assert "no longer" not in run("build", "--corpus", corpus, "--home", home.path).err
        said = run("build", "--corpus", other, "--home", home.path).err.partition("\n")[0]
        assert "no longer in the index after this build: managua, puebla, puebla.es and 1 more" in said
        assert str(other) in said and "rcm-qa.toml" in said
        (said,) = foretell(Settings(home=home.path, model="other"), home, load_collection([other]))
        assert "the model all-MiniLM-L6-v2, this one is with other" in said

    @pytest.mark.parametrize(
        "arguments, said",
        [
            (["add", "nowhere.txt"], "nowhere.txt does not exist"),
            (["add", "picture.png"], "holds no document"),
            (["add"], "paths"),
            (["remove", "managua"], "there is no library in"),
            (["remove"], "document_ids"),
        ],
    )
    def test_a_mistake_with_the_library_is_one_line_and_status_two(
        self, run, tmp_path: Path, arguments: list[str], said: str
    ) -> None:
        Path("picture.png").write_bytes(b"\x89PNG")
        ran = run(*arguments, "--home", tmp_path / "home")
        refused(ran)
        assert said in ran.err.lower()

    @pytest.mark.parametrize("how", ["gone", "empty", "half", "byte"])
    @pytest.mark.slow
    def test_the_doctor_names_the_damaged_file_and_no_command_breaks_on_it(
        self, run, tmp_path: Path, corpus: Path, how: str
    ) -> None:
        home = Home(tmp_path / "home")
        run("build", "--quiet", "--corpus", corpus, "--home", home.path)
        run("info", "--home", home.path)
        folder = home.live_folder()
        for name in (*read_manifest(folder).files, "manifest.json"):
            path = folder / name
            good = path.read_bytes()
            if not good:
                continue
            middle = len(good) // 2
            if how == "gone":
                path.unlink()
            else:
                flipped = bytes([good[middle] ^ 0xFF])
                path.write_bytes({"empty": b"", "half": good[:middle], "byte": good[:middle] + flipped + good[middle + 1 :]}[how])
            ran = run("doctor", "--home", home.path)
            assert ran.status == 1 and "Traceback" not in ran.err, name
            assert "wrong  " in ran.out and name in ran.out, (name, ran.out)
            if how != "byte":
                ran = run("ask", "Who coordinatd the xyzzyq in 2010?", "--home", home.path)
                assert ran.status in (0, 1) and ran.err.count("\n") <= 1, name
            path.write_bytes(good)


@pytest.mark.model
def test_the_bundled_index_answers_both_languages(
    bundled_home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    for text, words in ((QUESTION, "1996"), ("¿Cuándo y dónde se creó la CRM?", "1996")):
        assert main(["ask", text, "--json", "--home", str(bundled_home.path)]) == 0
        answer = json.loads(capsys.readouterr().out)
        assert answer["status"] == "answered" and words in answer["answer"]["text"]
        assert not answer["index"]["degraded"]
    for text in ("How do I renew my passport?", "¿Cómo renuevo mi pasaporte?", "What is the weather in Tapachula?"):
        assert main(["ask", text, "--json", "--home", str(bundled_home.path)]) == 0
        assert json.loads(capsys.readouterr().out)["status"] != "answered", text
