import pytest

from index.generations import Home
from qa.cli import main


@pytest.mark.model
@pytest.mark.slow
def test_quality_has_not_fallen_below_the_committed_reference(bundled_home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "check", "--index", str(bundled_home.path), "--home", str(bundled_home.path)]) == 0
    assert capsys.readouterr().out.strip()
