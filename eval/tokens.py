"""Token vectors of texts as the model makes them, before any projection: what late interaction is learnt from."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Tokens:
    """The model's token vectors of texts without the marks around them, each text once."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._known: dict[str, tuple[NDArray[np.int32], NDArray[np.float16]]] = {}

    def load(self, texts: Sequence[str]) -> None:
        """Run the model over the texts that are new."""
        new = sorted({text for text in texts if text not in self._known}, key=len)
        for start in range(0, len(new), 256):
            step = new[start : start + 256]
            rows = self._model.encode(step, output_value="token_embeddings", convert_to_numpy=False, show_progress_bar=False)
            for text, row in zip(step, rows, strict=True):
                pieces = np.asarray(self._model.tokenizer(text, truncation=True, max_length=len(row))["input_ids"], np.int32)
                self._known[text] = pieces[1:-1], row.cpu().numpy()[1:-1].astype(np.float16)

    def __getitem__(self, text: str) -> tuple[NDArray[np.int32], NDArray[np.float16]]:
        return self._known[text]


def rarity_of(tokens: Tokens, texts: Sequence[str]) -> NDArray[np.float32]:
    """(vocabulary,) inverse document frequency of every token among texts, as the index counts it."""
    pieces = [tokens[text][0] for text in texts]
    frequency = np.zeros(max(int(p.max(initial=0)) for p in pieces) + 1)
    for found in pieces:
        frequency[np.unique(found)] += 1
    return np.log1p((len(texts) - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
