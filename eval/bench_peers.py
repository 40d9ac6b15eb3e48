"""Other retrieval libraries on the same passages, weights and questions, in turn with this program in one run.

`python -m eval.bench_peers --python PEERS/bin/python --json FILE`. The peers run in child processes of that interpreter;
those that are not installed there are named and skipped. This file is also what the children run, so at its head and in
`PEERS` it imports nothing of the project.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

OURS = ("rcm-qa search", "rcm-qa answer")
K = 10  # results
_QUIET = {
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "ANONYMIZED_TELEMETRY": "False",
    "TRANSFORMERS_VERBOSITY": "error",
}
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"), "1")

Search = Callable[[str], Any]
Start = Callable[[str, Path, list[str] | None], Search]  # model folder, index folder, texts to index (None: open it)


def _sentence_transformers(model: str, folder: Path, texts: list[str] | None, backend: str = "torch") -> Search:
    faiss: Any = import_module("faiss")
    options = {"model_kwargs": {"export": True}} if backend == "onnx" else {}
    encoder = import_module("sentence_transformers").SentenceTransformer(model, device="cpu", backend=backend, **options)
    path = str(folder / "faiss.index")

    def embed(batch: list[str]) -> Any:
        return encoder.encode(batch, normalize_embeddings=True, show_progress_bar=False)

    embed(["a"])
    if texts is not None:
        ingestion_begins()
        index = faiss.IndexFlatIP(384)
        index.add(embed(texts))
        faiss.write_index(index, path)
    index = faiss.read_index(path)
    return lambda question: index.search(embed([question]), K)


def _sentence_transformers_onnx(model: str, folder: Path, texts: list[str] | None) -> Search:
    return _sentence_transformers(model, folder, texts, backend="onnx")


def _langchain(model: str, folder: Path, texts: list[str] | None) -> Search:
    encoder = import_module("langchain_huggingface").HuggingFaceEmbeddings(
        model_name=model, model_kwargs={"device": "cpu"}, encode_kwargs={"normalize_embeddings": True}
    )
    faiss = import_module("langchain_community.vectorstores").FAISS
    encoder.embed_query("a")
    if texts is not None:
        ingestion_begins()
        faiss.from_texts(texts, encoder).save_local(str(folder))
    store = faiss.load_local(str(folder), encoder, allow_dangerous_deserialization=True)
    return lambda question: store.similarity_search(question, k=K)


def _llamaindex(model: str, folder: Path, texts: list[str] | None) -> Search:
    core = import_module("llama_index.core")
    stores = import_module("llama_index.vector_stores.faiss").FaissVectorStore
    encoder = import_module("llama_index.embeddings.huggingface").HuggingFaceEmbedding(model_name=model, device="cpu")
    encoder.get_query_embedding("a")
    if texts is not None:
        ingestion_begins()
        storage = core.StorageContext.from_defaults(vector_store=stores(import_module("faiss").IndexFlatIP(384)))
        nodes = [core.schema.TextNode(text=text, id_=str(n)) for n, text in enumerate(texts)]
        core.VectorStoreIndex(nodes, storage_context=storage, embed_model=encoder).storage_context.persist(str(folder))
    kept = stores.from_persist_dir(str(folder))
    storage = core.StorageContext.from_defaults(vector_store=kept, persist_dir=str(folder))
    retriever = core.load_index_from_storage(storage, embed_model=encoder).as_retriever(similarity_top_k=K)
    return lambda question: retriever.retrieve(question)


def _chroma(model: str, folder: Path, texts: list[str] | None) -> Search:
    chromadb = import_module("chromadb")
    functions = import_module("chromadb.utils.embedding_functions")
    encoder = functions.SentenceTransformerEmbeddingFunction(model_name=model, device="cpu", normalize_embeddings=True)
    encoder(["a"])
    collection = chromadb.PersistentClient(str(folder)).get_or_create_collection("passages", embedding_function=encoder)
    if texts is not None:
        ingestion_begins()
        collection.add(ids=[str(n) for n in range(len(texts))], documents=texts)
    return lambda question: collection.query(query_texts=[question], n_results=K)


def _txtai(model: str, folder: Path, texts: list[str] | None) -> Search:
    index = import_module("txtai").Embeddings(path=model, hybrid=True, content=True, gpu=False)
    if texts is not None:
        index.batchtransform(["a"])
        ingestion_begins()
        index.index(texts)
        index.save(str(folder / "txtai"))
    else:
        index.load(str(folder / "txtai"))
    return lambda question: index.search(question, K)


def _ours(answer: bool, home: Path, texts: list[str] | None) -> Search:
    from eval.bench_answers import measure_ingestion
    from qa.live import open_engine
    from qa.settings import load_settings
    from qa.timing import Timing

    settings = load_settings({"home": home})
    engine = open_engine(settings.home, settings)
    if texts is not None:
        ingestion_begins(measure_ingestion(engine, settings)["seconds"])
    if answer:
        return lambda question: engine.answer(question, k=K)
    return lambda question: engine.search(engine.understand(question), Timing())


PEERS: dict[str, Start] = {
    "sentence-transformers + FAISS": _sentence_transformers,
    "sentence-transformers (onnx) + FAISS": _sentence_transformers_onnx,
    "LangChain + FAISS": _langchain,
    "LlamaIndex + FAISS": _llamaindex,
    "Chroma": _chroma,
    "txtai hybrid": _txtai,
    OURS[0]: lambda model, home, texts: _ours(False, home, texts),
    OURS[1]: lambda model, home, texts: _ours(True, home, texts),
}
_clock: list[float] = []  # when ingestion began, once imports and model were there


def ingestion_begins(seconds: float | None = None) -> None:
    """Note that ingestion begins now, or how many seconds it took where that was measured elsewhere."""
    _clock.append(time.perf_counter() if seconds is None else time.perf_counter() - seconds)


def child(name: str, folder: Path, material: Path, ingest: bool) -> None:
    """Index the passages and say how long it took, or answer the questions whose numbers come in, in milliseconds each."""
    data = json.loads(material.read_text(encoding="utf-8"))
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever libraries print goes elsewhere
    search = PEERS[name](data["model"], folder, data["texts"] if ingest else None)
    if ingest:
        print(time.perf_counter() - _clock[0], file=out)
        return
    search(data["questions"][0])
    print("ready", file=out)
    for line in sys.stdin:
        start = time.perf_counter()
        search(data["questions"][int(line)])
        print((time.perf_counter() - start) * 1000, file=out)


def measure(
    python: str, home: Path, most: int, rounds: int, say: Callable[[str], None], passages: int | None = None
) -> dict[str, Any]:
    """Every peer with one thread and with as many as it takes by itself, question by question in turn.

    `passages` limits what the peers index (this program searches its whole index, so that a limit favours them).
    """
    from corpus.tokens import packaged_model
    from eval.bench_answers import choose_questions, quantiles
    from eval.bench_memory import resident
    from eval.bench_processes import child_environment, last_line
    from qa.live import open_engine
    from qa.settings import load_settings

    settings = load_settings({"home": home})
    every = [text for _, text in open_engine(settings.home, settings).index.store.passage_ids()]
    texts = every[:passages]
    questions = [text for text, _ in choose_questions(most=most)]
    report: dict[str, Any] = {"passages": len(texts), "questions": len(questions), "rounds": rounds, "skipped": {}, "rows": []}

    def run(name: str, folder: Path, mode: str, one: bool) -> subprocess.Popen[str]:
        mine = name in OURS
        environment = child_environment(**_QUIET, **(_ONE_THREAD if one else {}))
        if not mine:
            environment.pop("PYTHONPATH")
        # By path and from elsewhere: neither this folder, with its statistics.py, nor the project is on the peers' path.
        start = f"import runpy, sys; sys.argv[0] = {__file__!r}; runpy.run_path(sys.argv[0], run_name='__main__')"
        command = [sys.executable if mine else python, "-c", start, "--child", name, mode, str(folder), str(material)]
        with said.open("w") as errors:
            return subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment, cwd=work
            )

    with tempfile.TemporaryDirectory(prefix="rcm-peers-") as work:
        material, said = Path(work) / "material.json", Path(work) / "said"
        material.write_text(
            json.dumps({"model": str(packaged_model()), "texts": texts, "questions": questions}), encoding="utf-8"
        )
        indexed: dict[str, float] = {}  # seconds; with default threads, for both passes
        for one in (False, True):
            rows: dict[str, dict[str, Any]] = {}
            with ExitStack() as stack:
                running: dict[str, subprocess.Popen[str]] = {}
                for name in PEERS:
                    if name in report["skipped"]:
                        continue
                    folder = home.absolute() if name in OURS else Path(work) / f"{list(PEERS).index(name)}"
                    say(f"{name}, {'one thread' if one else 'default threads'}")
                    if name == OURS[1] and OURS[0] in indexed:
                        indexed[name] = indexed[OURS[0]]
                    if name not in indexed:
                        folder.mkdir(exist_ok=True)
                        seconds, _ = run(name, folder, "ingest", one).communicate()
                        if not seconds:
                            report["skipped"][name] = last_line(said.read_text(encoding="utf-8", errors="replace"))
                            continue
                        indexed[name] = float(seconds)
                    start = time.perf_counter()
                    process = stack.enter_context(run(name, folder, "search", one))
                    assert process.stdout is not None
                    process.stdout.readline()
                    count = len(every) if name in OURS else len(texts)
                    rows[name] = {"first_s": time.perf_counter() - start, "passages_per_s": count / indexed[name]}
                    running[name] = process
                took: dict[str, list[float]] = {name: [] for name in running}
                for number in range(rounds + 1):
                    for at in range(len(questions)):
                        for name, process in running.items():
                            assert process.stdin is not None and process.stdout is not None
                            process.stdin.write(f"{at}\n")
                            process.stdin.flush()
                            found = float(process.stdout.readline())
                            if number:  # the first round warms caches
                                took[name].append(found)
                for name, process in running.items():
                    memory = resident(process.pid)
                    report["rows"].append(
                        {"name": name, "threads": "one" if one else "default", **rows[name], **quantiles(took[name]), **memory}
                    )
                    assert process.stdin is not None
                    process.stdin.close()
    return report


def show(report: dict[str, Any]) -> str:
    """The report as a table; `x` is the median of this program's search with the same number of threads."""
    lines = [f"{'':38}{'threads':>8}{'p50 ms':>9}{'p95 ms':>9}{'x':>7}{'first s':>9}{'MiB':>7}{'passages/s':>12}"]
    for row in sorted(report["rows"], key=lambda row: (row["threads"] != "one", row["p50_ms"])):
        ours = next(r["p50_ms"] for r in report["rows"] if r["name"] == OURS[0] and r["threads"] == row["threads"])
        lines.append(
            f"{row['name']:38}{row['threads']:>8}{row['p50_ms']:9.2f}{row['p95_ms']:9.2f}{row['p50_ms'] / ours:7.2f}"
            f"{row['first_s']:9.2f}{row['rss_mib']:7.0f}{row['passages_per_s']:12.1f}"
        )
    lines += [f"skipped: {name} ({why})" for name, why in report["skipped"].items()]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Run the comparison, or one child of it: 0 when done."""
    if arguments[:1] == ["--child"]:
        _, name, mode, folder, material = arguments
        child(name, Path(folder), Path(material), mode == "ingest")
        return 0
    parser = argparse.ArgumentParser(prog="python -m eval.bench_peers", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the peers (default: this one)")
    parser.add_argument("--home", type=Path, default=Path("var"), help="folder of the index")
    parser.add_argument("--json", type=Path, help="file for all figures")
    parser.add_argument("--most", type=int, default=30, help="questions of each language")
    parser.add_argument("--rounds", type=int, default=3, help="times that each question counts")
    parser.add_argument("--passages", type=int, help="limit of what the peers index (default: all)")
    options = parser.parse_args(arguments)

    def say(line: str) -> None:
        print(f"{line} ...", file=sys.stderr, flush=True)

    report = measure(options.python, options.home, options.most, options.rounds, say, options.passages)
    print(show(report))
    if options.json is not None:
        options.json.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
