"""The same weights as an ONNX graph: several times faster than PyTorch, and served without it."""

import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from corpus.tokens import max_tokens
from index.embedders import Embedder, SentenceTransformerEmbedder, Vectors, fingerprint_model
from index.errors import BadModel
from index.projecting import projection_name, projection_of
from index.tokens import Encoded

_FORMAT = 4
_OUTPUTS = ["sentence_embedding", "token_vectors", "token_importance"]
# What the graph is checked on before it is used: short and long, both languages, names and numbers.
CHECK_TEXTS = (
    "When and where was the Regional Conference on Migration created?",
    "Which countries are members?",
    "who chaired the fifteenth meeting",
    "The vice-ministers approved the annual work plan and the budget of the secretariat in San José.",
    "human trafficking and smuggling of migrants along the southern border of Mexico in 2014",
    "¿Qué países integran la Conferencia Regional sobre Migración?",
    "Consular protection of migrant workers, return and reintegration of unaccompanied children and adolescents "
    "in the countries of origin, transit and destination, with attention to their best interest.",
    "weather forecast for tomorrow",
    "The committee of experts published its report on climate, disasters and displacement across borders.",
    "remittances sent by women to Central America",
    "Officials of eleven governments met for four days to exchange experience on migration and development, and "
    "agreed to strengthen the liaison officer networks, to share information on visas, and to hold a seminar on "
    "integration with international organizations and civil society as observers. " * 3,
    "a",
)


class GraphEmbedder:
    """An exported model run by onnxruntime, tokenised by `tokenizers`; neither torch nor transformers is imported."""

    def __init__(self, folder: Path, threads: int | None = None) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self.folder = folder
        options = onnxruntime.SessionOptions()
        self._threads = threads or len(os.sched_getaffinity(0))
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # see `settle`
        try:
            record = json.loads((folder / "graph.json").read_text(encoding="utf-8"))
            self._dim = int(record["dim"])
            self._fingerprint = str(record["fingerprint"])
            self.precision = str(record["precision"])
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._tokenizer.enable_truncation(int(record["max_tokens"]))
            self._tokenizer.no_padding()
            self._session: Any = onnxruntime.InferenceSession(
                str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # tokenizer and runtime raise classes of their own for damaged files
            problem = " ".join(str(error).split())[:200] or type(error).__name__
            raise BadModel(f"the graph in {folder} cannot be loaded ({problem}); run `rcm-qa build --force`") from None
        self._wants = {item.name for item in self._session.get_inputs()}

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._dim

    @property
    def fingerprint(self) -> str:
        """Identity of weights, runtime and precision."""
        return self._fingerprint

    def embed(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """(n, dim) float32, unit rows, one text at a time on every core.

        Not in batches: 8-bit ranges are taken over a whole batch, so that a vector would depend on its neighbours,
        and short texts would be padded to the longest. One text already fills a core.
        """
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        out = np.empty((len(texts), self.dim), dtype=np.float32)

        def run(row: int) -> None:
            out[row] = self._run(tokens[row], _OUTPUTS[:1])[0]
            if progress:
                progress(1)

        if len(texts) == 1:
            run(0)
        else:
            with ThreadPoolExecutor(self._threads) as pool:
                list(pool.map(run, range(len(texts))))
        return out

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> list[Encoded]:
        """Vector and tokens of each text, from one pass of the model; one text at a time on every core."""
        encodings = self._tokenizer.encode_batch(list(texts))
        out: list[Encoded] = []

        def run(encoding: Any) -> Encoded:
            vector, rows, importance = self._run(encoding.ids, _OUTPUTS)
            words = np.asarray([-1 if word is None else word for word in encoding.word_ids], dtype=np.int32)
            kept = np.flatnonzero(words >= 0)
            numbers, own = np.unique(words[kept], return_inverse=True)
            return Encoded(
                vector=vector,
                pieces=np.asarray(encoding.ids, dtype=np.int32)[kept],
                words=own.astype(np.int32),
                spans=tuple(encoding.word_to_chars(int(number)) for number in numbers),
                tokens=rows[kept],
                importance=importance[kept],
            )

        if len(texts) == 1:
            return [run(encodings[0])]
        with ThreadPoolExecutor(self._threads) as pool:
            for encoded in pool.map(run, encodings):
                out.append(encoded)
                if progress:
                    progress(1)
        return out

    def _run(self, tokens: list[int], outputs: list[str]) -> list[Any]:
        ids = np.asarray([tokens], dtype=np.int64)
        feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        found = self._session.run(outputs, {k: v for k, v in feeds.items() if k in self._wants})
        vector, *rest = (part[0] for part in found)
        return [vector / max(float(np.linalg.norm(vector)), 1e-12), *rest]


def make_graph(model_folder: Path, graphs: Path, say: Callable[[str], None] = lambda line: None) -> Embedder:
    """The fastest embedder of a model that keeps its vectors: a graph in 8-bit or 32-bit numbers, else sentence-transformers.

    Exported once for a model and kept in `graphs`. A graph is used only if its vectors have a mean cosine of at least
    0.99 with the reference (and 0.98 for the worst text) on CHECK_TEXTS.
    """
    identity = fingerprint_model(model_folder)
    projection = projection_name(identity)
    target = graphs / f"{identity}-{projection}-v{_FORMAT}-settled"
    if (target / "graph.json").is_file():
        return GraphEmbedder(target)
    reference = SentenceTransformerEmbedder(model_folder)
    graphs.mkdir(parents=True, exist_ok=True)
    expected = reference.embed(CHECK_TEXTS)
    with tempfile.TemporaryDirectory(dir=graphs, prefix=".export-") as work:
        try:
            exact = _export(reference, model_folder, Path(work) / "float32", identity, projection)
        except Exception as error:  # an exporter fails in as many ways as there are models
            say(f"this model cannot be exported as a graph ({str(error).splitlines()[0][:120]}); sentence-transformers runs it")
            return reference
        chosen: tuple[float, Path] | None = None
        for folder in (exact, *_quantized(exact, Path(work), say)):
            seconds = _settle_and_check(folder, expected, say)
            if seconds is not None and (chosen is None or seconds < chosen[0]):
                chosen = (seconds, folder)
        if chosen is None:
            say("no graph of this model gives its vectors; sentence-transformers runs it")
            return reference
        for old in graphs.glob(f"{identity}-*"):
            shutil.rmtree(old, ignore_errors=True)  # of an earlier program; generations have links of their own
        chosen[1].replace(target)
    return GraphEmbedder(target)


def _export(
    reference: SentenceTransformerEmbedder, model_folder: Path, folder: Path, identity: str, projection_name: str
) -> Path:
    import warnings

    import torch

    projection, importance = projection_of(identity, reference.model)
    model = reference.model.requires_grad_(False)
    for part in model.modules():
        if hasattr(part, "set_attn_implementation"):
            part.set_attn_implementation("eager")  # the fused kernel traces to operators that the graph format lacks

    class Encoding(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model  # as a part, so that its weights are initializers that can be quantised
            whole = np.hstack((projection, importance))
            self.projection = torch.nn.Parameter(torch.from_numpy(whole), requires_grad=False)

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            found = self.model({"input_ids": input_ids, "attention_mask": attention_mask})
            normalize = torch.nn.functional.normalize
            tokens = found["token_embeddings"] @ self.projection
            vectors = normalize(tokens[:, :, :-2], dim=-1)
            return normalize(found["sentence_embedding"], dim=-1), vectors, tokens[:, :, -2:]

    folder.mkdir(parents=True)
    ids = torch.ones(2, 8, dtype=torch.long)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Encoding().eval(),
            (ids, ids),
            str(folder / "model.onnx"),
            input_names=["input_ids", "attention_mask"],
            output_names=_OUTPUTS,
            dynamic_axes={
                "input_ids": {0: "n", 1: "l"},
                "attention_mask": {0: "n", 1: "l"},
                "sentence_embedding": {0: "n"},
                "token_vectors": {0: "n", 1: "l"},
                "token_importance": {0: "n", 1: "l"},
            },
            opset_version=17,
            dynamo=False,
        )
    shutil.copyfile(model_folder / "tokenizer.json", folder / "tokenizer.json")
    record = {"dim": reference.dim, "max_tokens": max_tokens(model_folder), "precision": "float32"}
    _write_record(folder, record, f"{identity}-{projection_name}")
    return folder


def settle(folder: Path) -> None:
    """Optimise a graph once and for all, its weights in `weights.bin` beside it: the runtime maps that file, where it copies what
    is inside, and need not optimise at each start.

    The vectors are the same to the bit; all processes share the pages, and of the word table only those in use are read. The
    optimisations are those that hold for every processor.
    """
    import onnxruntime

    raw = folder / "raw.onnx"
    (folder / "model.onnx").replace(raw)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(folder / "model.onnx")
    options.add_session_config_entry("session.optimized_model_external_initializers_file_name", "weights.bin")
    options.add_session_config_entry("session.optimized_model_external_initializers_min_size_in_bytes", "1024")
    onnxruntime.InferenceSession(str(raw), options, providers=["CPUExecutionProvider"])
    raw.unlink()


def _write_record(folder: Path, record: dict[str, Any], identity: str) -> None:
    whole = {**record, "identity": identity, "fingerprint": f"{identity}-onnx-{record['precision']}-v{_FORMAT}"}
    (folder / "graph.json").write_text(json.dumps(whole), encoding="utf-8")


def _quantized(exact: Path, work: Path, say: Callable[[str], None]) -> list[Path]:
    """8-bit weights per channel, activations quantised as they come; 7 bits are used of the weights, so no sum overflows."""
    everything = logging.getLogger()
    level = everything.level
    everything.setLevel(logging.ERROR)  # the quantiser gives its advice there
    try:
        from onnxruntime.quantization import QuantType, quantize_dynamic

        folder = work / "int8"
        folder.mkdir()
        quantize_dynamic(
            str(exact / "model.onnx"),
            str(folder / "model.onnx"),
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
        )
    except Exception as error:
        say(f"the graph cannot be quantised ({str(error).splitlines()[0][:120]})")
        return []
    finally:
        everything.setLevel(level)
    shutil.copyfile(exact / "tokenizer.json", folder / "tokenizer.json")
    record = json.loads((exact / "graph.json").read_text(encoding="utf-8"))
    _write_record(folder, {**record, "precision": "int8"}, record["identity"])
    return [folder]


def _settle_and_check(folder: Path, expected: Vectors, say: Callable[[str], None]) -> float | None:
    """Seconds that the graph, settled, takes for CHECK_TEXTS one by one; None where its vectors are not the reference's."""
    try:
        settle(folder)
        embedder = GraphEmbedder(folder, threads=1)
        found = embedder.embed(CHECK_TEXTS)
    except Exception as error:
        say(f"the {folder.name} graph does not run ({str(error).splitlines()[0][:120]})")
        return None
    cosines = np.einsum("ij,ij->i", found, expected)
    if cosines.mean() < 0.99 or cosines.min() < 0.975:
        say(f"the {folder.name} graph is not exact enough (mean cosine {cosines.mean():.4f}); a more exact one is taken")
        return None
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for text in CHECK_TEXTS:
            embedder.embed([text])
        best = min(best, time.perf_counter() - start)
    say(f"the {folder.name} graph takes {best / len(CHECK_TEXTS) * 1000:.1f} ms a text, mean cosine {cosines.mean():.4f}")
    return best
