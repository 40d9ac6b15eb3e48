import gzip
import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from eval.beir import as_questions, beir_measures, build_index, export_beir, rank_by_model, read_beir, run_beir
from eval.checking import check_run, quick_subset, read_reference, write_reference
from eval.commands import run as run_eval
from eval.errors import BadBeir, BadRun
from eval.feedback import as_questions as feedback_questions
from eval.feedback import read_verdicts
from eval.judging import Judge
from eval.measures import rank_measures
from eval.outcomes import Run
from eval.questions import JudgedQuestion, Judgement, load_questions, resolve
from eval.running import make_run
from eval.sets import CONFIGURATIONS, QuestionSet, retrieval_settings
from index.generations import Home
from index.searching import Index
from qa.settings import Settings
from tests.conftest import SHARED, WordEmbedder

CORPUS = [
    {"_id": "d1", "title": "Whales", "text": "Whales swim in the Bering Strait every summer."},
    {"_id": "d2", "title": "", "text": "La ciudad de Puebla está en México y tiene muchos museos."},
    {"_id": "d3", "title": "Trains", "text": "The night train to Vienna leaves at nine."},
    {"_id": "d4", "title": "Only a title", "text": ""},
    {"_id": "d5", "title": "", "text": ""},
]
QUERIES = [
    {"_id": "q1", "text": "Where do whales swim?"},
    {"_id": "q2", "text": "¿Dónde está la ciudad de Puebla?"},
    {"_id": "q3", "text": "never judged"},
]
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td3\t0\nq2\td2\t2\n"


def write_folder(folder: Path, *, zipped: bool = False, qrels: str = QRELS) -> Path:
    (folder / "qrels").mkdir(parents=True)
    for name, records in (("corpus.jsonl", CORPUS), ("queries.jsonl", QUERIES)):
        content = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()
        if zipped:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)
    (folder / "qrels" / "test.tsv").write_text(qrels)
    return folder


@pytest.fixture
def fake_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Indexes are built and opened with the embedder of words."""
    monkeypatch.setattr("index.building.make_graph", lambda *how: WordEmbedder())
    monkeypatch.setattr("eval.sets.open_embedder", lambda folder: WordEmbedder())


@pytest.fixture
def tiny_set(tiny_index: Index) -> QuestionSet:
    questions = [
        JudgedQuestion("a", "en", "fact", "Which meeting took place in Tapachula?", True, (Judgement(3, document="tapachula", quote="took place in Tapachula"),)),
        JudgedQuestion("b", "es", "fact", "¿Dónde fue creada la CRM?", True, (Judgement(3, document="puebla.es", quote="fue creada en Puebla"),), (), "test"),
        JudgedQuestion("c", "en", "off-domain", "How many whales swim there?", False),
    ]  # fmt: skip
    return QuestionSet("tiny", questions, resolve(questions, tiny_index.store), tiny_index, Judge(tiny_index))


@pytest.mark.parametrize("zipped", [False, True])
def test_a_folder_is_read_plain_or_zipped_with_its_judged_questions_only(tmp_path: Path, zipped: bool) -> None:
    beir = read_beir(write_folder(tmp_path / "tiny", zipped=zipped))
    assert [(d.id, d.title, d.lang) for d in beir.documents] == [
        ("d1", "Whales", "en"),
        ("d2", None, "es"),
        ("d3", "Trains", "en"),
        ("d4", None, "en"),
    ]
    assert beir.documents[3].text == "Only a title"
    assert list(beir.questions) == ["q1", "q2"]
    assert beir.qrels["q1"] == {"d1": 1, "d3": 0}


@pytest.mark.parametrize(
    "spoil, said",
    [
        (lambda f: (f / "corpus.jsonl").unlink(), "corpus.jsonl"),
        (lambda f: (f / "queries.jsonl").write_text("{oh\n"), "queries.jsonl"),
        (lambda f: (f / "queries.jsonl").write_text('{"id": 1}\n'), "line 1"),
        (lambda f: (f / "qrels" / "test.tsv").unlink(), "test.tsv"),
        (lambda f: (f / "qrels" / "test.tsv").write_text("a\tb\n"), "line 1"),
        (lambda f: (f / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t0\n"), "no question has"),
        (lambda f: (f / "corpus.jsonl").write_text((json.dumps(CORPUS[0]) + "\n") * 2), "stands twice"),
    ],
)
def test_a_folder_that_is_no_collection_is_refused_with_its_file(tmp_path: Path, spoil, said: str) -> None:  # type: ignore[no-untyped-def]
    folder = write_folder(tmp_path / "tiny")
    spoil(folder)
    with pytest.raises(BadBeir) as caught:
        read_beir(folder)
    assert said in str(caught.value)


def test_imported_questions_judge_whole_documents(tmp_path: Path) -> None:
    questions = as_questions(read_beir(write_folder(tmp_path / "tiny")))
    assert [q.id for q in questions] == ["tiny-q1", "tiny-q2"]
    assert questions[0].judgements == (Judgement(2, document="d1"), Judgement(0, document="d3"))
    assert questions[1].lang == "es"


@pytest.mark.usefixtures("fake_model")
def test_every_configuration_is_measured_over_an_index_of_the_collection(tmp_path: Path) -> None:
    beir = read_beir(write_folder(tmp_path / "tiny"))
    home = build_index(beir, tmp_path / "home", Settings(home=tmp_path / "home"))
    with Index(Home(home).live_folder(), WordEmbedder()) as index:
        assert index.vectors.size == len(beir.documents)
        found = run_beir(beir, index, alone=(WordEmbedder(), tmp_path / "vectors"))
    assert list(found) == ["model alone", *CONFIGURATIONS]
    for values in found.values():
        assert values["Success@1"] == {"q1": 1.0, "q2": 1.0}


@pytest.mark.usefixtures("fake_model")
def test_the_command_line_measures_imports_and_answers_whole_document_judgements(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, home = write_folder(tmp_path / "tiny"), tmp_path / "home"
    assert run_eval(["run", "--beir", str(folder), "--home", str(home)]) == 0
    assert "model alone" in capsys.readouterr().out
    assert run_eval(["import-beir", str(folder), "--output", str(tmp_path / "q.jsonl")]) == 0
    assert len(load_questions(tmp_path / "q.jsonl")) == 2
    place = home / "eval" / "beir" / "tiny"
    assert run_eval(["run", "--questions", str(tmp_path / "q.jsonl"), "--index", str(place), "--home", str(home)]) == 0


def test_what_is_exported_is_a_folder_that_is_read_again_with_the_same_judgements(tiny_set: QuestionSet, tmp_path: Path) -> None:
    counts = export_beir(tiny_set, tmp_path / "out")
    assert counts["questions"] == 2
    beir = read_beir(tmp_path / "out", "dev")
    assert list(beir.questions) == ["a"]
    assert [d.id for d in beir.documents] == sorted(identifier for identifier, _ in tiny_set.index.store.passage_ids())
    (relevant,) = (passage for passage, relevance in beir.qrels["a"].items() if relevance == 3)
    assert "took place in Tapachula" in next(d.text for d in beir.documents if d.id == relevant)
    assert list(read_beir(tmp_path / "out", "test").questions) == ["b"]


@pytest.mark.slow
@pytest.mark.model
def test_the_models_ranking_of_scifact_is_that_of_an_independent_calculation(tmp_path: Path) -> None:
    folder = SHARED / "benchmarks" / "scifact"
    if not folder.is_dir():
        pytest.skip("the benchmark collections are not beside this checkout")
    from index.cache import EmbeddingCache
    from index.embedders import SentenceTransformerEmbedder, resolve_model

    whole = read_beir(folder)
    asked = dict(list(whole.questions.items())[:25])
    wanted = {d for q in asked for d, relevance in whole.qrels[q].items() if relevance > 0}
    others = [d.id for d in whole.documents if d.id not in wanted][::10][:300]
    part = type(whole)(
        "scifact-part",
        [d for d in whole.documents if d.id in wanted or d.id in set(others)],
        asked,
        {q: whole.qrels[q] for q in asked},
    )
    embedder = SentenceTransformerEmbedder(resolve_model("all-MiniLM-L6-v2"))
    rankings = rank_by_model(part, embedder, tmp_path / "vectors")
    found = rank_measures(rankings, part.qrels, beir_measures())["nDCG@10"]

    cache = EmbeddingCache(tmp_path / "vectors", embedder)
    kept = cache.embed([f"{d.title} {d.text}" for d in part.documents])
    vectors, questions = kept.vectors, cache.embed(list(asked.values())).vectors
    cache.close()
    assert kept.fresh == 0
    one = embedder.model.encode([next(iter(asked.values()))], normalize_embeddings=True, show_progress_bar=False)
    assert questions[0] == pytest.approx(one[0], abs=1e-5)
    discount = 1 / np.log2(np.arange(2, 12))
    for row, question in enumerate(asked):
        order = np.argsort(-(vectors @ questions[row]), kind="stable")[:10]
        gains = np.asarray([part.qrels[question].get(part.documents[n].id, 0) for n in order])
        ideal = np.sort(list(part.qrels[question].values()))[::-1][:10]
        expected = float(gains @ discount) / float(ideal @ discount[: len(ideal)])
        assert found[question] == pytest.approx(expected, abs=1e-4), question
    # The whole collection gives 0.645, the published figure; fewer documents are easier.
    assert np.mean(list(found.values())) > 0.645


def write_feedback(path: Path, *rows: tuple[str, str, str, str | None, str]) -> Path:
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE feedback (id INTEGER PRIMARY KEY, created_at TEXT, question TEXT, lang TEXT, passage_id TEXT, "
            "quote TEXT, verdict TEXT, comment TEXT)"
        )
        for number, (question, lang, passage, quote, verdict) in enumerate(rows):
            connection.execute(
                "INSERT INTO feedback VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
                (number, f"2025-01-{number + 1:02}", question, lang, passage, quote, verdict),
            )
    connection.close()
    return path


def test_thumbs_become_judged_questions_and_the_later_of_two_counts(tmp_path: Path, tiny_index: Index) -> None:
    path = write_feedback(
        tmp_path / "feedback.sqlite",
        ("Where was it created?", "en", "puebla:0-50", "was created in Puebla", "down"),
        ("Where was  it created?", "en", "puebla:0-50", "was created in Puebla", "up"),
        ("Where was it created?", "en", "tapachula:0-20", None, "down"),
        ("¿Solo mal?", "es", "managua:0-20", None, "down"),
        ("Gone?", "en", "quito:0-20", None, "up"),
        ("Changed?", "en", "managua:0-20", "words that are gone", "up"),
    )
    imported = feedback_questions(read_verdicts(path), tiny_index.store)
    (question,) = imported.questions
    assert (question.question, question.lang, question.kind) == ("Where was it created?", "en", "feedback")
    assert question.judgements == (
        Judgement(2, document="puebla", quote="was created in Puebla"),
        Judgement(0, document="tapachula", start=0, end=20),
    )
    resolve(imported.questions, tiny_index.store)
    reasons = dict(imported.left_out)
    assert "no passage got a thumb up" in reasons["¿Solo mal?"]
    assert "'quito'" in reasons["Gone?"]
    assert "no longer" in reasons["Changed?"]


def test_the_feedback_of_a_home_is_imported_from_the_command_line(
    tmp_path: Path, tiny_home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_feedback(tmp_path / "feedback.sqlite", ("Where was it created?", "en", "puebla:0-50", None, "up"))
    output = tmp_path / "fb.jsonl"
    assert run_eval(["import-feedback", str(path), "--home", str(tiny_home.path), "--output", str(output)]) == 0
    assert [q.question for q in load_questions(output)] == ["Where was it created?"]
    assert "1 questions written" in capsys.readouterr().out


def test_a_file_that_holds_no_feedback_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.sqlite"
    path.write_text("no database")
    assert run_eval(["import-feedback", str(path), "--output", str(tmp_path / "o.jsonl")]) == 2
    assert "is no feedback file" in capsys.readouterr().err


def test_the_quick_subset_is_the_same_each_time_and_grows_by_adding() -> None:
    questions = [JudgedQuestion(f"q{n}", "en", "fact", "?", False) for n in range(50)]
    small = quick_subset(questions, 10)
    assert small == quick_subset(questions, 10)
    assert {q.id for q in small} <= {q.id for q in quick_subset(questions, 20)}


def test_the_check_passes_on_its_own_reference_and_fails_on_a_loss(tiny_set: QuestionSet, tmp_path: Path) -> None:
    from dataclasses import replace

    made = make_run("check", [tiny_set], retrieval_settings())
    many = tuple(replace(made.outcomes[0], question=replace(made.outcomes[0].question, id=f"a{n}")) for n in range(12))
    good = Run("good", many, made.manifest)
    write_reference(good, tmp_path / "reference.json")
    reference = read_reference(tmp_path / "reference.json")
    assert not any(check.lost for check in check_run(good, reference))
    worse = Run("worse", tuple(replace(o, shown=()) for o in many), made.manifest)
    assert {check.measure for check in check_run(worse, reference) if check.lost} >= {"Success@1", "RR@10"}
    broken = Run("broken", (*many[1:], replace(many[0], answer_verbatim=False)), made.manifest)
    assert [check.measure for check in check_run(broken, reference) if check.lost] == ["citation integrity"]
    strange = Run("strange", (replace(many[0], question=replace(many[0].question, id="new")),), made.manifest)
    with pytest.raises(BadRun, match="knows none of these questions"):
        check_run(strange, reference)


def test_a_reference_that_is_missing_or_malformed_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BadRun, match="--update"):
        read_reference(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(BadRun, match="version"):
        read_reference(tmp_path / "bad.json")
