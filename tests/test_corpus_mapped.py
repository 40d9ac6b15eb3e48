from pathlib import Path
from typing import Any

import numpy as np
import pytest

from corpus.mapped import map_array, map_bytes


def test_an_array_is_mapped_as_it_was_written(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(6).reshape(2, 3))
    mapped = map_array(tmp_path / "a.npy")
    assert mapped.tolist() == [[0, 1, 2], [3, 4, 5]]
    with pytest.raises(ValueError, match="read-only"):
        mapped[0] = 1


def test_a_header_that_two_threads_parsed_at_once_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "a.npy", np.arange(3))
    load, failures = np.load, [SystemError("AST constructor recursion depth mismatch (before=48, after=199)")]

    def fails_once(*args: Any, **kwargs: Any) -> Any:
        if failures:
            raise failures.pop()
        return load(*args, **kwargs)

    monkeypatch.setattr(np, "load", fails_once)
    assert map_array(tmp_path / "a.npy").tolist() == [0, 1, 2]
    assert not failures


def test_an_empty_file_is_mapped_as_no_bytes(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert map_bytes(tmp_path / "empty").tolist() == []
