import configparser
import re
from pathlib import Path

import pytest

from qa.settings import Settings, load_settings

ROOT = Path(__file__).parents[1]


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], " ".join(line.split(maxsplit=1)[1].split())) for line in lines]


def environment(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split())


def test_the_image_is_slim_not_root_and_checked() -> None:
    steps = instructions()
    names = [name for name, _ in steps]
    assert set(names) <= {
        "FROM",
        "ARG",
        "ENV",
        "RUN",
        "WORKDIR",
        "COPY",
        "LABEL",
        "USER",
        "EXPOSE",
        "STOPSIGNAL",
        "HEALTHCHECK",
        "ENTRYPOINT",
        "CMD",
    }
    stages = [value for name, value in steps if name == "FROM"]
    assert len(stages) == 2
    assert all("-slim" in stage for stage in stages)
    final = steps[max(n for n, name in enumerate(names) if name == "FROM") :]
    values = dict(final)
    assert values["USER"] not in ("root", "0")
    assert "/health/ready" in values["HEALTHCHECK"]
    assert values["ENTRYPOINT"].startswith("[")
    assert values["CMD"] == '["serve"]'
    assert values["STOPSIGNAL"] == "SIGTERM"
    assert [name for name, _ in final].index("USER") < [name for name, _ in final].index("ENTRYPOINT")


def test_the_image_holds_a_built_index_and_asks_nobody_for_a_model() -> None:
    steps = instructions()
    assert any(name == "RUN" and "rcm-qa build" in value for name, value in steps)
    assert any(name == "COPY" and "/var/lib/rcm-qa" in value and "--chown=rcm:rcm" in value for name, value in steps)
    final = " ".join(
        value for name, value in steps[[n for n, (name, _) in enumerate(steps) if name == "FROM"][-1] :] if name == "ENV"
    )
    assert environment(final)["HF_HUB_OFFLINE"] == "1"


def test_every_folder_that_the_image_copies_exists() -> None:
    for name, value in instructions():
        if name == "COPY" and "--from" not in value:
            for part in value.split()[:-1]:
                assert (ROOT / part).exists(), part


@pytest.mark.parametrize("where", ["Dockerfile", "deploy/rcm-qa.service"])
def test_only_settings_that_exist_are_set(where: str) -> None:
    names = re.findall(r"RCM_QA_([A-Z_]+)=", (ROOT / where).read_text(encoding="utf-8"))
    assert names
    assert {name.lower() for name in names} <= set(Settings.model_fields)


def unit() -> configparser.RawConfigParser:
    class Unit(configparser.RawConfigParser):
        def optionxform(self, optionstr: str) -> str:
            return optionstr

    text = (ROOT / "deploy" / "rcm-qa.service").read_text(encoding="utf-8")
    counted = iter(range(100))
    numbered = re.sub(r"^(Environment|ExecStartPre)=", lambda m: f"{m[1]}.{next(counted)}=", text, flags=re.MULTILINE)
    parser = Unit(interpolation=None, delimiters=("=",))
    parser.read_string(numbered)
    return parser


def test_the_unit_starts_the_server_locked_down() -> None:
    service = unit()["Service"]
    assert set(unit().sections()) == {"Unit", "Service", "Install"}
    assert service["ExecStart"].endswith("/rcm-qa serve")
    assert service["DynamicUser"] == "yes"
    for name in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "RestrictSUIDSGID", "LockPersonality"):
        assert service[name] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["Restart"] == "on-failure"


def test_the_environment_of_the_unit_gives_settings_that_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    values: dict[str, str] = {}
    for name, value in unit()["Service"].items():
        if name.startswith("Environment."):
            values |= environment(value)
    settings = load_settings(environ=values)
    assert (settings.host, settings.port, str(settings.home)) == ("127.0.0.1", 8000, "/var/lib/rcm-qa")
