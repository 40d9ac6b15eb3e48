import logging
import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from tokenizers import Tokenizer

from corpus.tokens import max_tokens, packaged_model
from index.embedders import SentenceTransformerEmbedder, fingerprint_model
from index.errors import BadModel
from index.generations import Home
from index.graph import _OUTPUTS, CHECK_TEXTS, GraphEmbedder, _export, _quantized, settle


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
def test_a_vector_depends_on_neither_threads_nor_neighbours(bundled_home: Home) -> None:
    folder = bundled_home.live_folder() / "model"
    expected = np.concatenate([GraphEmbedder(folder, threads=1).embed([text]) for text in CHECK_TEXTS])
    for threads in (1, 2, 5):
        assert np.array_equal(GraphEmbedder(folder, threads=threads).embed(CHECK_TEXTS), expected)


@pytest.mark.model
@pytest.mark.slow
def test_a_settled_graph_gives_what_one_gives_that_is_optimised_at_each_start(tmp_path: Path) -> None:
    model = packaged_model()
    exact = _export(SentenceTransformerEmbedder(model), model, tmp_path / "float32", fingerprint_model(model), "none")
    [raw] = _quantized(exact, tmp_path, print)
    settled = tmp_path / "settled"
    shutil.copytree(raw, settled)
    settle(settled)
    sizes = {path.name: path.stat().st_size for path in settled.iterdir()}
    assert set(sizes) == {"graph.json", "tokenizer.json", "model.onnx", "weights.bin"}
    assert sizes["model.onnx"] < (raw / "model.onnx").stat().st_size / 10 < sizes["weights.bin"]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(raw / "model.onnx"), options, providers=["CPUExecutionProvider"])
    embedder = GraphEmbedder(settled, threads=1)
    tokenizer = Tokenizer.from_file(str(raw / "tokenizer.json"))
    tokenizer.enable_truncation(max_tokens(model))
    tokenizer.no_padding()
    for text in CHECK_TEXTS:
        ids = np.asarray([tokenizer.encode(text).ids], dtype=np.int64)
        [[vector], [rows]] = session.run(_OUTPUTS[:2], {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        [encoded] = embedder.encode([text])
        assert np.array_equal(encoded.vector, vector / np.linalg.norm(vector))
        assert np.array_equal(encoded.tokens, rows[1:-1])


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
