import pytest

from corpus.gloss import Sense
from corpus.glossary import load_glossary
from corpus.words import Word
from index.analysis import Analyzer, Term, stem, weigh
from index.searching import Index

PLAIN = Analyzer()


class TinyLexicon:
    """Knows two words and one phrase."""

    known = {  # noqa: RUF012
        "trata": (Sense("trafficking", 0.75), Sense("treatment", 0.25)),
        "mujeres": (Sense("women", 1.0),),
        "derechos humanos": (Sense("human rights", 1.0),),
    }

    def senses(self, words: list[Word], at: int) -> tuple[int, tuple[Sense, ...]]:
        phrase = " ".join(w.folded for w in words[at : at + 2])
        if at + 1 < len(words) and phrase in self.known:
            return 2, self.known[phrase]
        return 1, self.known.get(words[at].folded, ())

    def units(self, words: list[Word]) -> list[tuple[int, int, tuple[Sense, ...]]]:
        found = []
        at = 0
        while at < len(words):
            found.append((at, *self.senses(words, at)))
            at += found[-1][1]
        return found

    def is_english(self, word: str) -> bool:
        return word in {"report", "women"}


GLOSSED = Analyzer(lexicon=TinyLexicon())


def test_words_of_a_label_are_glossed_whatever_their_capitals() -> None:
    text = "Derechos y Mujeres: the Mujeres of Report"
    places = [(term.start, term.term) for term in GLOSSED.english_terms(text, "en") if term.term == "woman"]
    assert places == [(text.index("Mujeres"), "woman")]


def names(terms: list[Term]) -> list[str]:
    return [term.term for term in terms]


@pytest.mark.parametrize(
    "one, other, lang",
    [
        ("migración", "migracion", "es"),
        ("migración", "migraciones", "es"),
        ("reunión", "reunion", "es"),
        ("REUNIÓN", "reuniones", "es"),
        ("protección", "protecciones", "es"),
        ("metodología", "metodologia", "es"),
        ("países", "pais", "es"),
        ("migrants", "migrant", "en"),
        ("meetings", "Meeting", "en"),
        ("countries", "country’s", "en"),
    ],
)
def test_spellings_and_inflections_of_a_word_have_one_stem(one: str, other: str, lang: str) -> None:
    assert names(PLAIN.own_terms(one, lang)) == names(PLAIN.own_terms(other, lang))  # type: ignore[arg-type]


def test_the_tilde_makes_another_word() -> None:
    assert names(PLAIN.own_terms("año", "es")) != names(PLAIN.own_terms("ano", "es"))
    assert stem("niño", "es") != stem("nino", "es")


def test_stop_words_are_no_terms_and_every_term_is_at_its_place() -> None:
    text = "The members of the conference met in Panamá"
    terms = PLAIN.own_terms(text, "en")
    assert [text[t.start : t.end] for t in terms] == ["members", "conference", "met", "Panamá"]
    assert names(PLAIN.own_terms("los miembros de la conferencia", "es")) == [stem("miembros", "es"), stem("conferencia", "es")]


@pytest.mark.parametrize("text, lang", [("the XV meeting", "en"), ("the 15th meeting", "en"), ("la decimoquinta reunión", "es")])
def test_ordinals_are_one_term_in_both_languages(text: str, lang: str) -> None:
    assert "#15" in names(PLAIN.own_terms(text, lang))  # type: ignore[arg-type]
    assert "#15" in names(PLAIN.english_terms(text, lang))  # type: ignore[arg-type]


def test_a_spanish_word_becomes_its_senses_weighted_and_half_of_itself() -> None:
    terms = GLOSSED.english_terms("la trata", "es")
    weights = weigh(terms)
    assert weights == {stem("trata", "en"): 0.5, stem("trafficking", "en"): 0.75, stem("treatment", "en"): 0.25}
    assert sum(w for t, w in weights.items() if t != stem("trata", "en")) == pytest.approx(1.0)
    assert {(t.start, t.end) for t in terms} == {(3, 8)}


def test_a_phrase_becomes_its_english_at_the_place_of_the_whole_phrase() -> None:
    terms = GLOSSED.english_terms("los derechos humanos", "es")
    assert [(t.term, t.start, t.end, t.weight) for t in terms] == [
        (stem("human", "en"), 4, 20, 1.0),
        (stem("rights", "en"), 4, 20, 1.0),
    ]


def test_spanish_words_of_an_english_text_are_found_by_their_english_too() -> None:
    terms = GLOSSED.english_terms("a report on trata by women", "en")
    assert stem("trafficking", "en") in names(terms) and stem("trata", "en") in names(terms)
    assert names(GLOSSED.english_terms("the women and Trata", "en")).count(stem("trafficking", "en")) == 0


def test_a_concept_is_the_same_term_by_every_name_in_both_languages() -> None:
    analyzer = Analyzer(load_glossary())
    for text in ("the RCM", "la CRM", "Regional Conference on Migration", "la Conferencia Regional sobre Migración"):
        assert "@regional-conference-on-migration" in names(analyzer.concepts(text)), text
    assert names(analyzer.concepts("a conference on rain")) == []


def test_the_longest_name_of_a_concept_wins_and_is_at_its_place() -> None:
    analyzer = Analyzer(load_glossary())
    text = "What is the Regional Conference on Migration?"
    (concept,) = [t for t in analyzer.concepts(text) if t.term == "@regional-conference-on-migration"]
    assert text[concept.start : concept.end] == "Regional Conference on Migration"


def test_weights_are_summed_and_scaled_into_what_is_there() -> None:
    terms = [Term("a", 0, 1), Term("a", 2, 3, 0.5), Term("b", 4, 5)]
    assert weigh(terms) == {"a": 1.5, "b": 1.0}
    assert weigh(terms, 0.4, {"a": 1.0}) == pytest.approx({"a": 1.6, "b": 0.4})


def test_a_plain_spelling_finds_the_accented_word_in_an_index(tiny_index: Index) -> None:
    for spelling in ("migracion", "Migración", "MIGRACIÓN"):
        ordinals, _ = tiny_index.spanish.search(weigh(tiny_index.analyzer.own_terms(spelling, "es")), 5)
        documents = {p.document_id for p in tiny_index.store.passages_at(ordinals.tolist())}
        assert documents == {"puebla.es"}


def test_a_spanish_question_finds_an_english_passage_in_english_space(tiny_index: Index) -> None:
    terms = weigh(tiny_index.analyzer.english_terms("trata de personas", "es"))
    ordinals, _ = tiny_index.english.search(terms, 3)
    assert tiny_index.store.passages_at(ordinals.tolist())[0].document_id == "managua"


def test_every_place_kept_at_build_time_is_where_the_analysis_finds_the_term(tiny_index: Index) -> None:
    for document in tiny_index.store.documents():
        for ordinal, passage in tiny_index.store.passages_of(document.id):
            for analysed, lexical, places in (
                (tiny_index.analyzer.english_terms(passage.text, passage.lang), tiny_index.english, tiny_index.english_places),
                (
                    tiny_index.analyzer.own_terms(passage.text, "es") if passage.lang == "es" else [],
                    tiny_index.spanish,
                    tiny_index.spanish_places,
                ),
            ):
                names = sorted({term.term for term in analysed}, reverse=True)
                at, rows, found = places.find([0, ordinal], lexical.numbers([*names, "nowhere"]))
                here = at == 1
                terms = [names[row] for row in rows[here]]
                starts = found["start"][here].tolist()
                ends = (found["start"] + found["length"])[here].tolist()
                expected = [(term.term, term.start, term.end) for term in analysed]
                assert list(zip(terms, starts, ends, strict=True)) == expected
