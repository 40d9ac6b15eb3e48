import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.generations import Home
from qa.cli import COMMANDS
from qa.settings import Settings
from tests.conftest import TINY_DOCUMENTS, write_documents
from tests.web_fixtures import wait_for_server

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def lines_of(language: str) -> list[str]:
    return [line.split("  #")[0].strip() for block in blocks(language) for line in block.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def home(bundled_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the bundled home: these commands change it."""
    copy = tmp_path_factory.mktemp("readme") / "home"
    shutil.copytree(bundled_home.path, copy)
    return copy


def run(line: str, home: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    words = shlex.split(line)
    words[0] = str(BIN / words[0])
    environ = {**os.environ, "RCM_QA_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    return subprocess.run(words, env=environ, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


def test_every_command_that_the_readme_shows_exists() -> None:
    shown = {shlex.split(line)[1] for line in lines_of("sh") if line.startswith("rcm-qa ")}
    assert shown <= set(COMMANDS)
    assert {"ask", "documents", "info", "doctor", "verify", "cite", "rollback", "add", "remove", "eval"} <= shown
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^    make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_the_settings_table_is_the_settings() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| .*? \| (.*?) \|$", README, re.MULTILINE))
    for name, field in Settings.model_fields.items():
        assert rows[name] == field.description


@pytest.mark.model
def test_the_answer_shown_is_the_answer_given(home: Path, tmp_path: Path) -> None:
    line = next(line for line in lines_of("sh") if line.startswith("rcm-qa ask"))
    result = run(line, home, tmp_path)
    assert result.returncode == 0, result.stderr
    plain = re.compile(r"(confidence )\d\.\d+")
    assert plain.sub(r"\1-", result.stdout.strip()) == plain.sub(r"\1-", blocks("text")[0].strip())


@pytest.mark.model
def test_the_commands_for_looking_up_run_as_shown(home: Path, tmp_path: Path) -> None:
    for name in ("documents", "info", "doctor", "verify", "cite"):
        for line in (line for line in lines_of("sh") if line.startswith(f"rcm-qa {name}")):
            result = run(line, home, tmp_path)
            assert result.returncode == 0, (line, result.stderr)
            assert result.stdout.strip()


@pytest.mark.model
@pytest.mark.slow
def test_documents_are_added_rolled_back_and_removed_as_shown(home: Path, tmp_path: Path) -> None:
    write_documents(tmp_path / "path/to/folder", {"own.md": TINY_DOCUMENTS["managua.md"]})
    added = run(next(line for line in lines_of("sh") if line.startswith("rcm-qa add")), home, tmp_path)
    assert added.returncode == 0, added.stderr
    assert "managua" in run("rcm-qa documents", home, tmp_path).stdout
    assert run("rcm-qa rollback", home, tmp_path).returncode == 0
    assert "\nmanagua" not in run("rcm-qa documents", home, tmp_path).stdout
    removal = next(line for line in lines_of("sh") if line.startswith("rcm-qa remove"))
    removed = run(removal.replace("DOCUMENT_ID", "managua"), home, tmp_path)
    assert removed.returncode == 0, removed.stderr


@pytest.mark.model
@pytest.mark.slow
def test_the_evaluation_runs_as_shown(home: Path, tmp_path: Path) -> None:
    beir = tmp_path / "FOLDER"
    (beir / "qrels").mkdir(parents=True)
    corpus = [
        {"_id": f"d{n}", "title": "", "text": f"Text number {n} is about {word}."}
        for n, word in enumerate("rivers birds maps".split())
    ]
    (beir / "corpus.jsonl").write_text("\n".join(json.dumps(item) for item in corpus), encoding="utf-8")
    (beir / "queries.jsonl").write_text(json.dumps({"_id": "q", "text": "What is said about birds?"}) + "\n", encoding="utf-8")
    (beir / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq\td1\t1\n", encoding="utf-8")
    judged = (ROOT / "eval" / "data" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    (tmp_path / "some.jsonl").write_text("\n".join(judged[::40]) + "\n", encoding="utf-8")
    runs = home / "eval" / "runs"
    for line in (line for line in lines_of("sh") if line.startswith("rcm-qa eval")):
        if "compare" in line:
            line = line.replace("RUN_A", str(runs / "run")).replace("RUN_B", str(runs / "run"))
        elif "--beir" not in line and "report" not in line:
            line += f" --questions {tmp_path / 'some.jsonl'}"
        result = run(line, home, tmp_path)
        assert result.returncode == 0, (line, result.stderr)


@pytest.fixture(scope="module")
def server(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    environ = {**os.environ, "RCM_QA_HOME": str(home), "RCM_QA_PORT": "8000"}
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("w") as out:
        process = subprocess.Popen([str(BIN / "rcm-qa"), "serve", "--port", "18743"], env=environ, stdout=out, stderr=out)
        base = "http://127.0.0.1:18743"
        try:
            try:
                wait_for_server(base)
            except AssertionError as error:
                pytest.fail(f"{error}: {log.read_text()[-800:]}")
            yield base
        finally:
            process.terminate()
            process.wait(timeout=30)


@pytest.mark.model
@pytest.mark.slow
def test_the_api_examples_run_as_shown(server: str, tmp_path: Path) -> None:
    line = next(line for line in lines_of("sh") if line.startswith("curl"))
    if shutil.which("curl"):
        words = shlex.split(line.replace("http://127.0.0.1:8000", server))
        answer = json.loads(subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout)
        assert answer["passages"]
    script = blocks("python")[0].replace("http://127.0.0.1:8000", server)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "2014" in done.stdout


def test_the_mcp_configuration_names_the_command() -> None:
    configuration = json.loads(blocks("json")[0])
    (entry,) = configuration["mcpServers"].values()
    assert entry["command"] == "rcm-qa"
    assert entry["args"][0] in COMMANDS
