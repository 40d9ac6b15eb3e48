"""Learn the projection of late interaction: `python -m eval.projecting`, with the questions of the dev split.

A passage that answers shall have a higher mean of best cosines than other candidates of the question (softmax loss over the
candidates, as ColBERT is trained; Khattab and Zaharia 2020). It starts from the principal directions and is held near them.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from corpus.chunking import embedding_text
from corpus.loading import Collection, load_collection
from eval.beir import as_questions, build_index, read_beir
from eval.commands import HomeOption, OriginalsOption
from eval.judging import Judge
from eval.questions import BUNDLED_QUESTIONS, RELEVANT, main_document, resolve, write_questions
from eval.sets import QuestionSet, dev_sets, open_index
from index.embedders import SentenceTransformerEmbedder, fingerprint_model, resolve_model
from index.generations import Home
from index.projecting import LEARNT, principal_directions
from qa.answering import Timing
from qa.library import read_all
from qa.settings import Settings, load_settings

# Questions about documents of the dev split that serve only to learn from; no report reads them.
LEARNING_QUESTIONS = Path(__file__).parent / "data" / "learning.jsonl"
CANDIDATES = 16  # passages a question is trained on
TEMPERATURE = 0.05
EPOCHS, RATE, BATCH, NEAR = 3, 2e-3, 16, 0.002


@dataclass(frozen=True, slots=True)
class Example:
    """A question in English space, its candidates as the embedder reads them, and which of them answer."""

    question: str
    passages: tuple[str, ...]
    answers: tuple[bool, ...]
    group: str = ""


def load_examples(part: QuestionSet) -> list[Example]:
    """The answerable questions of a set with their first candidates; those whose answer is not among them are left out."""
    examples: list[Example] = []
    engine, index = part.engine(), part.index
    for question in part.questions:
        if not question.answerable:
            continue
        understood = engine.understand(question.question, history=question.history)
        found = engine.search(understood, Timing()).ordinals[:CANDIDATES].tolist()
        relevance = part.judge.judge(part.places[question.id]).relevance
        answers = tuple(relevance.get(ordinal, 0) >= RELEVANT for ordinal in found)
        if not any(answers) or all(answers):
            continue
        texts = []
        for passage in index.store.passages_at(found):
            title = index.store.document(passage.document_id).title
            texts.append(embedding_text(title, passage.section, passage.text, passage.lang, index.gloss.gloss_text))
        asked = index.gloss.gloss_text(understood.search_text, understood.lang)
        examples.append(Example(asked, tuple(texts), answers, main_document(question, part.places)))
    return examples


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


def train(
    examples: Sequence[Example], tokens: Tokens, rarity: dict[str, NDArray[np.float32]], seed: int = 0
) -> NDArray[np.float32]:
    """(width, DIM) the projection; `rarity` by the example's group of texts, under its question."""
    import torch

    generator = np.random.default_rng(seed)
    torch.manual_seed(seed)
    texts = sorted({text for example in examples for text in example.passages})
    sample = [tokens[text][1] for text in texts[:: max(1, len(texts) // 1500)]]
    first = torch.from_numpy(principal_directions(np.concatenate(sample).astype(np.float32)))
    weights = first.clone().requires_grad_()
    optimizer = torch.optim.Adam([weights], lr=RATE)
    unit = torch.nn.functional.normalize

    def loss_of(example: Example) -> Any:
        pieces, rows = tokens[example.question]
        known = rarity[example.question]
        importance = torch.from_numpy(known[np.minimum(pieces, len(known) - 1)])
        asked = unit(torch.from_numpy(rows.astype(np.float32)) @ weights, dim=1)
        parts = [tokens[text][1] for text in example.passages]
        said = unit(torch.from_numpy(np.concatenate(parts).astype(np.float32)) @ weights, dim=1)
        owner = torch.repeat_interleave(torch.arange(len(parts)), torch.tensor([len(p) for p in parts]))
        best = torch.full((len(asked), len(parts)), -1.0)
        best = best.scatter_reduce(1, owner.expand(len(asked), -1), asked @ said.T, "amax")
        scores = importance @ best / importance.sum() / TEMPERATURE
        return -torch.logsumexp(torch.log_softmax(scores, 0)[torch.tensor(example.answers)], 0)

    for epoch in range(EPOCHS):
        total = 0.0
        order = generator.permutation(len(examples))
        for start in range(0, len(order), BATCH):
            batch = [loss_of(examples[n]) for n in order[start : start + BATCH]]
            loss = sum(batch) / len(batch) + NEAR * ((weights - first) ** 2).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += float(sum(batch).detach())
        print(f"epoch {epoch + 1}: mean loss {total / len(examples):.3f}", flush=True)
    return weights.detach().numpy()  # type: ignore[no-any-return]


class _Learner:
    """Examples of several collections, each question with the rarities of its own collection."""

    def __init__(self, model: Any) -> None:
        self._tokens = Tokens(model)
        self._rarity: dict[str, NDArray[np.float32]] = {}
        self.examples: list[Example] = []

    def add(self, part: QuestionSet, share: float = 1.0) -> None:
        """Learn from a part of a set's questions, evenly spaced."""
        found = load_examples(part)
        chosen = [e for n, e in enumerate(found) if int(n * share) != int((n + 1) * share)]
        texts = sorted({text for example in found for text in example.passages})
        self._tokens.load([*texts, *(example.question for example in chosen)])
        known = rarity_of(self._tokens, texts)
        self._rarity.update({example.question: known for example in chosen})
        self.examples.extend(chosen)
        print(f"{part.name}: {len(chosen)} questions, {len(texts)} passages", flush=True)

    def write(self, out: Path, identity: str, without: int | None = None) -> None:
        """Train and write a projection; `without` leaves out one half of the questions about documents."""
        kept = [e for e in self.examples if without is None or half_of(e.group) != without]
        learnt = train(kept, self._tokens, self._rarity)
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.with_suffix(".new").open("wb") as file:
            np.savez_compressed(file, projection=learnt.astype(np.float16), model=np.asarray(identity))
        out.with_suffix(".new").replace(out)
        print(f"{out} written: {len(kept)} questions, {learnt.shape[0]} x {learnt.shape[1]} numbers", flush=True)


def half_of(group: str) -> int | None:
    """Which half of the questions a group of them belongs to, 0 or 1; None for those of other collections."""
    return hashlib.sha256(group.encode()).digest()[0] % 2 if group else None


def build_half(settings: Settings, folder: Path, collection: Collection, part: QuestionSet, half: int, projection: Path) -> None:
    """Index a collection with a projection, and write the questions that it was not learnt from beside the index.

    What is learnt from the ranking of late interaction (the closer look, calibration) must not see questions that the
    projection was learnt from: there it is better than it will ever be.
    """
    from index import projecting
    from index.building import BuildSettings, build_generation

    before = projecting.LEARNT
    projecting.LEARNT = projection
    try:
        build = BuildSettings(settings.model, settings.chunking(), settings.glossed())
        build_generation(collection, Home(folder / part.name), build)
    finally:
        projecting.LEARNT = before
    unseen = [q for q in part.questions if half_of(main_document(q, part.places)) == half]
    write_questions(folder / f"{part.name}.jsonl", unseen)


def main(
    home: HomeOption = None,
    originals: OriginalsOption = None,
    beir: Annotated[list[Path] | None, typer.Option(help="folders in BEIR layout to learn from as well")] = None,
    share: Annotated[float, typer.Option(help="part of their questions that is used")] = 0.4,
    out: Annotated[Path, typer.Option(help="the file that is written")] = LEARNT,
) -> None:
    """Learn the projection of the packaged model, and two others from one half of the documents' questions each.

    The halves get indexes and question files under HOME/eval/halves, for `rcm-qa eval fit` and `calibrate`.
    """
    settings = load_settings({"home": home})
    folder = resolve_model(settings.model)
    identity = fingerprint_model(folder)
    learner = _Learner(SentenceTransformerEmbedder(folder).model)
    for place in beir or ():
        collection = read_beir(place)
        with open_index(build_index(collection, settings.home, settings)) as index:
            questions = as_questions(collection)
            part = QuestionSet(collection.name, questions, resolve(questions, index.store), index, Judge(index))
            learner.add(part, share)
    learner.examples = [replace(example, group="") for example in learner.examples]
    halves = settings.home / "eval" / "halves"
    with dev_sets([BUNDLED_QUESTIONS, LEARNING_QUESTIONS], None, originals, home) as sets:
        for part in sets:
            learner.add(part)
        sets = [part for part in sets if part.name != LEARNING_QUESTIONS.stem]
        learner.write(out, identity)
        collections = [read_all(settings), load_collection([originals], settings.limits()) if originals else Collection()]
        for half in (0, 1):
            projection = halves / str(half) / "projection.npz"
            learner.write(projection, identity, without=half)
            for part, documents in zip(sets, collections, strict=False):
                build_half(settings, halves / str(half), documents, part, half, projection)


if __name__ == "__main__":
    typer.run(main)
