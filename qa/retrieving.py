"""A question's candidates from both arms, each scored exactly in every arm, twins of two languages joined."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from corpus.records import LANGS, Lang
from corpus.words import find_words, folded_words
from index.analysis import Term, stem, weigh
from index.filters import Filters
from index.lexical import best
from index.searching import Index
from index.synonyms import searched_terms
from index.tokens import AskedWords
from qa.answers import Question
from qa.fusion import FusionWeights, fuse, possible_score, reciprocal_rank_fusion, share_of_possible
from qa.kinds import leave_out_asking
from qa.timing import Timing

POOL = 64  # passages that each arm puts forward
SYNONYM = 0.7  # what a synonym counts where the word itself is absent; chosen on the teaching questions
SYNONYMS = 5  # that are looked for of one word
EXPRESSION = 4  # words of the longest expression in the thesaurus
_INFLECTED: dict[Lang, str] = {
    "en": "No passage has “{phrase}” word for word; passages with other forms of these words are shown.",
    "es": "Ningún pasaje contiene «{phrase}» al pie de la letra; se muestran pasajes con otras formas de estas palabras.",
}


class Reranker(Protocol):
    """Scores passages of a question anew; higher is better."""

    def score(self, question: str, passages: Sequence[str]) -> Sequence[float]:
        """One score for each passage, in order."""
        ...


@dataclass(frozen=True, slots=True)
class QuestionWord:
    """A word or phrase of a question with the English terms that stand for it."""

    text: str
    start: int
    end: int
    terms: tuple[Term, ...]
    weight: float  # rarity of the rarest
    own_stem: str
    near: tuple[Term, ...]  # synonyms that the collection uses, weight 0 to 1
    rows: tuple[int, ...]  # of its terms, wherever terms are rows
    near_rows: tuple[int, ...]  # of its synonyms


@dataclass(frozen=True, slots=True)
class WordRows:
    """Which rows of terms count for each word of a question, word after word, for looking at all words together."""

    standing: NDArray[np.intp]  # rows of a word's terms, and of a concept inside whose name it stands: a text says it otherwise
    starts: NDArray[np.intp]  # (words,) where those of each word begin
    near: NDArray[np.intp]  # rows of synonyms
    near_starts: NDArray[np.intp]  # (words with synonyms,) where those of each begin
    near_words: NDArray[np.intp]  # (words with synonyms,) their numbers
    closeness: NDArray[np.float64]  # (synonyms, 1)
    near_weights: NDArray[np.float64]  # (synonyms, 1) the same times the weight of the word
    own: NDArray[np.intp]  # (words with a Spanish stem,) its row
    own_words: NDArray[np.intp]  # (words with a Spanish stem,) their numbers
    weights: NDArray[np.float64]  # (words, 1)
    says: NDArray[np.bool_]  # (words, terms and Spanish stems) which of them all stand for each word
    # (pairs, terms and Spanish stems) of words that are neighbours: which stand for the first, and for the second. A term that
    # stands for both is left out, as it would be its own neighbour; but a concept that holds both says them together.
    firsts: NDArray[np.bool_]
    seconds: NDArray[np.bool_]
    pair_weights: NDArray[np.float64]  # (pairs,)


@dataclass(frozen=True, slots=True)
class QuestionTerms:
    """The terms of a question, grouped by the word they come from."""

    english: dict[str, float]
    own: dict[str, float]  # Spanish stems; empty for an English question
    groups: tuple[tuple[Term, ...], ...]  # the English terms of each word or phrase, in order
    near: dict[str, float]  # synonyms of its words
    possible_english: float
    possible_own: float
    idf: dict[str, float]
    rows: dict[str, int]  # English term or synonym -> its row wherever terms are rows
    own_rows: dict[str, int]  # the same of the Spanish stems of single words, whose rows follow
    word_rows: WordRows
    words: tuple[QuestionWord, ...]  # the groups without the glossary's concepts
    concepts: tuple[Term, ...]
    total_weight: float  # of all words


@dataclass(slots=True)
class Candidates:
    """Passages with their scores in every arm, best first. All arrays are (n,)."""

    ordinals: NDArray[np.int64]
    scores: NDArray[np.float32]
    dense: NDArray[np.float32]
    sentence: NDArray[np.float32]
    english: NDArray[np.float32]  # share of the possible score, synonyms included
    own: NDArray[np.float32]
    dense_ranks: dict[int, int]
    lexical_ranks: dict[int, int]
    terms: QuestionTerms
    vector: NDArray[np.float32] | None
    asked: AskedWords | None = None  # the question's words, for late interaction
    notes: tuple[str, ...] = ()
    twins: dict[int, int] = field(default_factory=dict)  # ordinal shown -> ordinal of the version that it stands for

    def take(self, positions: NDArray[np.int64]) -> "Candidates":
        """The candidates at these positions, in this order; every array goes along."""
        return replace(
            self,
            ordinals=self.ordinals[positions],
            scores=self.scores[positions],
            dense=self.dense[positions],
            sentence=self.sentence[positions],
            english=self.english[positions],
            own=self.own[positions],
        )


@dataclass(frozen=True, slots=True)
class RetrievalSettings:
    """Which arms take part and how they count: the product's choice, or one of the evaluation's ablations."""

    weights: dict[str, FusionWeights] = field(default_factory=dict)  # "es-en": question language, passage language
    mode: str = "product"  # product, dense, lexical, rrf
    twins: bool = True
    ranking: tuple[float, ...] = ()  # weights of the closer look; empty leaves the fused order

    def weights_for(self, question: Lang, passage: Lang) -> FusionWeights:
        """The weights of a direction."""
        return self.weights.get(f"{question}-{passage}", FusionWeights())


def question_terms(index: Index, text: str, lang: Lang) -> QuestionTerms:
    """Analyse a question the way passages were analysed, without the words that only ask."""
    text = leave_out_asking(text)
    terms = index.analyzer.english_terms(text, lang)
    english = weigh(terms)
    own = weigh(index.analyzer.own_terms(text, "es")) if lang == "es" else {}
    places: dict[tuple[int, int], list[Term]] = {}
    for term in terms:
        places.setdefault((term.start, term.end), []).append(term)
    idf = {term: index.english.idf(term) for term in english}
    groups = tuple(tuple(group) for _, group in sorted(places.items()))
    # Of the alternatives of a word the likeliest to be in a text counts; a concept and its words are one thing.
    maxima = [weigh(t for t in group if not t.term.startswith("@")) or weigh(group) for group in groups]
    known = [{t: w for t, w in group.items() if index.english.frequency(t)} or group for group in maxima]
    possible = possible_score(known, idf)
    possible_own = possible_score([{t: w} for t, w in own.items()], {t: index.spanish.idf(t) for t in own})
    concepts = tuple(term for group in groups for term in group if term.term.startswith("@"))
    expressions = _expressions(index, text) if lang == "en" else []
    parts: list[tuple[str, int, int, tuple[Term, ...], float, str, tuple[Term, ...]]] = []
    single = {(word.start, word.end): word.folded for word in find_words(text)} if lang == "es" else {}
    for group in groups:
        plain = tuple(term for term in group if not term.term.startswith("@"))
        if plain:
            start, end = group[0].start, group[0].end
            own_stem = stem(single[start, end], "es") if (start, end) in single else ""
            weight = max(idf[term.term] * term.weight for term in plain)
            rarity = max(idf[term.term] for term in plain)
            named = any(concept.reaches_over(start, end) for concept in concepts)
            said = next((found for found in expressions if found.start < end and start < found.end), None)
            synonyms = () if named else _synonyms(index, (said, *plain) if said else plain, rarity, idf)
            if synonyms and not any(index.english.frequency(term.term) for term in plain):
                # A word that the collection lacks asks for no more than what stands for it.
                weight = min(weight, max(index.english.idf(term.term) for term in synonyms))
            parts.append((text[start:end], start, end, plain, weight, own_stem, synonyms))
    near_terms = sorted((term for *_, synonyms in parts for term in synonyms), key=lambda term: term.weight)
    near = {term.term: SYNONYM * term.weight for term in near_terms}  # one of several words counts as for the closest
    rows = {term: row for row, term in enumerate((*english, *near))}
    words = [
        QuestionWord(*part, tuple(rows[term.term] for term in part[3]), tuple(rows[term.term] for term in part[6]))
        for part in parts
    ]
    own_stems = dict.fromkeys(word.own_stem for word in words if word.own_stem in own)
    own_rows = {term: row for row, term in enumerate(own_stems, start=len(rows))}
    return QuestionTerms(
        english=english,
        own=own,
        groups=groups,
        near=near,
        possible_english=possible,
        possible_own=possible_own,
        idf=idf,
        rows=rows,
        own_rows=own_rows,
        word_rows=_word_rows(words, concepts, rows, own_rows),
        words=tuple(words),
        concepts=concepts,
        total_weight=sum(word.weight for word in words),
    )


def _expressions(index: Index, text: str) -> list[Term]:
    """The expressions of several words in an English text that the thesaurus knows, longest first at each place."""
    words = find_words(text)
    stems = [stem(word.folded, "en") for word in words]
    found: list[Term] = []
    at = 0
    while at < len(words):
        for length in range(min(EXPRESSION, len(words) - at), 1, -1):
            if index.synonyms.near(key := " ".join(stems[at : at + length])):
                found.append(Term(key, words[at].start, words[at + length - 1].end))
                at += length - 1
                break
        at += 1
    return found


def _word_rows(
    words: Sequence[QuestionWord], concepts: Sequence[Term], rows: Mapping[str, int], own_rows: Mapping[str, int]
) -> WordRows:
    standing = [
        [*word.rows, *(rows[concept.term] for concept in concepts if concept.reaches_over(word.start, word.end))]
        for word in words
    ]
    near = [n for n, word in enumerate(words) if word.near]
    own = [n for n, word in enumerate(words) if word.own_stem in own_rows]
    says = np.zeros((len(words), len(rows) + len(own_rows)), np.bool_)
    for n, word in enumerate(words):
        says[n, [*standing[n], *word.near_rows]] = True
    says[own, [own_rows[words[n].own_stem] for n in own]] = True
    pairs = [n for n in range(len(words) - 1) if words[n].end <= words[n + 1].start]
    firsts, seconds = says[pairs], says[[n + 1 for n in pairs]]
    alike = firsts & seconds
    alike[:, [rows[concept.term] for concept in concepts]] = False
    return WordRows(
        standing=np.array([row for group in standing for row in group], dtype=np.intp),
        starts=np.cumsum([0, *map(len, standing)], dtype=np.intp)[:-1],
        near=np.array([row for word in words for row in word.near_rows], dtype=np.intp),
        near_starts=np.cumsum([0, *(len(words[n].near) for n in near)], dtype=np.intp)[:-1],
        near_words=np.array(near, dtype=np.intp),
        closeness=np.array([[term.weight] for word in words for term in word.near]).reshape(-1, 1),
        near_weights=np.array([[word.weight * term.weight] for word in words for term in word.near]).reshape(-1, 1),
        own=np.array([own_rows[words[n].own_stem] for n in own], dtype=np.intp),
        own_words=np.array(own, dtype=np.intp),
        weights=np.array([[word.weight] for word in words]).reshape(-1, 1),
        says=says,
        firsts=firsts & ~alike,
        seconds=seconds & ~alike,
        pair_weights=np.array([words[n].weight + words[n + 1].weight for n in pairs]),
    )


def _synonyms(index: Index, terms: Sequence[Term], rarity: float, idf: Mapping[str, float]) -> tuple[Term, ...]:
    """The likeliest synonyms of a question's word; one that is rarer than the word, by idf, says no more than it."""
    found: dict[str, float] = {}
    for term in terms:
        for other, closeness, other_idf in index.synonyms.near(term.term):
            if other not in idf:
                weight = closeness * term.weight * min(1.0, rarity / other_idf)
                if weight > found.get(other, 0.0):
                    found[other] = weight
    best_first = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Term(other, terms[0].start, terms[0].end, weight) for other, weight in best_first[:SYNONYMS])


def retrieve(
    index: Index,
    question: Question,
    settings: RetrievalSettings,
    vector: NDArray[np.float32] | None,
    timing: Timing,
    pool: int = POOL,
) -> Candidates:
    """The candidates of a question, fused and ordered. `vector` is None where only the lexical arm is served."""
    with timing.stage("lexical"):
        terms = question_terms(index, question.search_text, question.search_lang)
    allowed = index.attributes.bitmap(question.filters)
    notes: tuple[str, ...] = ()
    if question.filters.phrases:
        found, inflected = phrase_bitmap(index, question.filters)
        allowed = found if allowed is None else allowed & found
        notes = tuple(_INFLECTED[question.lang].format(phrase=phrase) for phrase in inflected)
    none: NDArray[np.int64] = np.empty(0, np.int64)
    dense_order = lexical_order = none
    if vector is not None and settings.mode != "lexical":
        with timing.stage("dense"):
            dense_order, _ = index.vectors.search(vector, pool, allowed)
    if settings.mode != "dense":
        with timing.stage("lexical"):
            lexical_order = _lexical_order(index, terms, pool, allowed)
    with timing.stage("fuse"):
        joined = settings.twins and settings.mode == "product"
        ordinals = _union(dense_order, lexical_order)
        if joined and len(ordinals):
            twins = index.attributes.rows["twin"][ordinals].astype(np.int64)
            ordinals = _union(ordinals, twins[twins >= 0])
            if allowed is not None:
                ordinals = ordinals[allowed[ordinals]]
        candidates = score_candidates(index, question, settings, vector, terms, ordinals, dense_order, lexical_order)
        candidates = replace(candidates, notes=notes)
        return join_twins(index, candidates, question.lang) if joined else candidates


def _union(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """The ordinals of both, in order. What NumPy has for it loads its masked arrays, 20 ms of a cold start."""
    return np.array(sorted({*one.tolist(), *other.tolist()}), dtype=np.int64)


def _lexical_order(index: Index, terms: QuestionTerms, pool: int, allowed: NDArray[np.bool_] | None) -> NDArray[np.int64]:
    """The lexical arm's own ranking: English space for all passages, Spanish terms for Spanish ones."""
    searched = searched_terms(index.english, terms.english, terms.near)
    ordinals, _scores = index.english.search(searched, pool, allowed)
    if not terms.own:
        return ordinals
    spanish, _ = index.spanish.search(terms.own, pool, allowed)
    union = _union(ordinals, spanish)
    english = share_of_possible(index.english.score(searched, union), terms.possible_english)
    own = share_of_possible(index.spanish.score(terms.own, union), terms.possible_own)
    return best(union, np.maximum(english, own), pool)[0]


def score_candidates(
    index: Index,
    question: Question,
    settings: RetrievalSettings,
    vector: NDArray[np.float32] | None,
    terms: QuestionTerms,
    ordinals: NDArray[np.int64],
    dense_order: NDArray[np.int64],
    lexical_order: NDArray[np.int64],
) -> Candidates:
    """Exact scores of every candidate in every arm, fused by direction, ordered."""
    n = len(ordinals)
    dense = sentence = np.zeros(n, np.float32)
    if vector is not None and n:
        dense = index.vectors.score(vector, ordinals)
        sentence = index.best_sentence_scores(vector, ordinals)
    impacts = index.english.impacts([*terms.rows], ordinals)
    near = share_of_possible(_score_synonyms(terms, impacts), terms.possible_english)
    scored = np.fromiter(terms.english.values(), np.float32, len(terms.english)) @ impacts[: len(terms.english)]
    english = np.minimum(share_of_possible(scored, terms.possible_english) + near, 1)
    own = np.minimum(share_of_possible(index.spanish.score(terms.own, ordinals), terms.possible_own) + near, 1)
    langs = index.attributes.rows["lang"][ordinals]
    scores = np.zeros(n, np.float32)
    if settings.mode == "dense":
        scores = dense
    elif settings.mode == "lexical":
        scores = np.maximum(english, own)
    elif settings.mode == "rrf":
        fused = reciprocal_rank_fusion([dense_order.tolist(), lexical_order.tolist()])
        scores = np.asarray([fused[int(ordinal)] for ordinal in ordinals], dtype=np.float32)
    else:
        for number, lang in enumerate(index.attributes.names["lang"]):
            inside = langs == number
            weights = settings.weights_for(question.search_lang, "es" if lang == "es" else "en")
            scores[inside] = fuse(dense[inside], sentence[inside], english[inside], own[inside], weights)
    return Candidates(
        ordinals=ordinals,
        scores=scores,
        dense=dense,
        sentence=sentence,
        english=english,
        own=own,
        dense_ranks={o: rank for rank, o in enumerate(dense_order.tolist(), start=1)},
        lexical_ranks={o: rank for rank, o in enumerate(lexical_order.tolist(), start=1)},
        terms=terms,
        vector=vector,
    ).take(np.lexsort((ordinals, -scores)))


def _score_synonyms(terms: QuestionTerms, impacts: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n,) BM25 of the best synonym of each word that a passage lacks; `impacts` (terms, n) of the terms and the synonyms."""
    added = np.zeros(impacts.shape[1], np.float32)
    for word in terms.words:
        if word.near:
            absent = ~impacts[list(word.rows)].any(axis=0)
            weights = np.array([[SYNONYM * term.weight] for term in word.near], dtype=np.float32)
            added += absent * (weights * impacts[list(word.near_rows)]).max(axis=0)
    return added


def join_twins(index: Index, candidates: Candidates, lang: Lang) -> Candidates:
    """Of two language versions of one passage the asker's stays, with the better score of the two."""
    ordinals = candidates.ordinals
    twins, langs = index.attributes.rows["twin"][ordinals], index.attributes.rows["lang"][ordinals]
    order = np.argsort(ordinals)
    at = order[np.minimum(np.searchsorted(ordinals, twins, sorter=order), len(order) - 1)]  # where the twin would be
    numbers = np.arange(len(order))
    paired = (ordinals[at] == twins) & (twins[at] == ordinals)
    first = paired & (numbers < at)  # of a pair, the one that ranks higher
    wanted = index.attributes.names["lang"].index(lang)
    other = first & (langs != wanted) & (langs[at] == wanted)
    chosen = np.where(other, at, numbers)
    scores = candidates.scores.copy()
    scores[at[other]] = candidates.scores[other]
    pairs = zip(ordinals[chosen[first]].tolist(), ordinals[(at + numbers - chosen)[first]].tolist(), strict=True)
    return replace(candidates, scores=scores, twins=dict(pairs)).take(chosen[first | ~paired])


def phrase_bitmap(index: Index, filters: Filters) -> tuple[NDArray[np.bool_], list[str]]:
    """(n,) the passages that hold every quoted phrase word for word (case and accents aside), and the phrases that none holds so,
    for which those count that hold other forms of its words, one for one: "país campeón" in "países campeones".
    """
    allowed = np.ones(index.vectors.size, dtype=np.bool_)
    inflected: list[str] = []
    for phrase in filters.phrases:
        wanted = folded_words(phrase)
        if not wanted:
            continue
        ordinals = index.store.passages_saying(wanted)
        if not ordinals:
            for lang in LANGS:
                ordinals += index.store.passages_saying([stem(word, lang) for word in wanted], lang)
            inflected += [phrase] if ordinals else []
        mask = np.zeros_like(allowed)
        mask[ordinals] = True
        allowed &= mask
    return allowed, inflected


def diversify(index: Index, candidates: Candidates, limit: int, per_document: int = 3) -> list[int]:
    """Positions of the candidates to show: no near-duplicates, at most `per_document` of one document and its versions."""
    rows = index.attributes.rows
    shown: list[int] = []
    counts: dict[int, int] = {}
    kept_vectors: list[NDArray[np.float32]] = []
    for position, ordinal in enumerate(map(int, candidates.ordinals)):
        variant = int(rows["variant"][ordinal])
        if counts.get(variant, 0) >= per_document:
            continue
        vector = index.vectors.vectors(np.asarray([ordinal]))[0]
        if any(float(vector @ other) > 0.985 for other in kept_vectors):
            continue
        shown.append(position)
        kept_vectors.append(vector)
        counts[variant] = counts.get(variant, 0) + 1
        if len(shown) == limit:
            break
    return shown
