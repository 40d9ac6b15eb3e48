import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from pathlib import Path

import pytest

from eval.commands import run as run_eval
from eval.comparing import compare
from eval.configuring import make_configuration
from eval.errors import BadOption, BadQuestions, BadRun
from eval.measures import question_values
from eval.outcomes import Outcome, Run, read_run, write_run
from eval.questions import JudgedQuestion
from eval.reporting import render_report, report_json
from eval.running import make_run
from eval.sets import CONFIGURATIONS, QuestionSet, open_sets, retrieval_settings
from index.generations import Home
from index.searching import Index
from tests.conftest import TINY_DOCUMENTS, WordEmbedder, build, write_documents

HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>'


def line(identifier: str, lang: str, question: str, *judgements: tuple[str, str], **more: object) -> dict[str, object]:
    return {
        "id": identifier,
        "lang": lang,
        "kind": "fact",
        "question": question,
        "answerable": bool(judgements),
        "judgements": [{"document": d, "quote": q, "relevance": 3} for d, q in judgements],
        **more,
    }


PUEBLA = (("puebla", "was created in Puebla, Mexico"), ("puebla.es", "fue creada en Puebla, México"))
LINES = [
    line("created", "en", "Where was the Regional Conference on Migration created?", *PUEBLA),
    line("creada", "es", "¿Dónde fue creada la Conferencia Regional sobre Migración?", *PUEBLA, split="test"),
    line("tapachula", "en", "Which meeting took place in Tapachula in 2010?", ("tapachula", "took place in Tapachula")),
    line("theme", "en", "What was the theme of the XIX meeting in Managua?", ("managua", "a region free of human trafficking")),
    line("follow", "en", "And in Managua?", ("managua", "took place in Managua"), history=["Which meeting took place in Tapachula?"], kind="followup"),
    line("whales", "en", "How many whales swim in the Bering Strait?", kind="off-domain"),
    line("hotel", "es", "¿Qué hotel de Managua recibió a los ministros?", kind="near-miss", split="test"),
    line("empty", "en", "???", kind="off-domain"),
    line("hostile", "en", f"Who said {HOSTILE} in Managua?", kind="off-domain"),
]  # fmt: skip


def write_lines(path: Path, lines: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in lines), encoding="utf-8")
    return path


def open_tiny(home: Path) -> Index:
    return Index(Home(home).live_folder(), WordEmbedder())


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    return write_lines(tmp_path / "questions.jsonl", LINES)


@pytest.fixture
def tiny_set(questions: Path, tiny_home: Home) -> Iterator[QuestionSet]:
    with open_sets([(questions, tiny_home.path)], opener=open_tiny) as sets:
        yield sets[0]


@pytest.fixture
def tiny_run(tiny_set: QuestionSet) -> Run:
    return make_run("tiny", [tiny_set], retrieval_settings())


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tiny_home: Home, tmp_path: Path) -> Path:
    """The command line over the tiny index; its runs go to a home of their own."""
    monkeypatch.setattr("eval.sets.open_embedder", lambda folder: WordEmbedder())
    monkeypatch.chdir(tmp_path)
    return tiny_home.path


def test_every_question_has_an_outcome_in_order_also_those_that_cannot_be_asked(tiny_run: Run) -> None:
    assert [o.question.id for o in tiny_run.outcomes] == [item["id"] for item in LINES]
    empty = next(o for o in tiny_run.outcomes if o.question.id == "empty")
    assert empty.error is not None
    assert (empty.status, empty.shown, empty.p) == ("not_found", (), 0.0)


def test_what_was_shown_is_the_documents_text_and_every_citation_is_whole(tiny_run: Run, tiny_index: Index) -> None:
    for outcome in tiny_run.outcomes:
        for shown in outcome.shown:
            text = tiny_index.store.document(shown.document).text
            assert text[shown.start : shown.end] == shown.text
            assert all(shown.start <= a < b <= shown.end for a, b in shown.marked)
    assert set(question_values(tiny_run.outcomes)["citation integrity"].values()) == {1.0}


def test_a_passage_of_either_language_version_counts(tiny_run: Run) -> None:
    found = {o.question.id: o for o in tiny_run.outcomes}
    assert found["created"].right
    assert found["creada"].right
    assert found["created"].facts == found["creada"].facts == 1


@pytest.mark.slow
def test_the_better_system_on_these_questions_wins_the_comparison_and_flips_are_listed(tiny_run: Run) -> None:
    worse = Run(
        "worse",
        tuple(o if o.question.id != "created" else _without_passages(o) for o in tiny_run.outcomes),
        tiny_run.manifest,
    )
    comparison = compare(tiny_run, worse)
    change = {d.measure: d for d in comparison.differences}["Success@1"]
    assert change.change < 0
    assert change.worse
    assert [(flip.id, flip.gained) for flip in comparison.flips] == [("created", False)]
    assert all(d.change == 0 for d in compare(tiny_run, tiny_run).differences)


def _without_passages(outcome: Outcome) -> Outcome:
    return replace(outcome, shown=(), answer="", answer_spans=(), status="not_found")


def test_runs_over_other_questions_are_not_compared(tiny_run: Run) -> None:
    with pytest.raises(BadRun, match="do not ask the same questions"):
        compare(tiny_run, Run("short", tiny_run.outcomes[1:], {}))
    other = JudgedQuestion("created", "en", "fact", "Other words?", False)
    changed = (replace(tiny_run.outcomes[0], question=other), *tiny_run.outcomes[1:])
    with pytest.raises(BadRun, match="judge the question 'created' differently"):
        compare(tiny_run, Run("other", changed, {}))


def test_a_run_written_and_read_is_the_same(tiny_run: Run, tmp_path: Path) -> None:
    write_run(tiny_run, tmp_path / "run")
    assert read_run(tmp_path / "run") == Run(tiny_run.name, tiny_run.outcomes, json.loads(json.dumps(tiny_run.manifest)))


def test_the_trec_files_give_the_same_measures_to_another_tool(tiny_run: Run, tmp_path: Path) -> None:
    import ir_measures

    write_run(tiny_run, tmp_path / "run")
    qrels = list(ir_measures.read_trec_qrels(str(tmp_path / "run" / "qrels.txt")))
    ranked = list(ir_measures.read_trec_run(str(tmp_path / "run" / "run.trec")))
    measure = ir_measures.RR(rel=2) @ 10
    theirs = {m.query_id: m.value for m in ir_measures.iter_calc([measure], qrels, ranked)}
    ours = question_values(tiny_run.outcomes)["RR@10"]
    assert theirs == pytest.approx(ours)


def test_a_run_names_what_makes_it_repeatable_and_no_folder_of_this_machine(tiny_run: Run, tmp_path: Path) -> None:
    text = json.dumps(tiny_run.manifest)
    for part in ("questions_sha256", "corpus_hash", "input_hash", "fingerprint", "weights", "calibration_sha256", "numpy"):
        assert part in text
    assert str(tmp_path) not in text
    assert str(Path(__file__).parents[1]) not in text


def test_the_same_questions_give_the_same_run_but_for_its_times(tiny_set: QuestionSet, tiny_run: Run) -> None:
    again = make_run("tiny", [tiny_set], retrieval_settings())
    assert [replace(o, took_ms={}) for o in again.outcomes] == [replace(o, took_ms={}) for o in tiny_run.outcomes]


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_each_configuration_of_retrieval_runs(tiny_set: QuestionSet, name: str) -> None:
    made = make_run(name, [tiny_set], retrieval_settings(name))
    assert len(made.outcomes) == len(LINES)


@pytest.mark.slow
def test_the_report_stands_alone_and_escapes_what_documents_and_questions_say(
    tmp_path_factory: pytest.TempPathFactory, questions: Path
) -> None:
    folder = tmp_path_factory.mktemp("hostile")
    poisoned = {
        **TINY_DOCUMENTS,
        "managua.md": TINY_DOCUMENTS["managua.md"] + f"\nThe meeting in Managua said {escape(HOSTILE)} too.\n",
    }
    home = build(folder / "home", write_documents(folder / "corpus", poisoned))
    with open_sets([(questions, home.path)], opener=open_tiny) as sets:
        made = make_run(f"run {HOSTILE}", sets, retrieval_settings())
    assert any("onerror" in shown.text for o in made.outcomes for shown in o.shown)
    page = render_report(made, compare(made, made))
    assert "onerror=alert(1)&gt;" in page
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("<svg") >= 5
    assert not re.findall(r"""(?:src|href)=["'](?!#)""", page)
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_the_report_in_json_has_all_questions_and_each_language_with_intervals(tiny_run: Run) -> None:
    made = report_json(tiny_run)
    assert made["questions"] == len(LINES)
    assert set(made["slices"]) == {"all", "en", "es"}
    low, high = made["intervals"]["all"]["Success@1"]
    assert low <= made["slices"]["all"]["Success@1"] <= high
    assert made["slices"]["es"]["questions"] == 2
    assert made["slices"]["all"]["abstain_right"] == pytest.approx(1 - made["slices"]["all"]["false answers"])
    json.dumps(made, allow_nan=False)


@pytest.mark.slow
def test_the_command_line_runs_reports_and_compares(
    command: Path, questions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, config in (("a", "mode=product"), ("b", "mode=lexical")):
        arguments = ["run", "--questions", str(questions), "--index", str(command), "--home", str(tmp_path / "home")]
        assert run_eval([*arguments, "--name", name, "--config", config]) == 0
    runs = tmp_path / "home" / "eval" / "runs"
    assert sorted(path.name for path in (runs / "a").iterdir()) == [
        "manifest.json", "qrels.documents.txt", "qrels.txt", "run.documents.trec", "run.jsonl", "run.trec",
    ]  # fmt: skip
    assert run_eval(["compare", str(runs / "a"), str(runs / "b")]) == 0
    assert run_eval(["report", str(runs / "a"), "--against", str(runs / "b")]) == 0
    assert (runs / "a" / "report.html").stat().st_size > 10_000
    assert "p (Holm)" in capsys.readouterr().out


def test_the_ablation_prints_every_configuration(
    command: Path, questions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_eval(["ablate", "--questions", str(questions), "--index", str(command), "--home", str(tmp_path / "h")]) == 0
    printed = capsys.readouterr().out
    assert all(f"\n{name} " in printed for name in CONFIGURATIONS)


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["run", "--questions", "none.jsonl"], "none.jsonl does not exist"),
        (["run", "--split", "train"], "--split is 'train'"),
        (["run", "--lang", "fr"], "--lang is 'fr'"),
        (["run", "--config", "mode=magic"], "mode='magic'"),
        (["run", "--config", "colour=red"], "no setting"),
        (["run", "--name", "../x"], "--name is '../x'"),
        (["run", "--originals", "nowhere"], "nowhere is no folder"),
        (["run", "--beir", "nowhere"], "nowhere"),
        (["compare", "nowhere", "elsewhere"], "nowhere is no complete run"),
        (["report", "nowhere"], "nowhere is no complete run"),
        (["run", "--limit", "0"], "--limit"),
        (["dance"], "dance"),
        (["import-feedback", "none.sqlite", "--output", "x.jsonl"], "none.sqlite"),
    ],
)
def test_a_mistake_is_one_line_on_stderr_and_exit_status_2(
    command: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RCM_QA_HOME", str(command))
    assert run_eval(arguments) == 2
    error = capsys.readouterr().err.strip()
    assert said in error
    assert error.startswith("rcm-qa eval: ")
    assert "\n" not in error


def test_without_an_index_the_work_fails_with_what_to_do(
    tmp_path: Path, questions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_eval(["run", "--questions", str(questions), "--home", str(tmp_path / "empty")]) == 1
    assert "rcm-qa build" in capsys.readouterr().err


def test_an_id_in_two_question_files_is_refused(tmp_path: Path, tiny_home: Home) -> None:
    files = [write_lines(tmp_path / name, LINES[:1]) for name in ("a.jsonl", "b.jsonl")]
    with (
        pytest.raises(BadQuestions, match="'created' stands in"),
        open_sets([(f, tiny_home.path) for f in files], opener=open_tiny),
    ):
        pass


def test_a_configuration_names_depth_and_twins() -> None:
    made = make_configuration(["depth=5", "twins=false", "mode=rrf"])
    assert (made.depth, made.retrieval.twins, made.retrieval.mode) == (5, False, "rrf")
    for wrong in ("depth=0", "depth=x", "twins=maybe", "weights=none.json", "mode"):
        with pytest.raises(BadOption):
            make_configuration([wrong])
