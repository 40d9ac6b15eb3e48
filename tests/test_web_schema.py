import re
import subprocess
import sys
from pathlib import Path

import pytest

from qa.live import LiveEngine
from tests.web_fixtures import listening
from web.feedback import Feedback

# positive_data_acceptance: a question of signs alone fits the schema and is refused all the same, with 400.
# ignored_auth: tokens are optional, and this server has none.
LEFT_OUT = "positive_data_acceptance,ignored_auth"


@pytest.mark.slow
def test_nothing_that_the_openapi_document_allows_breaks_its_promises(
    tiny_live: LiveEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.site.Feedback", lambda path, rows: Feedback(tmp_path / "feedback.sqlite", rows))
    with listening(tiny_live) as base:
        command = [
            sys.executable, "-m", "schemathesis.cli", "run", f"{base}/openapi.json", "--checks", "all", "--exclude-checks", LEFT_OUT,
            "--max-examples", "40", "--seed", "7", "--no-color",
        ]  # fmt: skip
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    tested = re.search(r"Tested: (\d+)", done.stdout)
    assert tested is not None
    assert int(tested[1]) == 14, done.stdout[-3000:]
