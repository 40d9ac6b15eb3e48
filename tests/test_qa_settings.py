from pathlib import Path

import pytest

from corpus.chunking import ChunkSettings
from corpus.reading import Limits
from qa.errors import BadSettings
from qa.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(text: str) -> Path:
    path = Path("rcm-qa.toml")
    path.write_text(text)
    return path


def test_without_anything_the_defaults_are_in_force() -> None:
    assert load_settings(environ={}) == Settings()
    assert Settings().chunking() == ChunkSettings() and Settings().limits() == Limits()


def test_a_flag_wins_over_the_environment_over_the_file_over_the_default() -> None:
    write('port = 1111\nhost = "file"\nworkers = 2\n')
    environ = {"RCM_QA_PORT": "2222", "RCM_QA_HOST": "environment", "OTHER": "x"}
    found = load_settings({"port": 3333, "model": None}, environ)
    assert (found.port, found.host, found.workers, found.model) == (3333, "environment", 2, Settings().model)


def test_a_flag_that_was_not_given_changes_nothing() -> None:
    write("port = 1111\n")
    assert load_settings({"port": None}, {}).port == 1111


@pytest.mark.parametrize(
    "flags, environ, text, said",
    [
        ({}, {}, "prot = 1\n", "unknown setting 'prot' in rcm-qa.toml"),
        ({}, {"RCM_QA_PROT": "1"}, "", "unknown setting 'prot' in variable RCM_QA_PROT"),
        ({"prot": 1}, {}, "", "unknown setting 'prot' in --prot"),
        ({}, {"RCM_QA_PORT": "many"}, "", "'port' in variable RCM_QA_PORT is 'many'"),
        ({"port": 70000}, {}, "", "'port' in --port is 70000"),
        ({}, {}, 'gloss = "maybe"\n', "'gloss' in rcm-qa.toml is 'maybe'"),
        ({}, {}, "target_tokens = 3\n", "'target_tokens' in rcm-qa.toml is 3"),
        ({}, {}, "[server]\nport = 1\n", "unknown setting 'server'"),
        ({}, {}, "port = \n", "does not parse"),
    ],
)
def test_a_wrong_setting_stops_with_its_key_its_value_and_where_it_stands(
    flags: dict[str, object], environ: dict[str, str], text: str, said: str
) -> None:
    if text:
        write(text)
    with pytest.raises(BadSettings) as caught:
        load_settings(flags, environ)
    assert said in str(caught.value)


def test_an_unknown_key_is_answered_with_the_known_ones() -> None:
    with pytest.raises(BadSettings, match="known settings: home, corpus, model"):
        load_settings({}, {"RCM_QA_X": "1"})


def test_lists_in_variables_are_parted_by_commas() -> None:
    found = load_settings({}, {"RCM_QA_CORPUS": "a, b,,c/d", "RCM_QA_CORS_ORIGINS": ""})
    assert found.corpus == (Path("a"), Path("b"), Path("c/d"))
    assert found.cors_origins == ()


def test_a_settings_file_that_is_named_must_exist() -> None:
    with pytest.raises(BadSettings, match=r"nowhere\.toml does not exist"):
        load_settings({}, {}, Path("nowhere.toml"))
    assert load_settings({}, {}, write("port = 5\n")).port == 5


def test_settings_reach_the_limits_and_sizes_they_name() -> None:
    found = load_settings({}, {"RCM_QA_MAX_PAGES": "7", "RCM_QA_TARGET_TOKENS": "99", "RCM_QA_MAX_EXPANSION": "11"})
    assert found.limits().max_pages == 7 and found.limits().max_expansion == 11
    assert found.chunking().target_tokens == 99


@pytest.mark.parametrize(
    "gloss, model, expected",
    [
        ("auto", "all-MiniLM-L6-v2", True),
        ("auto", "paraphrase-multilingual-MiniLM-L12-v2", False),
        ("on", "paraphrase-multilingual-MiniLM-L12-v2", True),
        ("off", "all-MiniLM-L6-v2", False),
    ],
)
def test_spanish_is_glossed_unless_the_model_knows_it(gloss: str, model: str, expected: bool) -> None:
    assert load_settings({"gloss": gloss, "model": model}, {}).glossed() is expected


def test_every_setting_says_what_it_is_for() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description and not field.description.endswith("."), name
