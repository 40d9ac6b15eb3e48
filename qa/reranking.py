"""Optional reranking by a cross-encoder; off unless a model is named."""

import os
from collections.abc import Sequence

from index.embedders import resolve_model
from index.errors import BadModel


class CrossEncoderReranker:
    """Any sentence-transformers cross-encoder, by name in the local hub cache or by folder."""

    def __init__(self, name: str) -> None:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        from sentence_transformers import CrossEncoder

        folder = resolve_model(name)
        try:
            self._model = CrossEncoder(str(folder), device="cpu", local_files_only=True)
        except Exception as error:  # the library raises whatever its parts raise
            raise BadModel(f"the reranker in {folder} cannot be loaded: {str(error).splitlines()[0]}") from None

    def score(self, question: str, passages: Sequence[str]) -> Sequence[float]:
        """One score for each passage, in order; higher is better."""
        return [
            float(score) for score in self._model.predict([(question, passage) for passage in passages], show_progress_bar=False)
        ]
