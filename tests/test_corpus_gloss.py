import itertools
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from corpus.checking import check_lexicon
from corpus.errors import BadData
from corpus.gloss import Entry, Forms, Gloss, Sense, form_hash, pack_forms, replace_forms, write_gloss
from corpus.glossary import Term, load_glossary
from corpus.inflecting import all_forms, word_forms, write_forms
from corpus.lexicon import FOLDER, compile_lexicon, count_folded, find_names, read_forms, read_lexicon
from corpus.records import LANGS
from corpus.words import SPANISH_STOP_WORDS, add_counts, count_words, find_words, fold

WORDS = """\
# a comment line

casa\tn\thouse; home
migrante\tadj\tmigrant
migrante\tn\tmigrant
niño\tn\tchild; boy
proteger\tv\tprotect
lograr\tv\tachieve; manage; succeed
rápido\tadj\tfast
seguridad\tn\tsecurity
derecho\tn\tright; law
sí\tadv\tyes
luz\tn\tlight
país\tn\tcountry
"""
FUNCTIONS = "de\tprep\tof; from\nel\tdet\tthe\nél\tpron\the\nla\tdet\tthe\nlos\tdet\tthe\nque\tconj\tthat\nqué\tpron\twhat\ny\tconj\tand\n"
PHRASES = "casa de cambio\tphr\texchange office\ncasa de cambio móvil\tphr\tmobile exchange office\nderechos humanos\tphr\thuman rights\n"
GLOSSARY = (
    Term(
        "smuggling of migrants",
        "tráfico ilícito de migrantes",
        abbr_en=("SOM",),
        abbr_es=("TIM",),
        aliases_es=("contrabando de personas",),
    ),
    Term("Panama", "Panamá", kind="country"),
)
ENGLISH = {"regional", "nation", "conference", "photograph", "famous", "activity", "school", "panama", "house", "protocol"}


@pytest.fixture(scope="module")
def lexicon(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lexicon")
    (folder / "words.tsv").write_text(WORDS, encoding="utf-8")
    (folder / "function-words.tsv").write_text(FUNCTIONS, encoding="utf-8")
    (folder / "phrases.tsv").write_text(PHRASES, encoding="utf-8")
    write_forms(folder, GLOSSARY)
    return folder


@pytest.fixture(scope="module")
def forms(lexicon: Path) -> dict[str, Entry]:
    return word_forms(lexicon)


@pytest.fixture(scope="module")
def gloss(lexicon: Path, tmp_path_factory: pytest.TempPathFactory) -> Gloss:
    folder = tmp_path_factory.mktemp("gloss") / "gloss"
    write_gloss(folder, compile_lexicon(frozenset({"tegucigalpa", "casas"}), lexicon), ENGLISH)
    return Gloss(folder)


def extend(lexicon: Path, folder: Path, lines: str) -> Path:
    """A copy of a lexicon with more words."""
    shutil.copytree(lexicon, folder)
    with (folder / "words.tsv").open("a", encoding="utf-8") as file:
        file.write(lines)
    write_forms(folder, ())
    return folder


def english(gloss: Gloss, text: str) -> str:
    return gloss.gloss_text(text, "es")


def best(gloss: Gloss, form: str) -> str | None:
    entry = gloss.resolve(form)
    return entry.senses[0].english if entry and entry.senses else None


def test_every_form_is_read_back_as_it_was(forms: dict[str, Entry]) -> None:
    assert len(forms) > 50
    packed = Forms(pack_forms(forms))
    for form, entry in forms.items():
        read = packed.entry(form)
        assert read is not None
        assert [s.english for s in read.senses] == [s.english for s in entry.senses]
        assert [s.weight for s in read.senses] == pytest.approx([s.weight for s in entry.senses], abs=0.001)
        assert replace(read, senses=()) == replace(entry, senses=())
    assert packed.entry("nada-de-eso") is None


def test_other_entries_take_the_place_of_those_that_were_packed(forms: dict[str, Entry]) -> None:
    others = {"casa": Entry((), longest=4, follow=frozenset({"de"})), "nuevo": Entry((Sense("new", 1.0),)), "luz": forms["luz"]}
    packed = replace_forms(pack_forms(forms), others)
    for form, entry in (forms | others).items():
        found = Forms(packed).entry(form)
        assert found is not None and [s.english for s in found.senses] == [s.english for s in entry.senses]
        assert replace(found, senses=()) == replace(entry, senses=())
    assert len(packed["forms.npy"]) == len(forms | others)
    assert np.all(packed["forms.npy"][1:] > packed["forms.npy"][:-1])


def test_entries_that_say_the_same_are_packed_once_and_forms_stand_in_order_of_their_hashes() -> None:
    one = (Sense("country", 1.0),)
    packed = pack_forms({"pais": Entry(one), "paises": Entry(one), "el": Entry((), function=True)})
    assert np.all(packed["forms.npy"][1:] > packed["forms.npy"][:-1])
    assert sorted(packed["entries.npy"].tolist()) == [0, 0, 1]
    assert packed["entry_offsets.npy"][-1] == len(packed["entries.bin"])


@pytest.mark.parametrize("name, form", [("words.tsv", "perros"), ("phrases.tsv", "perro")])
def test_forms_of_other_words_are_refused_with_what_to_do(lexicon: Path, tmp_path: Path, name: str, form: str) -> None:
    folder = tmp_path / "other"
    shutil.copytree(lexicon, folder)
    compile_lexicon(frozenset(), folder)
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write("perro\tn\tdog\n")
    for _ in range(2):
        with pytest.raises(BadData, match=r"forms.npz was not made of the words and phrases .*; run `python -m corpus inflect`"):
            compile_lexicon(frozenset(), folder)
        (folder / "forms.npz").unlink(missing_ok=True)
    write_forms(folder)
    perro = Forms(compile_lexicon(frozenset(), folder)).entry(form)
    assert perro is not None and perro.senses[0].english == "dog"


@pytest.mark.slow
def test_the_bundled_forms_are_those_of_the_bundled_words_phrases_and_glossary() -> None:
    forms, fixed = all_forms(FOLDER, load_glossary())
    made, (kept, kept_fixed) = pack_forms(forms), read_forms(FOLDER)
    assert {form_hash(form) for form in fixed} == set(kept_fixed.tolist())
    assert made.keys() == kept.keys()
    assert all(np.array_equal(made[name], kept[name]) for name in made)


def test_a_name_stays_as_it_is_unless_it_is_a_function_word_or_a_term(lexicon: Path) -> None:
    plain = Forms(compile_lexicon(frozenset(), lexicon))
    named = Forms(compile_lexicon(frozenset({"casa", "luz", "la", "tim", "panama", "tegucigalpa"}), lexicon))
    assert named.entry("luz") == named.entry("tegucigalpa") == Entry(())
    assert named.entry("casa") == Entry((), longest=4, follow=frozenset({"de"}))  # "casa de cambio" is still a phrase
    assert named.entry("casa de cambio") == plain.entry("casa de cambio") is not None
    for form in ("la", "tim", "panama"):
        assert named.entry(form) == plain.entry(form) is not None


def test_the_compiled_lexicon_is_the_same_in_every_process(lexicon: Path) -> None:
    names = ["tegucigalpa", "casas", "luz", "nuevo", "laredo", "tráfico"]
    one, other = (compile_lexicon(frozenset(order), lexicon) for order in (names, names[::-1]))
    assert all(np.array_equal(one[file], other[file]) for file in one)
    code = "import sys\nfrom pathlib import Path\nfrom corpus.lexicon import compile_lexicon\n"
    code += "packed = compile_lexicon(frozenset(sys.argv[2:]), Path(sys.argv[1]))\nprint(packed['entries.bin'].tobytes().hex())"
    for seed in "123":
        found = subprocess.run(
            [sys.executable, "-c", code, str(lexicon), *names],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(FOLDER.parents[1])},
            capture_output=True,
            text=True,
            check=True,
        )
        assert found.stdout.strip() == one["entries.bin"].tobytes().hex()


def test_weights_of_senses_fall_with_their_rank_and_add_up_to_one(forms: dict[str, Entry]) -> None:
    assert forms["lograr"].senses == (
        Sense("achieve", pytest.approx(6 / 11)),
        Sense("manage", pytest.approx(3 / 11)),
        Sense("succeed", pytest.approx(2 / 11)),
    )
    for entry in forms.values():
        assert not entry.senses or sum(s.weight for s in entry.senses) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "form, sense",
    [
        ("niños", "child"),
        ("protegieron", "protect"),
        ("protegiendo", "protect"),
        ("logro", "achieve"),
        ("paises", "country"),
        ("luces", "light"),
        ("rapida", "fast"),
        ("rapidas", "fast"),
        ("migrantes", "migrant"),
        ("protegerlos", "protect"),
        ("protegerla", "protect"),
        ("protegiendolas", "protect"),
        ("lograrlo", "achieve"),
        ("casita", "house"),
        ("casitas", "house"),
        ("rapidisimo", "fast"),
    ],
)
def test_inflections_clitics_and_diminutives_lead_to_their_word(gloss: Gloss, form: str, sense: str) -> None:
    assert best(gloss, form) == sense


@pytest.mark.parametrize(
    "form, sense",
    [
        ("conferencia", "conference"),
        ("actividad", "activity"),
        ("famoso", "famous"),
        ("protocolo", "protocol"),
        ("escuela", None),
        ("zapaticion", None),
        ("regional", None),
    ],
)
def test_a_cognate_counts_only_where_it_is_an_english_word(gloss: Gloss, form: str, sense: str | None) -> None:
    assert best(gloss, form) == sense


def test_an_answer_does_not_depend_on_what_was_asked_before(gloss: Gloss) -> None:
    assert gloss.entry("protegedlos") is None and gloss.entry("fotografo") is None
    first = [gloss.resolve(form) for form in ("protegerlos", "fotografia", "xyzzy")]
    assert [gloss.entry(form) for form in ("protegerlos", "fotografia", "xyzzy")] == [None, None, None]
    assert [gloss.resolve(form) for form in ("protegerlos", "fotografia", "xyzzy")] == first
    assert first[0] is not None and first[2] is None
    assert [gloss.is_english(word) for word in ("nation", "nacion") * 2] == [True, False] * 2


def test_a_text_is_glossed_the_same_whatever_was_glossed_before(lexicon: Path, tmp_path: Path) -> None:
    write_gloss(tmp_path / "gloss", compile_lexicon(frozenset({"tegucigalpa"}), lexicon), ENGLISH)
    texts = [
        "casa de cambio móvil, casa de cambio, casa de",
        "Casa de cambio. La casa de Tegucigalpa y Casa",
        "el país que Logro. Logro de la Conferencia regional",
        "logro de Derechos humanos; derechos, DERECHOS HUMANOS",
        "Qué protegerlos, que Protegerlos; él y El",
    ]
    alone = [Gloss(tmp_path / "gloss").gloss_text(text, "es") for text in texts]
    for order in itertools.permutations(range(len(texts))):
        shared = Gloss(tmp_path / "gloss")
        assert [shared.gloss_text(texts[number], "es") for number in order] == [alone[number] for number in order]


def test_english_words_are_known_by_what_was_written(gloss: Gloss) -> None:
    assert all(gloss.is_english(word) for word in ENGLISH)
    assert not gloss.is_english("casa")


def test_names_stay_as_they_are(gloss: Gloss) -> None:
    assert english(gloss, "la casa de Tegucigalpa") == "the house of Tegucigalpa"
    assert gloss.entry("casas") == Entry(())


def test_a_capitalised_verb_form_inside_a_sentence_is_a_name(gloss: Gloss) -> None:
    assert english(gloss, "el país que Logro") == "the country that Logro"
    assert english(gloss, "el país que logro") == "the country that achieve"


def test_the_longest_phrase_wins(gloss: Gloss) -> None:
    assert english(gloss, "la casa de cambio móvil") == "the mobile exchange office"
    assert english(gloss, "la casa de cambio y la casa") == "the exchange office and the house"
    assert english(gloss, "la casa de cambios") == "the house of cambios"


def test_phrases_and_names_of_the_glossary_are_units(gloss: Gloss) -> None:
    assert english(gloss, "el tráfico ilícito de migrantes") == "the smuggling of migrants"
    assert english(gloss, "contrabando de personas") == "smuggling of migrants"
    assert english(gloss, "TIM y derechos humanos") == "SOM and human rights"
    units = gloss.gloss_words("el tráfico ilícito de migrantes")
    assert [(start, end) for start, end, _ in units] == [(0, 2), (3, 31)]


def test_an_accent_tells_function_words_apart(gloss: Gloss) -> None:
    assert english(gloss, "¿Qué país?") == "what country?"
    assert english(gloss, "el país que") == "the country that"
    assert english(gloss, "él y el país") == "he and the country"


def test_english_text_is_not_touched(gloss: Gloss) -> None:
    text = "The casa  of los niños – ¿what?"
    assert gloss.gloss_text(text, "en") == text


def test_unknown_words_and_punctuation_stay_in_place(gloss: Gloss) -> None:
    assert english(gloss, "la casa (1,190) de xyzzy, 2014.") == "the house (1,190) of xyzzy, 2014."


def test_senses_tell_how_many_words_they_stand_for(gloss: Gloss) -> None:
    words = find_words("casa de cambio xyzzy")
    assert gloss.senses(words, 0) == (3, (Sense("exchange office", 1.0),))
    assert gloss.senses(words, 3) == (1, ())


def test_an_empty_lexicon_opens(tmp_path: Path) -> None:
    write_gloss(tmp_path / "gloss", pack_forms({}), [])
    empty = Gloss(tmp_path / "gloss")
    assert empty.entry("casa") is None and not empty.is_english("house")
    assert empty.gloss_text("la casa", "es") == "la casa"


@pytest.mark.slow
def test_learnt_weights_reorder_senses_and_fill_gaps(lexicon: Path, tmp_path: Path) -> None:
    folder = tmp_path / "learnt"
    folder.mkdir()
    for name in ("words.tsv", "function-words.tsv", "phrases.tsv"):
        (folder / name).write_bytes((lexicon / name).read_bytes())
    (folder / "weights.tsv").write_text("# learnt\nlograr\tsucceed:0.9 achieve:0.1\nxyzzy\tmagic:0.6 spell:0.2\nde\tthing:1\n")
    forms = word_forms(folder)
    assert next(s.english for s in forms["lograr"].senses) == "succeed"
    assert sum(s.weight for s in forms["lograr"].senses) == pytest.approx(1.0)
    assert forms["xyzzy"].senses == (Sense("magic", pytest.approx(0.75)), Sense("spell", pytest.approx(0.25)))
    assert forms["de"].senses[0].english == "of"


@pytest.mark.parametrize(
    "line, said",
    [
        ("casa\tn", "words.tsv:1: expected 3 columns"),
        ("casa\tnoun\thouse", "unknown part of speech 'noun'"),
        ("casa\tn\thouse;", "an empty headword or sense"),
        ("\tn\thouse", "an empty headword or sense"),
    ],
)
def test_a_malformed_line_is_named_with_its_number(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "words.tsv").write_text(line + "\n")
    with pytest.raises(BadData, match=said):
        list(read_lexicon(tmp_path / "words.tsv"))


def test_names_are_words_that_both_languages_write_with_a_capital() -> None:
    english = [count_words("The Forum", "They met in Tapachula."), count_words("", "It is in Mexico. The Forum met.")]
    spanish = [count_words("", "Fue en Tapachula. Está en Mexico. Un Foro y el foro.")]
    assert find_names(add_counts(english), add_counts(spanish)) == frozenset({"tapachula", "mexico"})


def test_the_real_lexicon_holds_its_format() -> None:
    assert [problem for problem in check_lexicon() if "headwords, expected" not in problem] == []


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Gloss:
    folder = tmp_path_factory.mktemp("real") / "gloss"
    write_gloss(folder, compile_lexicon(), ["conference", "regional", "consular"])
    return Gloss(folder)


@pytest.mark.parametrize(
    "word, sense",
    [
        ("migrantes", "migrant"),
        ("mujeres", "woman"),
        ("niñez", "childhood"),
        ("frontera", "border"),
        ("fronteras", "border"),
        ("país", "country"),
        ("países", "country"),
        ("gobierno", "government"),
        ("trabajo", "work"),
        ("acuerdo", "agreement"),
        ("reunión", "meeting"),
        ("derechos", "right"),
        ("salud", "health"),
        ("agua", "water"),
        ("ciudad", "city"),
        ("familia", "family"),
        ("escuela", "school"),
        ("seguridad", "security"),
        ("retorno", "return"),
        ("ayuda", "help"),
    ],
)
def test_the_real_lexicon_knows_everyday_words(real: Gloss, word: str, sense: str) -> None:
    (found,) = find_words(word)
    _, senses = real.senses([found], 0)
    assert sense in [s.english for s in senses]


def test_the_real_lexicon_glosses_a_question(real: Gloss) -> None:
    glossed = real.gloss_text("¿Qué países integran la Conferencia Regional sobre Migración?", "es")
    assert "Regional Conference on Migration" in glossed
    assert "countr" in glossed and glossed.lower().startswith(("what", "which"))


def test_the_folder_of_the_lexicon_is_beside_the_code() -> None:
    assert {p.name for p in FOLDER.glob("*.tsv")} >= {"words.tsv", "function-words.tsv", "phrases.tsv"}


@pytest.fixture(scope="module")
def bundled() -> Forms:
    return Forms(read_forms(FOLDER)[0])


def senses(forms: Forms, form: str) -> list[str]:
    entry = forms.entry(form)
    return [sense.english for sense in entry.senses] if entry else []


@pytest.mark.parametrize(
    "form, english",
    [
        ("puede", "can"),
        ("podrían", "could"),
        ("debe", "must"),
        ("debería", "should"),
        ("habría", "would have"),
        ("estarán", "will be"),
    ],
)
def test_auxiliary_and_modal_verbs_are_function_words(bundled: Forms, form: str, english: str) -> None:
    entry = bundled.entry(form)
    assert entry is not None and entry.function and entry.senses[0].english == english
    assert fold(form) in SPANISH_STOP_WORDS


def test_an_accent_tells_a_past_from_a_noun_and_a_preposition(bundled: Forms) -> None:
    assert "chair" in senses(bundled, "presidió") and "prison" in senses(bundled, "presidio")
    assert "lower" in senses(bundled, "bajó") and senses(bundled, "bajo") == ["under"]
    assert "enter" in senses(bundled, "entraba")


def test_an_inflected_form_is_a_verb_before_a_noun_and_a_headword_may_be_a_verb_too(bundled: Forms) -> None:
    assert senses(bundled, "supo")[0] == "know"  # saber: knowledge, to know
    assert {"slope", "cost"} <= set(senses(bundled, "cuesta"))


@pytest.mark.slow
def test_a_function_word_keeps_its_accent_inside_a_phrase(tmp_path: Path) -> None:
    folder = tmp_path / "lexicon"
    folder.mkdir()
    (folder / "words.tsv").write_text("servir\tv\tserve\ntratar\tv\ttreat\ntrato\tn\ttreatment\n", encoding="utf-8")
    (folder / "function-words.tsv").write_text("para\tprep\tfor\nque\tconj\tthat\nqué\tpron\twhat\n", encoding="utf-8")
    (folder / "phrases.tsv").write_text(
        "para que\tphr\tso that\npara qué\tphr\twhat for\nqué tipo\tphr\twhat kind\ntrato digno\tphr\tdignity\n", encoding="utf-8"
    )
    write_forms(folder, ())
    write_gloss(tmp_path / "gloss", compile_lexicon(frozenset(), folder), ())
    gloss = Gloss(tmp_path / "gloss")
    for _ in range(2):
        assert english(gloss, "¿Para qué sirve?") == "what for serve?"
        assert english(gloss, "para que sirva") == "so that serve"
        assert english(gloss, "¿Qué tipo?") == "what kind?" and english(gloss, "¿Qué trato?") == "what treatment?"
        assert english(gloss, "trató digno") == "dignity"  # an accent too many does not hide a phrase
        assert english(gloss, "trató") == "treat"


@pytest.mark.slow
def test_a_name_whose_english_is_nearly_the_same_word_is_translated(lexicon: Path, tmp_path: Path) -> None:
    folder = extend(
        lexicon, tmp_path / "lexicon", "caribe\tn\tCaribbean\ntorre\tn\ttower\npacto\tn\tcompact; pact\nsan\tadj\tsan; saint\n"
    )
    named = Forms(compile_lexicon(frozenset({"caribe", "torre", "pacto", "san"}), folder))
    assert senses(named, "caribe") == ["Caribbean"] and senses(named, "pacto") == ["compact", "pact"]
    assert senses(named, "torre") == senses(named, "san") == []


@pytest.mark.slow
def test_a_name_that_english_texts_translate_is_a_word_like_others(lexicon: Path, tmp_path: Path) -> None:
    folder = extend(lexicon, tmp_path / "lexicon", "estado\tn\tstate\ntela\tn\tcloth\n")
    used = count_folded(
        add_counts([count_words("", "The state met other states. A state wrote. The State of Estado, a state, left Tela.")])
    )
    assert (used["state"], used["estado"], used["cloth"], used["tela"]) == (4, 1, 0, 1)
    for times, translated in ((1, False), (2, True)):
        english = {word: times * count if word == "state" else count for word, count in used.items()}
        named = Forms(compile_lexicon(frozenset({"estado", "tela"}), folder, english))
        assert (senses(named, "estado") == ["state"]) is translated
        assert senses(named, "tela") == []


@pytest.mark.slow
def test_the_number_of_a_meeting_is_no_word(lexicon: Path, tmp_path: Path) -> None:
    folder = extend(lexicon, tmp_path / "lexicon", "ver\tv\tsee\nvi\tv\tsee\n")
    write_gloss(tmp_path / "gloss", compile_lexicon(frozenset(), folder), ())
    gloss = Gloss(tmp_path / "gloss")
    assert english(gloss, "la VI casa") == "the VI house"
    assert english(gloss, "lo vi").endswith("see")


@pytest.mark.parametrize(
    "form, best",
    [("visas", "visa"), ("niñas", "girl"), ("reflexiones", "reflection"), ("presta", "provide"), ("específica", "specific")],
)
def test_a_noun_in_the_plural_comes_before_a_verb_and_a_verb_before_a_rare_adjective(form: str, best: str) -> None:
    assert senses(Forms(read_forms(FOLDER)[0]), fold(form))[0] == best


@pytest.mark.parametrize("word", ["and", "with", "governance", "solidarity", "rncom", "technical"])
def test_english_in_a_spanish_text_stays_as_it_is(word: str) -> None:
    assert senses(Forms(read_forms(FOLDER)[0]), word) == []


def test_the_feminine_of_an_adjective_means_what_its_masculine_means() -> None:
    forms = Forms(read_forms(FOLDER)[0])
    for masculine, feminine in (("expuesto", "expuesta"), ("expuesto", "expuestas"), ("fronterizo", "fronterizas")):
        assert senses(forms, masculine)[0] == senses(forms, feminine)[0]


def test_people_of_a_country_are_known_by_its_name_in_singular_and_plural() -> None:
    countries = {term.en: term for term in load_glossary() if term.kind == "country"}
    assert {"Honduran", "Hondurans"} <= set(countries["Honduras"].forms("en"))
    assert {"hondureño", "hondureños", "hondureñas"} <= set(countries["Honduras"].forms("es"))
    for term in countries.values():
        for lang in LANGS:
            forms = {fold(form) for form in term.forms(lang)[1:] if " " not in form and form.isalpha() and not form.isupper()}
            assert not forms or any(form.endswith("s") for form in forms), (term.en, lang)
