"""Documents to a new generation: built beside the live one, checked, then switched."""

import hashlib
import json
import os
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus import glossary, lexicon
from corpus.chunking import Chunker, ChunkSettings, no_gloss
from corpus.gloss import AskedGloss, write_gloss
from corpus.loading import Collection
from corpus.records import LANGS, Document, Lang, Passage
from corpus.tokens import ModelTokens, max_tokens
from corpus.words import WordCounts, add_counts, count_words
from index.analysis import Analyzer
from index.cache import EmbeddingCache, text_key
from index.embedders import Embedder, Vectors, fingerprint_model, resolve_model
from index.errors import BuildRefused, IndexError_
from index.filters import make_attributes
from index.generations import Home
from index.graph import GraphEmbedder, make_graph
from index.lexical import LexicalIndex
from index.manifest import FORMAT, ChunkRecord, Counts, Manifest, ModelRecord, read_manifest, write_manifest
from index.projecting import projection_name
from index.searching import LEFT_OUT, TWIN_COSINE, Index
from index.store import Store, write_store
from index.synonyms import stem_thesaurus, write_synonyms
from index.tokens import TOKENS_UP_TO, write_tokens
from index.vectors import write_vectors
from index.vocabulary import write_vocabulary
from index.weighing import FieldWriter, Weighed, weigh_english, weigh_spanish
from index.work import (
    Cut,
    DocumentWork,
    WorkCache,
    forget_leftovers,
    hash_document,
    pack_cut,
    pack_passages,
    pack_thesaurus,
    pack_weighed,
    pack_words,
    unpack_cut,
    unpack_keys,
    unpack_thesaurus,
    unpack_weighed,
    unpack_words,
)


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """What decides how an index is made, beside the documents."""

    model: str
    chunking: ChunkSettings = field(default_factory=ChunkSettings)
    gloss: bool = True  # embed Spanish as its English gloss; off for a multilingual embedder


@dataclass(slots=True)
class BuildReport:
    """What a build did, for the person who started it."""

    generation: str
    unchanged: bool
    manifest: Manifest


Progress = Callable[[str, int, int], None]  # stage, done, total


def _quiet(stage: str, done: int, total: int) -> None:
    pass


class _Clock:
    """Seconds per stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - start, 3)


@contextmanager
def _taking_turns_often() -> Iterator[None]:
    """Threads that embed wait half a millisecond for the interpreter, not five: about as long as a short text takes them.

    A setting of the whole process, put back at the end.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def corpus_hash(documents: Iterable[bytes]) -> str:
    """Hash of everything that documents say, by their hashes in order of id."""
    return hashlib.sha256(b"".join(documents)).hexdigest()


def _language_data_hash() -> str:
    digest = hashlib.sha256()
    for path in sorted([*lexicon.FOLDER.glob("[!.]*.*"), glossary.PATH]):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _hash_json(value: object) -> bytes:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).digest()


def _place_graph(embedder: Embedder, folder: Path) -> None:
    """Put the graph that made the vectors into the generation, without a second copy where the disk allows."""
    if isinstance(embedder, GraphEmbedder):
        folder.mkdir()
        for file in sorted(embedder.folder.iterdir()):
            try:
                os.link(file, folder / file.name)
            except OSError:
                shutil.copyfile(file, folder / file.name)


def build_generation(
    collection: Collection,
    home: Home,
    settings: BuildSettings,
    *,
    force: bool = False,
    forget: bool = False,
    embedder: Embedder | None = None,
    progress: Progress = _quiet,
    say: Callable[[str], None] = lambda line: None,
) -> BuildReport:
    """Build, check and switch to a new generation; nothing happens when the live one was made of the same input.

    `forget` drops the previous generation too, so that a removed document leaves no trace. Raises BuildRefused when
    there is nothing to index, when another build runs, or when the new generation fails its check; the live one stays.
    """
    if not collection.documents:
        raise BuildRefused("no document could be read; name a folder with .md, .html, .txt, .pdf or .docx files")
    model_folder = resolve_model(settings.model)
    hashes = [hash_document(document) for document in collection.documents]
    identity = fingerprint_model(model_folder)
    described = {"format": FORMAT, "model": identity, "settings": asdict(settings), "language": _language_data_hash()}
    basis = _hash_json(described)  # of what is made of a document, beside the document
    input_hash = _hash_json({**described, "corpus": corpus_hash(hashes), "projection": projection_name(identity)}).hex()
    with home.build_lock():
        home.prune()
        live = home.live_name()
        if live is not None and not force:
            try:
                manifest = read_manifest(home.live_folder())
            except IndexError_:
                manifest = None
            if manifest is not None and manifest.input_hash == input_hash:
                if forget:
                    _forget(home)
                return BuildReport(live, True, manifest)
        now = datetime.now(UTC)
        name = f"{now:%Y%m%dT%H%M%S}-{input_hash[:8]}"
        while (home.generations / name).exists():
            name += "x"
        folder = home.generations / f".building-{name}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            manifest = _write(
                collection, home, folder, name, now, settings, model_folder, hashes, basis, input_hash, embedder, progress, say
            )
            _sync(folder)
            final = home.generations / name
            folder.rename(final)
            progress("check", 0, 1)
            try:
                check_generation(final)
            except IndexError_:
                shutil.rmtree(final, ignore_errors=True)
                raise
            progress("check", 1, 1)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise BuildRefused(f"the index could not be written ({error.strerror or error}); the live one is as it was") from None
        except sqlite3.Error as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise BuildRefused(
                f"the index could not be built: a file of {home.cache} or of the new index cannot be read or written ({error}); "
                "the live one is as it was; see that the disk has room, delete that folder if this goes on, and build again"
            ) from None
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        _keep_anchors(home, final)
        home.switch(name)
        if forget:
            _forget(home)
    return BuildReport(name, False, manifest)


def _forget(home: Home) -> None:
    """Leave nothing of what is not in the live generation."""
    home.forget_previous()
    forget_leftovers(home.cache)


def _write(
    collection: Collection,
    home: Home,
    folder: Path,
    name: str,
    now: datetime,
    settings: BuildSettings,
    model_folder: Path,
    hashes: Sequence[bytes],
    basis: bytes,
    input_hash: str,
    embedder: Embedder | None,
    progress: Progress,
    say: Callable[[str], None],
) -> Manifest:
    clock = _Clock()
    documents = collection.documents
    with clock.stage("model"):
        progress("model", 0, 1)
        embedder = embedder or make_graph(model_folder, home.cache / "graphs", say)
        _place_graph(embedder, folder / "model")
        progress("model", 1, 1)
    with (
        _taking_turns_often(),
        closing(EmbeddingCache(home.cache, embedder)) as cache,
        closing(WorkCache(home.cache / "documents.sqlite")) as kept,
    ):
        # Passages are embedded in other threads from here on. English ones need no gloss and come first, so that the
        # lexicon is compiled and terms are weighed while the embedder works.
        work = DocumentWork(kept, basis)
        tokens = ModelTokens(model_folder)
        cut: list[Cut] = [Cut([], [], [], [])] * len(documents)
        done = wanted = 0

        def cut_documents(lang: Lang, gloss: AskedGloss | None) -> None:
            nonlocal done, wanted
            for at, document in enumerate(documents):
                if document.lang == lang:
                    wanted, cut[at] = _find_cut(work, cache, document, hashes[at], settings, tokens, gloss, wanted)
                    done += 1
                    progress("chunk", done, len(documents))

        with clock.stage("chunk"):
            cut_documents("en", None)
        with clock.stage("gloss"):
            progress("gloss", 0, 1)
            words = {lang: _count_words(work, documents, hashes, lang) for lang in LANGS}
            names = lexicon.find_names(words["en"], words["es"])
            write_vocabulary(folder, add_counts(words.values()))
            used = lexicon.count_folded(words["en"])
            write_gloss(folder / "gloss", lexicon.compile_lexicon(names, english=used), _english_words(model_folder, used))
            gloss = AskedGloss(folder / "gloss")
            progress("gloss", 1, 1)
        with clock.stage("chunk"):
            cut_documents("es", gloss)
        passages = [(at, passage) for at, part in enumerate(cut) for passage in part.passages]
        if not passages:
            raise BuildRefused("the documents hold no passage to index")
        with clock.stage("terms"):
            analyzer = Analyzer(glossary.load_glossary(), gloss)
            english, spanish = FieldWriter(), FieldWriter()
            for at, document in enumerate(documents):
                in_english, in_spanish = _find_weighed(work, document, hashes[at], cut[at].passages, analyzer, gloss)
                english.add(in_english)
                spanish.add(in_spanish)
                if at % 64 == 63 or at + 1 == len(documents):
                    progress("terms", at + 1, len(documents))
            english.write(folder, "english")
            spanish.write(folder, "spanish")
            del english, spanish
            known = LexicalIndex(folder / "english").terms()
            thesaurus = unpack_thesaurus(work.find("thesaurus", b"", lambda: pack_thesaurus(stem_thesaurus())))
            write_synonyms(folder / "synonyms", {term: number for number, term in enumerate(known)}, thesaurus)
            _write_left_out(folder, collection, analyzer, frozenset(known))
        with clock.stage("store"):
            write_store(folder / "documents.sqlite", documents, passages)
            attributes, tables = make_attributes(documents, passages)
        with clock.stage("embed"):
            hashed = _hash_files(folder, {})  # what is written so far, while the embedder works: nothing waits for it later
            keys = [key for part in cut for key in part.embedded] + [key for part in cut for key in part.sentences]
            # Tokens of a large collection would take more room than all else together.
            with_tokens = len(passages) if len(passages) <= TOKENS_UP_TO else 0
            found = cache.gather(keys, with_tokens, lambda done, total: progress("embed", done, total))
            vectors = found.vectors
            cache.keep_only(keys)
            work.forget_others()
    with clock.stage("vectors"):
        vector_kind = write_vectors(folder, vectors[: len(passages)])
        np.save(folder / "sentences.npy", vectors[len(passages) :].astype(np.float16))
        if found.tokens:
            sizes = iter([size for part in cut for size in part.tokens])
            counts = [[next(sizes) for _ in passage.sentences] for _, passage in passages]
            write_tokens(folder / "tokens", found.pieces, found.tokens, counts)
        attributes["twin"] = find_twins(attributes, vectors)
        np.save(folder / "attributes.npy", attributes)
        (folder / "names.json").write_text(json.dumps(tables, ensure_ascii=False), encoding="utf-8")
    years = [d.year for d in documents if d.year]
    manifest = Manifest(
        format=FORMAT,
        generation=name,
        built_at=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        corpus_hash=corpus_hash(hashes),
        input_hash=input_hash,
        model=ModelRecord(
            name=settings.model,
            runtime="onnx" if isinstance(embedder, GraphEmbedder) else "sentence-transformers",
            precision=embedder.precision,
            dim=embedder.dim,
            max_tokens=max_tokens(model_folder),
            fingerprint=embedder.fingerprint,
            glossed=settings.gloss,
        ),
        chunking=ChunkRecord(**asdict(settings.chunking)),
        counts=Counts(
            documents=len(documents),
            passages=len(passages),
            sentences=sum(len(p.sentences) for _, p in passages),
            skipped=len(collection.skipped),
            removed_lines=len(collection.removed),
            embedded=found.fresh,
            words=sum(len(d.text.split()) for d in documents),
        ),
        files=_hash_files(folder, hashed),
        versions={
            package: _version(package)
            for package in ("faiss-cpu", "onnxruntime", "sentence-transformers", "torch", "numpy", "PyStemmer")
        },
        seconds=clock.seconds,
        vector_kind=vector_kind,
        years=(min(years), max(years)) if years else None,
    )
    write_manifest(folder, manifest)
    return manifest


def _write_left_out(folder: Path, collection: Collection, analyzer: Analyzer, known: Set[str]) -> None:
    """Write which terms stand only in what cleaning took out, with the title of the first document that had them."""
    titles = {document.path: document.title or document.id for document in collection.documents}
    found: dict[str, str] = {}
    for item in collection.removed:
        for term in analyzer.english_terms(item.text, "en"):
            if term.term not in known and item.path in titles:
                found.setdefault(term.term, titles[item.path])
    (folder / LEFT_OUT).write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")


def _find_cut(
    work: DocumentWork,
    cache: EmbeddingCache,
    document: Document,
    document_hash: bytes,
    settings: BuildSettings,
    tokens: ModelTokens,
    gloss: AskedGloss | None,
    before: int,
) -> tuple[int, Cut]:
    """The number of passages with those of this document, after `before` others, and how the document is cut.

    Its texts are in the cache of embeddings, or on their way.
    """

    def make() -> list[bytes]:
        chunker = Chunker(tokens, settings.chunking, gloss.gloss_text if gloss is not None and settings.gloss else no_gloss)
        passages = chunker.chunk_document(document)
        embedded = [chunker.embedded(document, passage) for passage in passages]
        spans = [document.text[a:b] for passage in passages for a, b in passage.sentences]
        sentences = [chunker.gloss(text, document.lang) for text in spans]
        cache.prepare(embedded, with_tokens=before + len(passages) <= TOKENS_UP_TO)
        cache.prepare(sentences)
        sizes = [chunker.count(text, document.lang) for text in spans]
        return pack_cut(Cut(passages, [text_key(text) for text in embedded], [text_key(text) for text in sentences], sizes))

    def is_embedded(parts: list[bytes]) -> bool:
        embedded, sentences = unpack_keys(parts)
        return cache.holds(embedded, before + len(embedded) <= TOKENS_UP_TO) and cache.holds(sentences)

    cut = unpack_cut(document, work.find("passages", document_hash, make, gloss, is_embedded))
    return before + len(cut.passages), cut


def _count_words(work: DocumentWork, documents: Sequence[Document], hashes: Sequence[bytes], lang: Lang) -> WordCounts:
    """How often each word occurs in the documents of one language."""
    found = []
    for document, document_hash in zip(documents, hashes, strict=True):
        if document.lang == lang:
            found.append(unpack_words(work.find("words", document_hash, partial(_count_document, document))))
    return add_counts(found)


def _count_document(document: Document) -> list[bytes]:
    return pack_words(count_words(document.title or "", document.text))


def _find_weighed(
    work: DocumentWork,
    document: Document,
    document_hash: bytes,
    passages: Sequence[Passage],
    analyzer: Analyzer,
    gloss: AskedGloss,
) -> tuple[Weighed, Weighed]:
    """The terms of a document's passages in English space and in Spanish."""

    def make() -> list[bytes]:
        fields = (weigh_english(analyzer, document, passages), weigh_spanish(analyzer, document, passages))
        return [part for field in fields for part in pack_weighed(field)]

    # How a Spanish document is cut depends on more answers of the gloss than its terms do.
    parts = work.find("terms", document_hash + pack_passages(passages), make, gloss)
    half = len(parts) // 2
    return unpack_weighed(parts[:half]), unpack_weighed(parts[half:])


def find_twins(attributes: NDArray[np.void], vectors: Vectors) -> NDArray[np.int32]:
    """(n,) the ordinal of the passage that says the same in the other language version of its document, -1 without one.

    Mutual nearest neighbours by cosine between the versions: both are vectors in English space.
    """
    twins = np.full(len(attributes), -1, dtype=np.int32)
    order = np.argsort(attributes["variant"], kind="stable")
    bounds = np.flatnonzero(np.diff(attributes["variant"][order])) + 1
    for group in np.split(order, bounds):
        langs = attributes["lang"][group]
        first, second = group[langs == 0], group[langs == 1]
        if not len(first) or not len(second):
            continue
        cosines = vectors[first] @ vectors[second].T
        there, back = cosines.argmax(axis=1), cosines.argmax(axis=0)
        for row, column in enumerate(there):
            if back[column] == row and cosines[row, column] >= TWIN_COSINE:
                twins[first[row]], twins[second[column]] = second[column], first[row]
    return twins


def _english_words(model_folder: Path, used: Mapping[str, int]) -> set[str]:
    """English words that a cognate may become: of the model's vocabulary, and those that English documents use."""
    known: set[str] = set()
    vocabulary = model_folder / "vocab.txt"
    if vocabulary.is_file():
        lines = vocabulary.read_text(encoding="utf-8").splitlines()
        known = {line for line in lines if len(line) > 3 and line.isascii() and line.isalpha()}
    known.update(word for word, count in used.items() if count and len(word) > 3)
    return known


def hash_file(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hash_files(folder: Path, known: Mapping[str, str]) -> dict[str, str]:
    """The hash of every file of a folder by its name there; those that are known are not read again."""
    names = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
    new = [name for name in names if name not in known]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:  # hashing lets go of the interpreter
        found = {**known, **dict(zip(new, pool.map(lambda name: hash_file(folder / name), new), strict=True))}
    return {name: found[name] for name in names}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _sync(folder: Path) -> None:
    """Have every file of a folder on the disk before the folder gets its name."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())


def check_generation(folder: Path, sample: int = 16) -> None:
    """Open a generation and ask a sample of its passages for themselves. Raises BuildRefused when one is not found.

    Hashes of all files are compared with the manifest first.
    """
    manifest = read_manifest(folder)
    found = _hash_files(folder, {})
    for name, expected in manifest.files.items():
        if found.get(name) != expected:
            raise BuildRefused(f"the index failed its check: {name} is not what was written; the disk may be full or failing")
    with Index(folder, embedder=None) as index:
        if index.vectors.size != manifest.counts.passages or index.english.size != manifest.counts.passages:
            raise BuildRefused("the index failed its check: vectors, terms and passages differ in number")
        step = max(1, manifest.counts.passages // sample)
        for ordinal in range(0, manifest.counts.passages, step):
            vector = index.vectors.vectors(np.asarray([ordinal]))[0]
            _, scores = index.vectors.search(vector, 1)
            own = float(index.vectors.score(vector, np.asarray([ordinal]))[0])
            # Texts may be equal, so the best score must be the passage's own, not its ordinal.
            if not len(scores) or scores[0] > own + 0.02:
                raise BuildRefused(f"the index failed its check: passage number {ordinal} does not find itself")
            passage = index.store.passages_at([ordinal])[0]
            if index.store.document(passage.document_id).text[passage.start : passage.end] != passage.text:
                raise BuildRefused(f"the index failed its check: passage {passage.id} is not the text at its place")


def roll_back(home: Home) -> str:
    """Make the previous generation live again and return its name.

    Raises NoIndex when none is kept, BuildRefused when it does not pass its check or a build is running.
    """
    home.previous_folder()  # before the lock, which makes the folders of a home
    with home.build_lock():
        folder = home.previous_folder()
        try:
            check_generation(folder)
        except IndexError_ as error:
            raise BuildRefused(f"the previous generation {folder.name} cannot become live again: {error}") from None
        _keep_anchors(home, folder)
        return home.rollback()


def _keep_anchors(home: Home, new: Path) -> None:
    """Remember the quotations of passages that are gone or changed, so that their permalinks still lead somewhere."""
    from index.anchors import keep_anchors

    try:
        old = home.live_folder()
        generation = read_manifest(old).generation
        before = Store(old / "documents.sqlite")
    except IndexError_:
        return  # what is live cannot be read; its permalinks must not keep it from being replaced
    after = Store(new / "documents.sqlite")
    try:
        keep_anchors(home.anchors, generation, before, after)
    except IndexError_:
        return
    finally:
        before.close()
        after.close()
