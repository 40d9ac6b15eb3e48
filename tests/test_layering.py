import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.generations import Home

ROOT = Path(__file__).resolve().parents[1]
MAY_IMPORT = {
    "corpus": set(),
    "index": {"corpus"},
    "qa": {"corpus", "index"},
    "web": {"corpus", "index", "qa"},
    "eval": {"corpus", "index", "qa"},
}
FILES = [(stage, path) for stage in MAY_IMPORT for path in sorted((ROOT / stage).rglob("*.py"))]


def imported(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.module in MAY_IMPORT:
                yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, "." * node.level + (node.module or "")


def loaded_by_name(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ("import_module", "__import__"):
                strings = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
                yield from ((node.lineno, text) for text in strings)


@pytest.mark.parametrize("stage, path", FILES, ids=lambda v: v.relative_to(ROOT).as_posix() if isinstance(v, Path) else v)
def test_a_stage_imports_only_from_the_left(stage: str, path: Path) -> None:
    for line, module in imported(path):
        where = f"{path.relative_to(ROOT)}:{line} imports {module}"
        assert not module.startswith("."), f"{where}: imports are written out"
        top = module.partition(".")[0]
        if top in MAY_IMPORT:
            assert module != top, f"{where}: name the module, never the bare stage"
            assert top == stage or top in MAY_IMPORT[stage], where


@pytest.mark.parametrize("stage, path", FILES, ids=lambda v: v.relative_to(ROOT).as_posix() if isinstance(v, Path) else v)
def test_only_the_commands_load_a_stage_on_the_right_by_name(stage: str, path: Path) -> None:
    for line, name in loaded_by_name(path):
        top = name.partition(".")[0]
        if top in MAY_IMPORT and top != stage and top not in MAY_IMPORT[stage]:
            assert path.parent == ROOT / "qa" / "commands", f"{path.relative_to(ROOT)}:{line} loads {name}"


def test_the_walk_over_the_files_sees_every_stage() -> None:
    assert {stage for stage, _ in FILES} == set(MAY_IMPORT)
    assert ("qa", ROOT / "qa" / "commands" / "ask.py") in FILES
    assert {"corpus.gloss", "numpy"} <= {m for _, m in imported(ROOT / "index" / "searching.py")}
    assert "web.serving" in {name for _, name in loaded_by_name(ROOT / "qa" / "commands" / "serve.py")}


@pytest.mark.parametrize("stage", MAY_IMPORT)
def test_a_stage_package_holds_its_docstring_and_nothing_else(stage: str) -> None:
    body = ast.parse((ROOT / stage / "__init__.py").read_text(encoding="utf-8")).body
    assert len(body) == 1
    assert isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) and isinstance(body[0].value.value, str)


def test_importing_the_stages_costs_nothing() -> None:
    script = (
        "import sys; before = set(sys.modules); import corpus, index, qa, web, eval, qa.commands; "
        "print(sorted(set(sys.modules) - before))"
    )
    found = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert ast.literal_eval(found) == ["corpus", "eval", "index", "qa", "qa.commands", "web"]


def test_no_module_is_named_after_nothing() -> None:
    names = {path.stem for _, path in FILES} | {path.parent.name for _, path in FILES}
    assert not names & {"utils", "util", "helpers", "helper", "common", "core", "base", "misc", "shared"}


def test_every_command_names_a_module_that_can_run_it() -> None:
    from qa.cli import COMMANDS

    for name, (module, what) in COMMANDS.items():
        path = ROOT / (module.replace(".", "/") + ".py")
        assert path.is_file(), name
        assert what and not what.endswith(".")
        functions = {n.name for n in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(n, ast.FunctionDef)}
        assert "run" in functions, name


@pytest.mark.model
def test_asking_in_the_terminal_loads_no_training_library_and_no_web_server(bundled_home: Home) -> None:
    script = (
        "import json, sys\n"
        "from qa.cli import main\n"
        "status = main(['ask', 'When and where was the RCM created?', '--json', '--home', sys.argv[1]])\n"
        "print(json.dumps({'status': status, 'modules': sorted({name.partition('.')[0] for name in sys.modules})}),"
        " file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(bundled_home.path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stderr.strip().splitlines()[-1])
    assert found["status"] == 0
    assert json.loads(done.stdout)["status"] == "answered"
    heavy = {
        "torch",
        "transformers",
        "sentence_transformers",
        "sklearn",
        "pandas",
        "fastapi",
        "matplotlib",
        "uvicorn",
        "scipy",
        "yaml",
    }
    assert not heavy & set(found["modules"])


def test_a_server_starts_without_the_sdk_of_the_protocol_and_without_a_training_library() -> None:
    script = "import sys, web.serving, web.app; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"mcp", "torch", "transformers", "sklearn", "scipy", "matplotlib"} & set(done.stdout.split())
