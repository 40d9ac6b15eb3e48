import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from corpus.tokens import packaged_model
from index import projecting
from index.anchors import parse_passage_id, resolve_passage, said_before
from index.building import check_generation, roll_back
from index.embedders import fingerprint_model
from index.errors import BuildRefused, IndexError_, IndexMismatch, NoIndex, UnknownId
from index.generations import Home
from index.manifest import FORMAT, read_manifest
from index.searching import Index
from tests.conftest import TINY_DOCUMENTS, WordEmbedder, build, write_documents

ROOT = Path(__file__).resolve().parents[1]


pytestmark = pytest.mark.usefixtures("small_lexicon")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_documents(tmp_path / "corpus", TINY_DOCUMENTS)


def change(corpus: Path, name: str = "managua.md", old: str = "Managua, Nicaragua", new: str = "the city of Managua") -> None:
    path = corpus / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def texts(home: Home) -> dict[str, str]:
    with Index(home.live_folder(), None) as index:
        return {d.id: d.text for d in index.store.documents()}


def tree(home: Home) -> list[str]:
    return sorted(p.name for p in home.generations.iterdir())


def test_a_build_makes_a_generation_that_is_live_and_complete(tmp_path: Path, corpus: Path) -> None:
    home = build(tmp_path / "home", corpus)
    folder = home.live_folder()
    manifest = read_manifest(folder)
    assert manifest.generation == home.live_name() == folder.name
    assert manifest.counts.documents == 4
    assert manifest.years == (1996, 2014)
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert set(manifest.files) == files - {"manifest.json"}
    for name, expected in manifest.files.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == expected
    with Index(folder, WordEmbedder()) as index:
        assert index.vectors.size == index.english.size == manifest.counts.passages == len(index.attributes.rows)
        assert len(index.sentences) == manifest.counts.sentences
    check_generation(folder)


def test_building_the_same_again_does_nothing(tmp_path: Path, corpus: Path) -> None:
    embedder = WordEmbedder()
    home = build(tmp_path / "home", corpus, embedder)
    before, embedded = home.live_stamp(), embedder.texts
    build(tmp_path / "home", corpus, embedder)
    assert home.live_stamp() == before
    assert embedder.texts == embedded
    assert tree(home) == [home.live_name()]


def test_force_builds_again_from_the_cache(tmp_path: Path, corpus: Path) -> None:
    embedder = WordEmbedder()
    home = build(tmp_path / "home", corpus, embedder)
    first, embedded = home.live_name(), embedder.texts
    build(tmp_path / "home", corpus, embedder, force=True)
    assert home.live_name() != first and home.previous_name() == first
    assert embedder.texts == embedded


@pytest.mark.slow
def test_of_a_thousand_documents_only_the_changed_one_is_embedded(tmp_path: Path) -> None:
    corpus = write_documents(
        tmp_path / "corpus", {f"d{n:04}.txt": f"Document number {n} is about subject s{n}." for n in range(1000)}
    )
    embedder = WordEmbedder()
    home = build(tmp_path / "home", corpus, embedder)
    assert read_manifest(home.live_folder()).counts.passages == 1000
    before = embedder.texts
    change(corpus, "d0500.txt", "subject s500.", "another matter. It has a second sentence.")
    build(tmp_path / "home", corpus, embedder)
    assert embedder.texts - before == 3  # the passage and its two sentences
    assert read_manifest(home.live_folder()).counts.embedded == 3
    assert texts(home)["d0500"].endswith("a second sentence.")


def test_a_removed_document_leaves_no_trace_anywhere(tmp_path: Path, corpus: Path) -> None:
    secret = (
        "+++\nid = 'secret'\ntitle = 'About zyzzyva'\n+++\n\nThe zyzzyva beetle is the secret. "
        + "It is told to nobody else. " * 20
    )
    write_documents(corpus, {"secret.md": secret})
    home = build(tmp_path / "home", corpus)
    change(corpus, "secret.md", "The zyzzyva", "A sentence before. The second zyzzyva")
    build(tmp_path / "home", corpus)

    def traces() -> list[str]:
        files = [p for p in home.path.rglob("*") if p.is_file()]
        assert files
        return [p.relative_to(home.path).as_posix() for p in files if b"zyzzyv" in p.read_bytes().lower()]

    assert any("documents.sqlite" in name for name in traces())
    assert "anchors.sqlite" in traces()
    (corpus / "secret.md").unlink()
    build(tmp_path / "home", corpus, forget=True)
    assert traces() == []
    assert home.previous_name() is None
    assert tree(home) == [home.live_name()]


def test_forgetting_drops_the_previous_generation_even_when_nothing_changed(tmp_path: Path, corpus: Path) -> None:
    home = build(tmp_path / "home", corpus)
    build(tmp_path / "home", corpus, force=True)
    assert len(tree(home)) == 2
    build(tmp_path / "home", corpus, forget=True)
    assert tree(home) == [home.live_name()]


def test_a_second_build_at_the_same_time_is_refused_naming_the_first(tmp_path: Path, corpus: Path) -> None:
    home = build(tmp_path / "home", corpus)
    live = home.live_name()
    began, end = threading.Event(), threading.Event()

    def first(stage: str, done: int, total: int) -> None:
        began.set()
        assert end.wait(20)

    thread = threading.Thread(target=lambda: build(tmp_path / "home", corpus, force=True, progress=first))
    thread.start()
    try:
        assert began.wait(20)
        with pytest.raises(BuildRefused, match=f"another build \\(process {os.getpid()}\\)"):
            build(tmp_path / "home", corpus)
        assert home.live_name() == live
    finally:
        end.set()
        thread.join()
    assert home.live_name() != live
    build(tmp_path / "home", corpus)


def test_going_back_and_forth_between_two_generations(tmp_path: Path, corpus: Path) -> None:
    home = build(tmp_path / "home", corpus)
    first = home.live_name()
    with pytest.raises(NoIndex, match="no previous generation"):
        home.rollback()
    change(corpus)
    build(tmp_path / "home", corpus)
    second = home.live_name()
    assert "the city of Managua" in texts(home)["managua"]
    assert home.rollback() == first
    assert "the city of Managua" not in texts(home)["managua"]
    assert home.rollback() == second
    assert (home.live_name(), home.previous_name()) == (second, first)


@pytest.mark.parametrize("how", ["byte", "format", "gone"])
def test_a_generation_that_does_not_pass_its_check_does_not_become_live_again(tmp_path: Path, corpus: Path, how: str) -> None:
    home = build(tmp_path / "home", corpus)
    build(tmp_path / "home", corpus, force=True)
    live, previous = home.live_name(), home.previous_folder()
    if how == "byte":
        damage(previous / "documents.sqlite")
    elif how == "format":
        path = previous / "manifest.json"
        path.write_text(path.read_text().replace(f'"format": {FORMAT}', f'"format": {FORMAT - 1}'))
    else:
        (previous / "vectors.faiss").unlink(missing_ok=True)
        (previous / "names.json").unlink()
    with pytest.raises(BuildRefused, match=f"previous generation {previous.name} cannot become live again"):
        roll_back(home)
    assert (home.live_name(), home.previous_name()) == (live, previous.name)


def test_going_back_in_a_folder_that_is_no_home_leaves_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoIndex, match="no previous generation"):
        roll_back(Home(tmp_path / "mistyped"))
    assert not (tmp_path / "mistyped").exists()


def test_the_pointer_is_replaced_and_never_written_into(tmp_path: Path, corpus: Path) -> None:
    home = build(tmp_path / "home", corpus)
    first = home.live_name()
    with (home.path / "live").open() as opened_before:
        build(tmp_path / "home", corpus, force=True)
        assert opened_before.read().strip() == first != home.live_name()
    assert not list(home.path.glob(".*.new"))


def test_only_two_generations_are_kept(tmp_path: Path, corpus: Path) -> None:
    home = build(tmp_path / "home", corpus)
    for _ in range(3):
        before = home.live_name()
        build(tmp_path / "home", corpus, force=True)
        assert tree(home) == sorted({before, home.live_name()})


def test_no_index_is_told_in_one_sentence_that_says_what_to_do(tmp_path: Path, corpus: Path) -> None:
    with pytest.raises(NoIndex, match=r"run `rcm-qa build` first"):
        Home(tmp_path / "nowhere").live_folder()
    home = build(tmp_path / "home", corpus)
    shutil.rmtree(home.live_folder())
    with pytest.raises(NoIndex, match="is missing"):
        home.live_folder()
    build(tmp_path / "home", corpus)
    assert home.live_folder().is_dir()


@pytest.mark.parametrize("name", ["../../etc", "", ".hidden", "a/b", "\xff"])
def test_a_pointer_that_leads_elsewhere_is_no_pointer(tmp_path: Path, name: str) -> None:
    home = Home(tmp_path)
    (tmp_path / "live").write_text(name, encoding="utf-8")
    assert home.live_name() is None


def rewrite_manifest(home: Home, **changes: object) -> None:
    path = home.live_folder() / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_an_index_of_another_format_is_refused_naming_both_and_the_next_build_replaces_it(tmp_path: Path, corpus: Path) -> None:
    home = build(tmp_path / "home", corpus)
    rewrite_manifest(home, format=FORMAT + 40)
    with pytest.raises(IndexMismatch, match=f"is of format {FORMAT + 40}, this program reads format {FORMAT}") as caught:
        Index(home.live_folder(), WordEmbedder())
    assert "\n" not in str(caught.value)
    build(tmp_path / "home", corpus)
    assert read_manifest(home.live_folder()).format == FORMAT


@pytest.mark.parametrize("content", [None, b"", b"no database at all", b"SQLite format 3\0" + bytes(400)])
def test_a_live_generation_that_is_damaged_can_be_replaced(tmp_path: Path, corpus: Path, content: bytes | None) -> None:
    home = build(tmp_path / "home", corpus)
    change(corpus)
    store = home.live_folder() / "documents.sqlite"
    store.unlink() if content is None else store.write_bytes(content)
    build(tmp_path / "home", corpus, force=True)
    assert "the city of Managua" in answers(home)


def test_damaged_anchors_do_not_stop_a_build(tmp_path: Path, corpus: Path) -> None:
    home = build(tmp_path / "home", corpus)
    identifier, _ = passages(home, "managua")[0]
    home.anchors.write_bytes(b"no database at all " * 50)
    change(corpus)
    build(tmp_path / "home", corpus)
    assert resolve(home, identifier)[0] != ""


@pytest.mark.parametrize(
    "changes, said", [({"colour": "red"}, "colour"), ({"counts": {}}, "counts"), ({"format": "2"}, "format")]
)
def test_a_manifest_that_says_something_else_is_refused_by_its_key(
    tmp_path: Path, corpus: Path, changes: dict[str, object], said: str
) -> None:
    home = build(tmp_path / "home", corpus)
    rewrite_manifest(home, **changes)
    with pytest.raises(IndexMismatch, match=said):
        read_manifest(home.live_folder())


def test_an_index_of_another_model_is_refused_naming_both(tmp_path: Path, corpus: Path) -> None:
    home = build(tmp_path / "home", corpus)
    with pytest.raises(IndexMismatch, match=r"words-64\), but words-32 is loaded"):
        Index(home.live_folder(), WordEmbedder(32))


def test_another_chunk_size_or_model_builds_a_new_generation(tmp_path: Path, corpus: Path) -> None:
    home = build(tmp_path / "home", corpus)
    first = read_manifest(home.live_folder())
    from corpus.chunking import ChunkSettings
    from corpus.loading import load_collection
    from index.building import BuildSettings, build_generation

    settings = BuildSettings("all-MiniLM-L6-v2", ChunkSettings(target_tokens=40))
    report = build_generation(load_collection([corpus]), home, settings, embedder=WordEmbedder())
    assert not report.unchanged
    assert report.manifest.chunking.target_tokens == 40
    assert report.manifest.input_hash != first.input_hash and report.manifest.corpus_hash == first.corpus_hash


def test_a_projection_learnt_anew_builds_a_new_generation(tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = build(tmp_path / "home", corpus)
    first = home.live_name()
    build(home.path, corpus)
    assert home.live_name() == first
    learnt = np.eye(384, 64, dtype=np.float32), np.zeros((384, 2), np.float32)
    projecting.write_learnt(tmp_path / "projection.npz", fingerprint_model(packaged_model()), *learnt)
    monkeypatch.setattr(projecting, "LEARNT", tmp_path / "projection.npz")
    build(home.path, corpus)
    assert home.live_name() != first


def test_nothing_to_read_is_refused_and_the_live_generation_stays(tmp_path: Path, corpus: Path) -> None:
    home = build(tmp_path / "home", corpus)
    live = home.live_name()
    (tmp_path / "empty").mkdir()
    with pytest.raises(BuildRefused, match="no document could be read"):
        build(tmp_path / "home", tmp_path / "empty")
    assert home.live_name() == live


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))


def test_a_damaged_byte_in_any_file_is_found_by_the_check(tmp_path: Path, corpus: Path) -> None:
    home = build(tmp_path / "home", corpus)
    folder = home.live_folder()
    for name in read_manifest(folder).files:
        good = (folder / name).read_bytes()
        if not good:
            continue
        damage(folder / name)
        with pytest.raises(BuildRefused, match=name):
            check_generation(folder)
        (folder / name).write_bytes(good)
    check_generation(folder)


@pytest.mark.parametrize("how", ["gone", "empty", "half"])
def test_a_missing_or_shortened_file_is_refused_in_one_sentence(tmp_path: Path, corpus: Path, how: str) -> None:
    home = build(tmp_path / "home", corpus)
    folder = home.live_folder()
    for name in (*read_manifest(folder).files, "manifest.json"):
        path = folder / name
        good = path.read_bytes()
        if not good:
            continue
        if how == "gone":
            path.unlink()
        else:
            path.write_bytes(b"" if how == "empty" else good[: len(good) // 2])
        try:
            with pytest.raises(IndexError_) as caught, Index(folder, WordEmbedder()) as index:
                list(index.store.documents())
                index.store.passages_at(range(index.vectors.size))
                assert "xyzzy" not in index.vocabulary
                if name == "words.tsv":
                    raise IndexMismatch(name)  # a list of words that ends early is still a list of words
            assert name.rpartition("/")[2] in str(caught.value) or str(folder) in str(caught.value)
        finally:
            path.write_bytes(good)


def test_a_build_whose_check_fails_leaves_the_live_generation_as_it_was(
    tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = build(tmp_path / "home", corpus)
    live = home.live_name()
    change(corpus)

    def spoil(folder: Path) -> None:
        damage(folder / "attributes.npy")

    monkeypatch.setattr("index.building._sync", spoil)
    with pytest.raises(BuildRefused, match=r"attributes\.npy is not what was written"):
        build(tmp_path / "home", corpus)
    assert home.live_name() == live and tree(home) == [live]
    monkeypatch.undo()


@pytest.mark.parametrize(
    "where, error, says",
    [
        ("index.building._sync", OSError(28, "No space left on device"), r"No space left on device.*the live one is as it was"),
        (
            "index.cache.EmbeddingCache._embed_step",
            sqlite3.OperationalError("database or disk is full"),
            r"disk is full.*the live one is as it was.*build again",
        ),
    ],
)
def test_a_build_that_runs_out_of_disk_leaves_the_live_generation_as_it_was(
    where: str, error: Exception, says: str, tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = build(tmp_path / "home", corpus)
    live = home.live_name()
    change(corpus)

    def full(*_: object) -> None:
        raise error

    monkeypatch.setattr(where, full)
    with pytest.raises(BuildRefused, match=says):
        build(tmp_path / "home", corpus)
    assert home.live_name() == live and tree(home) == [live]


BUILD_SCRIPT = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/tests"]
import conftest
from corpus import gloss, lexicon
from index import building, generations

lexicon.compile_lexicon = lambda names, english: gloss.pack_forms({})
home, corpus, moment = Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def progress(stage, done, total):
    if stage == moment:
        die()

if moment == "written":
    building._sync = die
if moment == "renamed":
    building.check_generation = die
if moment == "anchored":
    generations.Home.switch = die
if moment == "half switched":
    plain = generations.Home._write
    def write(self, pointer, name):
        if pointer == "live":
            die()
        plain(self, pointer, name)
    generations.Home._write = write
if moment == "not pruned":
    switch = generations.Home.switch
    generations.Home.prune = lambda self: die() if self.previous_name() else None
print("begins", flush=True)
conftest.build(home, corpus, progress=progress)
print("done", flush=True)
"""


def start_build(home: Path, corpus: Path, moment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", BUILD_SCRIPT, str(ROOT), str(home), str(corpus), moment],
        stdout=subprocess.PIPE,
        text=True,
    )


def answers(home: Home) -> str:
    """The text of one document of the live generation, after a check of all of it."""
    check_generation(home.live_folder())
    with Index(home.live_folder(), WordEmbedder()) as index:
        vector = index.encode_question("Unaccompanied children Managua")[0]
        ordinals, _ = index.vectors.search(vector, 1)
        return index.store.document(index.store.passages_at(ordinals.tolist())[0].document_id).text


def check_killed_build(tmp_path: Path, corpus: Path, home: Home, process: "subprocess.Popen[str]") -> None:
    before = home.live_name()
    with process:
        process.wait(60)
    assert process.returncode == -signal.SIGKILL
    assert "Managua" in answers(home)
    build(home.path, corpus)
    assert home.live_name() != before or "the city of Managua" in texts(home)["managua"]
    assert "the city of Managua" in answers(home)
    assert set(tree(home)) <= {home.live_name(), home.previous_name()}
    assert not list(home.path.rglob(".building-*"))


@pytest.mark.parametrize("moment", ["embed", "renamed", "half switched", "not pruned"])
@pytest.mark.slow
def test_a_build_killed_at_a_tender_moment_leaves_the_live_generation_answering(
    tmp_path: Path, corpus: Path, moment: str
) -> None:
    home = build(tmp_path / "home", corpus)
    change(corpus)
    check_killed_build(tmp_path, corpus, home, start_build(home.path, corpus, moment))


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["gloss", "chunk", "model", "terms", "written", "check", "anchored"])
def test_a_build_killed_at_any_stage_leaves_the_live_generation_answering(tmp_path: Path, corpus: Path, moment: str) -> None:
    home = build(tmp_path / "home", corpus)
    change(corpus)
    check_killed_build(tmp_path, corpus, home, start_build(home.path, corpus, moment))


@pytest.mark.slow
def test_builds_killed_at_random_moments_leave_the_live_generation_answering(tmp_path: Path, corpus: Path) -> None:
    home = build(tmp_path / "home", corpus)
    rng = np.random.default_rng(7)
    killed = 0
    for number in range(15):
        (corpus / "managua.md").write_text(TINY_DOCUMENTS["managua.md"].replace("Its theme", f"Number {number}. Its theme"))
        process = start_build(home.path, corpus, "never")
        with process:
            assert process.stdout is not None and process.stdout.readline() == "begins\n"
            threading.Event().wait(float(rng.uniform(0, 0.5)))
            process.kill()
            process.wait(60)
            killed += process.returncode == -signal.SIGKILL
        assert "Managua" in answers(home)
    assert killed >= 5
    change(corpus)
    build(home.path, corpus)
    assert "the city of Managua" in answers(home)
    assert set(tree(home)) <= {home.live_name(), home.previous_name()}


def passages(home: Home, document: str) -> list[tuple[str, str]]:
    with Index(home.live_folder(), None) as index:
        return [(p.id, p.text) for _, p in index.store.passages_of(document)]


def resolve(home: Home, identifier: str) -> tuple[str, str, bool]:
    with Index(home.live_folder(), None) as index:
        _, passage, moved = resolve_passage(index.store, home.anchors, identifier)
        return passage.id, passage.text, moved


def test_a_permalink_of_an_unchanged_passage_leads_to_it(tmp_path: Path, corpus: Path) -> None:
    home = build(tmp_path / "home", corpus)
    for identifier, text in passages(home, "puebla"):
        assert resolve(home, identifier) == (identifier, text, False)


def test_a_permalink_leads_to_the_same_words_after_the_text_before_them_changed(tmp_path: Path, corpus: Path) -> None:
    home = build(tmp_path / "home", corpus)
    before = passages(home, "tapachula")
    change(
        corpus,
        "tapachula.md",
        "The XV Annual",
        "A whole new paragraph stands first now, of some length.\n\n# More\n\nThe XV Annual",
    )
    build(tmp_path / "home", corpus)
    for identifier, text in before:
        new, found, moved = resolve(home, identifier)
        assert moved and new != identifier
        assert set(text.split()) <= set(found.split())


def test_a_permalink_outlives_two_changes(tmp_path: Path, corpus: Path) -> None:
    home = build(tmp_path / "home", corpus)
    identifier, _ = passages(home, "managua")[0]
    for word in ("First", "Second and longer"):
        change(corpus, "managua.md", "The XIX Annual", f"{word} words stand here.\n\n# {word}\n\nThe XIX Annual")
        build(tmp_path / "home", corpus)
    _, found, moved = resolve(home, identifier)
    assert moved and "The XIX Annual Meeting of the RCM took place in Managua" in found


def before(home: Home, identifier: str) -> str | None:
    with Index(home.live_folder(), None) as index:
        return said_before(index.store, home.anchors, identifier, resolve_passage(index.store, home.anchors, identifier)[1])


def test_a_permalink_whose_words_were_changed_in_place_tells_the_first_ones(tmp_path: Path, corpus: Path) -> None:
    home = build(tmp_path / "home", corpus)
    identifier, first = passages(home, "managua")[0]
    assert before(home, identifier) is None
    for old, new in (("in 2014", "in 2015"), ("in 2015", "in 2016"), ("in 2016", "in the year 2016")):
        change(corpus, old=f"Nicaragua, {old}", new=f"Nicaragua, {new}")
        build(tmp_path / "home", corpus)
        found, text, moved = resolve(home, identifier)
        assert f"Nicaragua, {new}" in text and moved == (found != identifier) == (new == "in the year 2016")
        assert before(home, identifier) == first
    change(corpus, old="Nicaragua, in the year 2016", new="Nicaragua, in 2014")
    build(tmp_path / "home", corpus)
    assert resolve(home, identifier) == (identifier, first, False) and before(home, identifier) is None


def test_going_back_keeps_what_permalinks_of_the_newer_generation_quote(tmp_path: Path, corpus: Path) -> None:
    home = build(tmp_path / "home", corpus)
    change(corpus, old="The XIX Annual", new="In the summer of that year, as planned, the XIX Annual")
    build(tmp_path / "home", corpus)
    identifier, quoted = passages(home, "managua")[0]
    roll_back(home)
    found, text, moved = resolve(home, identifier)
    assert moved and found != identifier and "The XIX Annual" in text
    assert before(home, identifier) == quoted


def test_a_permalink_to_words_that_are_gone_says_so(tmp_path: Path, corpus: Path) -> None:
    home = build(tmp_path / "home", corpus)
    identifier, _ = passages(home, "managua")[0]
    head = TINY_DOCUMENTS["managua.md"].rpartition("+++")[0]
    (corpus / "managua.md").write_text(f"{head}+++\n\nSomething else entirely is written here about rain.\n")
    build(tmp_path / "home", corpus)
    with pytest.raises(UnknownId, match="is gone"):
        resolve(home, identifier)


def test_a_permalink_to_a_removed_document_is_unknown(tmp_path: Path, corpus: Path) -> None:
    home = build(tmp_path / "home", corpus)
    identifier, _ = passages(home, "managua")[0]
    (corpus / "managua.md").unlink()
    build(tmp_path / "home", corpus)
    with pytest.raises(UnknownId, match="no document 'managua'"):
        resolve(home, identifier)


@pytest.mark.parametrize(
    "identifier",
    [
        "",
        "puebla",
        "puebla:",
        "puebla:1",
        "puebla:a-b",
        "puebla:-5-9",
        ":1-2",
        "puebla:1-2-3",
        "puebla:١-٢",
        "p:" + "9" * 30 + "-1",
    ],
)
def test_what_is_no_passage_id_is_refused(identifier: str) -> None:
    with pytest.raises(UnknownId, match="not a passage id"):
        parse_passage_id(identifier)


def test_a_span_that_never_was_leads_to_the_passage_under_it_or_nowhere(tmp_path: Path, corpus: Path) -> None:
    home = build(tmp_path / "home", corpus)
    identifier, text = passages(home, "puebla")[0]
    assert resolve(home, "puebla:3-9") == (identifier, text, True)
    with pytest.raises(UnknownId, match="no passage at 90000-90010"):
        resolve(home, "puebla:90000-90010")


def test_equal_input_gives_equal_files_and_equal_rankings(tmp_path: Path, corpus: Path) -> None:
    one, two = build(tmp_path / "one", corpus), build(tmp_path / "two", corpus)
    first, second = read_manifest(one.live_folder()), read_manifest(two.live_folder())
    assert first.files == second.files
    assert first.input_hash == second.input_hash
    with Index(one.live_folder(), WordEmbedder()) as a, Index(two.live_folder(), WordEmbedder()) as b:
        for text in ("countries migration", "Managua trafficking children", "theme"):
            found = [i.vectors.search(i.encode_question(text)[0], 10) for i in (a, b)]
            assert [x.tolist() for x in found[0]] == [x.tolist() for x in found[1]]


def test_the_order_of_files_on_disk_does_not_matter(tmp_path: Path) -> None:
    forward = write_documents(tmp_path / "a", TINY_DOCUMENTS)
    backward = write_documents(tmp_path / "b", dict(reversed(TINY_DOCUMENTS.items())))
    one, two = build(tmp_path / "one", forward), build(tmp_path / "two", backward)
    assert read_manifest(one.live_folder()).files == read_manifest(two.live_folder()).files


def test_language_versions_of_a_passage_are_twins_of_each_other(tiny_index: Index) -> None:
    rows = tiny_index.attributes.rows
    twins, lang, variant = (rows[name].tolist() for name in ("twin", "lang", "variant"))
    assert any(twin >= 0 for twin in twins)
    for ordinal, twin in enumerate(twins):
        if twin >= 0:
            assert twins[twin] == ordinal and lang[twin] != lang[ordinal] and variant[twin] == variant[ordinal]
