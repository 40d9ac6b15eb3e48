"""An open generation: its vectors, terms, documents and gloss, and the embedder that belongs to them."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from corpus.errors import BadData
from corpus.gloss import Gloss
from corpus.glossary import load_glossary
from corpus.mapped import map_array
from corpus.records import Lang
from corpus.words import ENGLISH_STOP_WORDS, fold
from index.analysis import Analyzer, stem
from index.embedders import Embedder, TokenEmbedder
from index.errors import IndexMismatch
from index.filters import Attributes
from index.lexical import LexicalIndex
from index.manifest import Manifest, read_manifest
from index.places import Places
from index.store import Store
from index.synonyms import Synonyms
from index.tokens import AskedWords, TokenIndex, WordMatches
from index.vectors import VectorIndex, widen
from index.vocabulary import Vocabulary

LEFT_OUT = "left-out.json"
TWIN_COSINE = 0.6  # two language versions of a passage are at least so alike in English space


def open_embedder(folder: Path) -> Embedder:
    """The embedder that made the vectors of a generation. Raises BadModel or IndexMismatch."""
    manifest = read_manifest(folder)
    if manifest.model.runtime == "onnx":
        from index.graph import GraphEmbedder

        return GraphEmbedder(folder / "model")
    from index.embedders import SentenceTransformerEmbedder, resolve_model

    return SentenceTransformerEmbedder(resolve_model(manifest.model.name))


class Index:
    """One generation, opened for reading. `embedder` is None where only the lexical arm is served."""

    def __init__(self, folder: Path, embedder: Embedder | None) -> None:
        self.folder = folder
        self.manifest: Manifest = read_manifest(folder)
        if embedder is not None and embedder.fingerprint != self.manifest.model.fingerprint:
            raise IndexMismatch(
                f"the index was built with the model {self.manifest.model.name} ({self.manifest.model.fingerprint}), "
                f"but {embedder.fingerprint} is loaded; rebuild with `rcm-qa build`"
            )
        self.embedder = embedder
        try:
            self._open()
        except (BadData, OSError, ValueError, EOFError, KeyError, TypeError) as error:  # what numpy and json say of damaged files
            problem = " ".join(str(error).split())[:200] or type(error).__name__
            raise IndexMismatch(f"the index in {folder} is damaged ({problem}); run `rcm-qa build --force`") from None

    def _open(self) -> None:
        folder = self.folder
        for name in self.manifest.files:
            if not (folder / name).is_file():
                raise IndexMismatch(f"{folder} lacks {name}; the index is damaged, run `rcm-qa build --force`")
        self.store = Store(folder / "documents.sqlite")
        self.vectors = VectorIndex(folder, self.manifest.model.dim)
        self.english = LexicalIndex(folder / "english")
        self.spanish = LexicalIndex(folder / "spanish")
        self.synonyms = Synonyms(folder / "synonyms", self.english)
        self.english_places = Places(folder / "english-places")
        self.spanish_places = Places(folder / "spanish-places")
        self.gloss = Gloss(folder / "gloss")
        self.analyzer = Analyzer(load_glossary(), self.gloss)
        self.countries = frozenset(Analyzer.concept_of(term) for term in load_glossary() if term.kind == "country")
        self.groups = {Analyzer.concept_of(term): term for term in load_glossary() if term.countries_en}
        names = json.loads((folder / "names.json").read_text(encoding="utf-8"))
        self.sentences = map_array(folder / "sentences.npy")
        self.tokens = TokenIndex(folder / "tokens") if "tokens/tokens.npy" in self.manifest.files else None
        self.vocabulary = Vocabulary(folder)
        # Terms that stand only in what cleaning took out, each with the title of a document that had it.
        self.left_out: dict[str, str] = json.loads((folder / LEFT_OUT).read_text(encoding="utf-8"))
        self.attributes = Attributes(folder / "attributes.npy", names, self.store.document_ids())

    def embedded_text(self, question: str, lang: Lang) -> str:
        """A question as it is embedded: in English space where the index is, which a multilingual embedder needs not."""
        return self.gloss.gloss_text(question, lang) if self.manifest.model.glossed else question

    def encode_question(self, text: str, carries: bool = False) -> tuple[NDArray[np.float32], AskedWords | None]:
        """(dim,) unit vector of a text already in English space, and its words where the index holds those of passages.

        With `carries` the brackets at its end only say of what it asks. Raises IndexMismatch without an embedder.
        """
        if self.embedder is None:
            raise IndexMismatch("the embedder is not loaded; only the lexical search is available")
        if self.tokens is None or not isinstance(self.embedder, TokenEmbedder):
            return self.embedder.embed([text])[0], None
        encoded = self.embedder.encode([text])[0]
        words = [fold(text[a:b]) for a, b in encoded.spans]
        stems = [stem(word, "en") if word.isalnum() and word not in ENGLISH_STOP_WORDS else "" for word in words]
        return encoded.vector, self.tokens.ask(encoded, stems, text.rfind("(") if carries else None)

    def word_matches(
        self, asked: AskedWords, ordinals: NDArray[np.int64], standing: NDArray[np.float32], heading: NDArray[np.float32]
    ) -> list[WordMatches] | None:
        """The words of a question in each of these passages; None where the index holds no tokens.

        `standing` (sentences, words) and `heading` (passages, words): see TokenIndex.match.
        """
        if self.tokens is None:
            return None
        return self.tokens.match(asked, ordinals, *self._sentences_of(ordinals), standing, heading)

    def sentence_scores(self, vector: NDArray[np.float32], ordinals: NDArray[np.int64]) -> NDArray[np.float32]:
        """(sentences,) cosines of a question's vector with the sentences of these passages, one passage after the other."""
        sentences, _ = self._sentences_of(ordinals)
        return widen(self.sentences.take(sentences, axis=0)) @ vector

    def best_sentence_scores(self, vector: NDArray[np.float32], ordinals: NDArray[np.int64]) -> NDArray[np.float32]:
        """(n,) best cosine of a question's vector with a sentence of each passage."""
        _, counts = self._sentences_of(ordinals)
        cosines = self.sentence_scores(vector, ordinals)
        return np.maximum.reduceat(cosines, np.cumsum(counts) - counts).astype(np.float32)

    def nearest_passage(self, ordinal: int, sentences: Sequence[int], among: NDArray[np.int64]) -> int | None:
        """Which of several passages says what these sentences of another say: by the mean of their best cosines with its
        sentences. None where none is at least TWIN_COSINE alike.
        """
        if not len(among):
            return None
        first = int(self.attributes.rows["sentences"][ordinal])
        said = widen(self.sentences.take([first + n for n in sentences], axis=0))
        numbers, counts = self._sentences_of(among)
        cosines = said @ widen(self.sentences.take(numbers, axis=0)).T
        alike = np.maximum.reduceat(cosines, np.cumsum(counts) - counts, axis=1).mean(axis=0)
        best = int(alike.argmax())
        return int(among[best]) if alike[best] >= TWIN_COSINE else None

    def _sentences_of(self, ordinals: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The numbers of the sentences of given passages, one passage after the other, and (n,) how many each has."""
        rows = self.attributes.rows
        counts = rows["sentence_count"][ordinals].astype(np.int64)
        starts = np.cumsum(counts) - counts
        return np.repeat(rows["sentences"][ordinals] - starts, counts) + np.arange(counts.sum()), counts

    def close(self) -> None:
        """Release the files."""
        self.store.close()

    def __enter__(self) -> "Index":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
