"""Learn late interaction, `python -m eval.projecting`: the projection of token vectors, and which words of a question matter.

A passage that answers shall have a higher weighted mean of best cosines than other candidates of the question (softmax loss over
the candidates, as ColBERT is trained; Khattab and Zaharia 2020). The projection starts from the principal directions and is held
near them. A word weighs its inverse document frequency times exp(w . its token vector): w starts as zero and is held near it.
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
from eval.calibrating import usable_calibration
from eval.commands import HomeOption, OriginalsOption
from eval.judging import Judge
from eval.needing import Pair, learn_need, load_pairs
from eval.questions import (
    BUNDLED_QUESTIONS,
    LEARNING_QUESTIONS,
    RELEVANT,
    main_document,
    resolve,
    write_questions,
)
from eval.sets import QuestionSet, dev_sets, open_index
from eval.tokens import Tokens, rarity_of
from index.embedders import SentenceTransformerEmbedder, fingerprint_model, resolve_model
from index.generations import Home
from index.projecting import LEARNT, principal_directions, write_learnt
from qa.library import read_all
from qa.settings import Settings, load_settings
from qa.timing import Timing

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
        asked = index.embedded_text(understood.search_text, understood.search_lang)
        examples.append(Example(asked, tuple(texts), answers, main_document(question, part.places)))
    return examples


def train(
    examples: Sequence[Example], tokens: Tokens, rarity: dict[str, NDArray[np.float32]], seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(width, DIM) the projection, and (width,) to the log importance of a token; `rarity` by the example's question."""
    import torch

    generator = np.random.default_rng(seed)
    torch.manual_seed(seed)
    texts = sorted({text for example in examples for text in example.passages})
    sample = [tokens[text][1] for text in texts[:: max(1, len(texts) // 1500)]]
    first = torch.from_numpy(principal_directions(np.concatenate(sample).astype(np.float32)))
    weights = first.clone().requires_grad_()
    toward = torch.zeros(len(first), requires_grad=True)
    optimizer = torch.optim.Adam([weights, toward], lr=RATE)
    steps = EPOCHS * -(-len(examples) // BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: max(0.05, 1 - step / steps))
    unit = torch.nn.functional.normalize

    def loss_of(example: Example) -> Any:
        pieces, rows = tokens[example.question]
        known = rarity[example.question]
        wide = torch.from_numpy(rows.astype(np.float32))
        importance = torch.from_numpy(known[np.minimum(pieces, len(known) - 1)]) * torch.exp(wide @ toward)
        asked = unit(wide @ weights, dim=1)
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
            loss = sum(batch) / len(batch) + NEAR * (((weights - first) ** 2).sum() + (toward**2).sum())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += float(sum(batch).detach())
        print(f"epoch {epoch + 1}: mean loss {total / len(examples):.3f}", flush=True)
    return weights.detach().numpy(), toward.detach().numpy()


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

    def learn(self, without: int | None = None) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What `train` gives; `without` leaves out one half of the questions about documents."""
        kept = [e for e in self.examples if without is None or half_of(e.group) != without]
        print(f"learning from {len(kept)} questions", flush=True)
        return train(kept, self._tokens, self._rarity)

    def load_pairs(self, folder: Path, half: int) -> tuple[list[Pair], list[Pair]]:
        """The pairs of a half's questions and, of those that only teach, contrasts; the indexes beside it never saw them."""
        judged: list[Pair] = []
        contrasts: list[Pair] = []
        files = sorted(folder.glob("*.jsonl"))
        homes = [folder / (BUNDLED_QUESTIONS if file.stem == LEARNING_QUESTIONS.stem else file).stem for file in files]
        with dev_sets(files, homes, None, None) as sets:
            for part in sets:
                teaching = [q for q in part.questions if q.answerable] if part.name == LEARNING_QUESTIONS.stem else []
                taught = {question.id for question in teaching}
                judged += load_pairs(part, [q for q in part.questions if q.id not in taught], self._tokens, contrasts=False)
                contrasts += load_pairs(part, teaching, self._tokens, contrasts=True)
        print(f"half {half}: {len(judged)} pairs, {len(contrasts)} contrasts", flush=True)
        return judged, contrasts


def half_of(group: str) -> int | None:
    """Which half of the questions a group of them belongs to, 0 or 1; None for those of other collections."""
    return hashlib.sha256(group.encode()).digest()[0] % 2 if group else None


def build_half(settings: Settings, folder: Path, collection: Collection, part: QuestionSet, half: int) -> None:
    """Index a collection with what was learnt without a half, and write the questions that it was not learnt from beside the index.

    What is learnt from the ranking of late interaction (the closer look, calibration) must not see questions that the
    projection was learnt from: there it is better than it will ever be.
    """
    from index import projecting
    from index.building import BuildSettings, build_generation

    before = projecting.LEARNT
    projecting.LEARNT = folder / "projection.npz"
    try:
        build = BuildSettings(settings.model, settings.chunking(), settings.glossed())
        build_generation(collection, Home(folder / part.name), build)
    finally:
        projecting.LEARNT = before
    write_unseen(folder, part, half)


def write_unseen(folder: Path, part: QuestionSet, half: int) -> None:
    """Write the questions of a set that belong to a half."""
    unseen = [q for q in part.questions if half_of(main_document(q, part.places)) == half]
    write_questions(folder / f"{part.name}.jsonl", unseen)


def main(
    home: HomeOption = None,
    originals: OriginalsOption = None,
    beir: Annotated[list[Path] | None, typer.Option(help="folders in BEIR layout to learn from as well")] = None,
    share: Annotated[float, typer.Option(help="part of their questions that is used")] = 0.4,
    out: Annotated[Path, typer.Option(help="the file that is written")] = LEARNT,
) -> None:
    """Learn late interaction for the packaged model, and twice more from one half of the documents' questions each.

    The halves get indexes and question files under HOME/eval/halves, for `rcm-qa eval fit` and `calibrate`.
    """
    settings = load_settings({"home": home})
    folder = resolve_model(settings.model)
    identity = fingerprint_model(folder)
    with usable_calibration():  # which is learnt from what is learnt here
        _learn_all(settings, SentenceTransformerEmbedder(folder).model, identity, originals, beir or (), share, out)


def _learn_all(
    settings: Settings, model: Any, identity: str, originals: Path | None, beir: Sequence[Path], share: float, out: Path
) -> None:
    learner = _Learner(model)
    for place in beir:
        collection = read_beir(place)
        with open_index(build_index(collection, settings.home, settings)) as index:
            questions = as_questions(collection)
            part = QuestionSet(collection.name, questions, resolve(questions, index.store), index, Judge(index))
            learner.add(part, share)
    learner.examples = [replace(example, group="") for example in learner.examples]
    halves = [settings.home / "eval" / "halves" / str(half) for half in (0, 1)]
    with dev_sets([BUNDLED_QUESTIONS, LEARNING_QUESTIONS], None, originals, settings.home) as sets:
        for part in sets:
            learner.add(part)
        teaching = next(part for part in sets if part.name == LEARNING_QUESTIONS.stem)
        sets = [part for part in sets if part is not teaching]
        collections = [read_all(settings), load_collection([originals], settings.limits()) if originals else Collection()]
        learnt = [learner.learn(half) for half in (0, 1, None)]

        def build_halves(needs: Sequence[NDArray[np.float32]]) -> None:
            for half, folder in enumerate(halves):
                projection, ranking = learnt[half]
                write_learnt(folder / "projection.npz", identity, projection, np.stack((ranking, needs[half]), axis=1))
                for part, documents in zip(sets, collections, strict=False):
                    build_half(settings, folder, documents, part, half)
                write_unseen(folder, teaching, half)

        # How much an answer needs a word is learnt from what indexes show of questions that they never saw.
        build_halves([np.zeros_like(ranking) for _, ranking in learnt])
        pairs = [learner.load_pairs(folder, half) for half, folder in enumerate(halves)]
        build_halves([learn_need(*pairs[1]), learn_need(*pairs[0])])
    both = [[*first, *second] for first, second in zip(*pairs, strict=True)]
    projection, ranking = learnt[-1]
    write_learnt(out, identity, projection, np.stack((ranking, learn_need(*both)), axis=1))
    print(f"{out} written: {projection.shape[0]} x {projection.shape[1] + 2} numbers", flush=True)


if __name__ == "__main__":
    typer.run(main)
