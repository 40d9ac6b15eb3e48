import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from corpus.chunking import ChunkSettings
from corpus.inflecting import write_forms
from corpus.lexicon import compile_lexicon
from corpus.loading import load_collection
from corpus.words import ENGLISH_STOP_WORDS, find_words
from index.building import BuildSettings, build_generation
from index.embedders import Vectors
from index.generations import Home
from index.searching import Index
from index.work import WorkCache
from qa.answering import Engine
from qa.live import LiveEngine
from qa.settings import Settings

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
for name in [n for n in os.environ if n.startswith("RCM_QA_")]:
    del os.environ[name]

SHARED = Path(__file__).resolve().parents[2] / "shared"


class WordEmbedder:
    """A text is the sum of one fixed direction for each of its words: the cosine counts shared words."""

    precision = "float32"

    def __init__(self, dim: int = 64) -> None:
        self._dim = dim
        self.texts = 0

    @property
    def dim(self) -> int:
        return self._dim

    @property
    def fingerprint(self) -> str:
        return f"words-{self._dim}"

    def embed(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        out = np.zeros((len(texts), self._dim), dtype=np.float32)
        for row, text in enumerate(texts):
            self.texts += 1
            for word in find_words(text):
                if word.folded not in ENGLISH_STOP_WORDS:
                    digest = hashlib.sha256(word.folded.encode()).digest()
                    out[row, digest[0] % self._dim] += 1.0 if digest[1] % 2 else -1.0
            norm = float(np.linalg.norm(out[row]))
            if norm == 0:
                out[row, 0] = norm = 1.0
            out[row] /= norm
        return out


TINY_DOCUMENTS = {
    "puebla.md": """+++
id = "puebla"
title = "The first meeting in Puebla"
lang = "en"
[source]
title = "First meeting of the regional conference"
publisher = "Example Ministry"
published = "1996-03-14"
url = "https://example.org/puebla"
lang = "en"
kind = "communique"
[event]
edition = "I"
year = 1996
city = "Puebla"
country = "Mexico"
+++

The Regional Conference on Migration (RCM) was created in Puebla, Mexico, in March 1996. Eleven countries belong to it today.

## Members

The member countries of the RCM are:

- Belize and Canada
- Costa Rica and the Dominican Republic
- El Salvador, Guatemala and Honduras
- Mexico, Nicaragua, Panama and the United States
""",
    "puebla.es.md": """+++
id = "puebla.es"
title = "La primera reunión en Puebla"
lang = "es"
[source]
title = "First meeting of the regional conference"
publisher = "Example Ministry"
published = "1996-03-14"
url = "https://example.org/puebla"
lang = "en"
kind = "communique"
[event]
edition = "I"
year = 1996
city = "Puebla"
country = "Mexico"
+++

La Conferencia Regional sobre Migración (CRM) fue creada en Puebla, México, en marzo de 1996. Once países la integran hoy.

## Miembros

Los países miembros de la CRM son:

- Belice y Canadá
- Costa Rica y la República Dominicana
- El Salvador, Guatemala y Honduras
- México, Nicaragua, Panamá y los Estados Unidos
""",
    "tapachula.md": """+++
id = "tapachula"
title = "The fifteenth meeting"
lang = "en"
[source]
title = "Annual meeting in Tapachula"
publisher = "Example Organisation"
published = "2010-05"
url = "https://example.org/tapachula?x=1&y=2"
kind = "press-release"
[event]
edition = "XV"
year = 2010
city = "Tapachula"
+++

The XV Annual Meeting of the RCM took place in Tapachula in 2010. Its subject was migration and the family.

Jorge Example coordinated the Technical Secretariat of the RCM in 2010. He said that migration changes families.
""",
    "managua.md": """+++
id = "managua"
title = "The nineteenth meeting"
lang = "en"
[source]
publisher = "Example Organisation"
published = "2014"
kind = "press-release"
[event]
edition = "XIX"
year = 2014
city = "Managua"
+++

The XIX Annual Meeting of the RCM took place in Managua, Nicaragua, in 2014. Its theme was a region free of human trafficking.

Unaccompanied children were a second subject of the meeting in Managua.
""",
}


def write_documents(folder: Path, documents: dict[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def build(home: Path, corpus: Path, embedder: WordEmbedder | None = None, **how: object) -> Home:
    place = Home(home)
    settings = BuildSettings("all-MiniLM-L6-v2", ChunkSettings(target_tokens=60))
    with closing(WorkCache(place.cache / "files.sqlite")) as kept:
        collection = load_collection([corpus], kept=kept)
    build_generation(collection, place, settings, embedder=embedder or WordEmbedder(), **how)  # type: ignore[arg-type]
    return place


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_documents(tmp_path_factory.mktemp("corpus"), TINY_DOCUMENTS)


@pytest.fixture(scope="session")
def tiny_home(tmp_path_factory: pytest.TempPathFactory, tiny_corpus: Path) -> Home:
    return build(tmp_path_factory.mktemp("home"), tiny_corpus)


@pytest.fixture
def tiny_index(tiny_home: Home) -> Iterator[Index]:
    with Index(tiny_home.live_folder(), WordEmbedder()) as index:
        yield index


@pytest.fixture
def tiny_engine(tiny_index: Index) -> Engine:
    return Engine(tiny_index)


@pytest.fixture
def tiny_live(tiny_home: Home, monkeypatch: pytest.MonkeyPatch) -> LiveEngine:
    """The live engine over the tiny index; the embedder of a generation is the fake one."""
    monkeypatch.setattr("qa.live.open_embedder", lambda folder: WordEmbedder())
    return LiveEngine(tiny_home, Settings(home=tiny_home.path))


@pytest.fixture(scope="session")
def bundled_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The bundled collection with the real model, as a user builds it, once for all workers. Where a home is given, it is
    brought up to date.
    """
    from qa.commands.build import build_index

    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    home = Path(os.environ.get("RCM_TEST_HOME", shared / "bundled"))
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".test.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # a worker waits while another builds
        build_index(Settings(home=home), quiet=True)
    return Home(home)


@pytest.fixture(scope="session")
def originals() -> Path:
    folder = SHARED / "originals"
    if not folder.is_dir():
        pytest.skip("the scraped pages are not beside this checkout")
    return folder


@pytest.fixture
def small_lexicon(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lexicon of a few words instead of a hundred thousand forms: for tests that build again and again."""
    folder = tmp_path_factory.mktemp("lexicon")
    (folder / "words.tsv").write_text("país\tn\tcountry\n", encoding="utf-8")
    (folder / "function-words.tsv").write_text("la\tdet\tthe\n", encoding="utf-8")
    (folder / "phrases.tsv").write_text("trata de personas\tphr\thuman trafficking\n", encoding="utf-8")
    monkeypatch.setattr("corpus.inflecting._inflections", lambda lemmas: iter(()))
    write_forms(folder)
    monkeypatch.setattr("corpus.lexicon.compile_lexicon", partial(compile_lexicon, folder=folder))
