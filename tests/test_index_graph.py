import logging
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest

from index.errors import BadModel
from index.generations import Home
from index.graph import CHECK_TEXTS, GraphEmbedder, _quantized, settle


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"graph.json": "[]"},
        {"graph.json": '{"dim": 4, "fingerprint": "f", "precision": "int8"}', "tokenizer.json": "{"},
        {"graph.json": '{"dim": 4, "fingerprint": "f", "precision": "int8"}', "tokenizer.json": ""},
    ],
)
def test_damaged_files_of_a_model_are_told_as_such(tmp_path: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(BadModel, match=r"cannot be loaded .*--force"):
        GraphEmbedder(tmp_path)


@pytest.mark.model
@pytest.mark.slow
def test_a_vector_depends_on_neither_threads_nor_neighbours_nor_where_the_weights_lie(bundled_home: Home, tmp_path: Path) -> None:
    live = tmp_path / "live"  # onnx does not read weights that have a second name on the disk, as a generation's have
    shutil.copytree(bundled_home.live_folder() / "model", live)
    for name in ("whole", "settled"):
        (tmp_path / name).mkdir()
        for file in ("graph.json", "tokenizer.json"):
            shutil.copyfile(live / file, tmp_path / name / file)
        onnx.save_model(onnx.load(str(live / "model.onnx")), str(tmp_path / name / "model.onnx"))
    settle(tmp_path / "settled")
    assert {path.name for path in (tmp_path / "settled").iterdir()} == {path.name for path in live.iterdir()}
    sizes = {path.relative_to(tmp_path).as_posix(): path.stat().st_size for path in tmp_path.rglob("*.*") if path.is_file()}
    assert sizes["settled/model.onnx"] < sizes["whole/model.onnx"] / 10 < sizes["settled/weights.bin"]
    expected = np.concatenate([GraphEmbedder(tmp_path / "whole", threads=1).embed([text]) for text in CHECK_TEXTS])
    for folder in (live, tmp_path / "whole", tmp_path / "settled"):
        for threads in (1, 2, 5):
            assert np.array_equal(GraphEmbedder(folder, threads=threads).embed(CHECK_TEXTS), expected)


def test_the_advice_of_the_quantiser_is_not_heard_and_other_messages_are_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def advise(*arguments: object, **options: object) -> None:
        logging.getLogger().warning("consider this")
        raise ValueError("no graph")

    monkeypatch.setattr("onnxruntime.quantization.quantize_dynamic", advise)
    said: list[str] = []
    with caplog.at_level(logging.WARNING):
        assert _quantized(tmp_path, tmp_path, said.append) == []
        logging.getLogger().warning("heard")
    assert said == ["the graph cannot be quantised (no graph)"]
    assert caplog.messages == ["heard"]
