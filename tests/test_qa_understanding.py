import pytest

from corpus.records import Lang
from index.filters import Filters
from index.generations import Home
from index.searching import Index
from qa.errors import BadQuestion
from qa.expecting import YEAR
from qa.understanding import MAX_QUESTION_CHARS, clean_question, restore_accents, understand, write_in_full

NO_QUESTIONS = ("thank you!", "Ya conozco México.")


@pytest.mark.parametrize(
    "text, lang",
    [
        ("When and where was the RCM created?", "en"),
        ("cuando se creo la CRM", "es"),
        ("members", "en"),
        ("miembros", "es"),
        ("migration", "en"),
        ("migracion", "es"),
        ("What is the CRM?", "en"),
        ("HOW MANY COUNTRIES", "en"),
        ("Cuántos países hay", "es"),
        ("miembros a 2014", "es"),  # "a" is a word of both
        ("Darién crossings", "en"),  # a name has an accent in both
        ("RCM 2014", "en"),
        ("CRM 2014", "es"),
        ("contact e-mail meeting", "en"),  # no "e", the Spanish "and"
    ],
)
def test_the_language_of_a_question_is_that_of_its_words(tiny_index: Index, text: str, lang: str) -> None:
    assert understand(text, tiny_index).lang == lang


def test_a_question_without_evidence_takes_the_language_of_the_conversation(tiny_index: Index) -> None:
    assert understand("2014?", tiny_index, history=["¿Dónde fue la reunión de 2010?"]).lang == "es"
    assert understand("2014?", tiny_index, history=["Where was the meeting in 2010?"]).lang == "en"


def test_a_language_that_is_stated_wins(tiny_index: Index) -> None:
    assert understand("members", tiny_index, lang="es").lang == "es"


@pytest.mark.parametrize(
    "text, searched",
    [
        ("regional conference on migraton", "regional conference on migration"),
        ("unaccompanied cuntries", "unaccompanied countries"),
        ("What was the theme of the meeeting?", "What was the theme of the meeting?"),
        ("wich meeting was it", "which meeting was it"),
        ("Who regustered?", "Who registered?"),
        ("¿Qué porsentaje asistió?", "¿Qué porcentaje asistió?"),
    ],
)
def test_a_slip_is_mended_and_shown(tiny_index: Index, text: str, searched: str) -> None:
    question = understand(text, tiny_index)
    assert question.search_text.lower() == searched.lower()
    assert question.interpreted_as == question.search_text
    assert question.text == text


@pytest.mark.parametrize(
    "text",
    [
        "how do I renew my passport",
        "renewing passports quickly",
        "the OIT and the ILO",
        "xy zz",
        "passport?",
        "mums and dads can't underage",
        "the gravest effect",
        "a Honduran asylum seeker",
        "Salvadoran ministers",
        "the Tapachulans and a Tapachulan mayor",
    ],
)
def test_known_words_acronyms_and_short_words_are_not_mended(tiny_index: Index, text: str) -> None:
    question = understand(text, tiny_index)
    assert (question.search_text, question.interpreted_as) == (text, None)


@pytest.mark.parametrize(
    "text", ['who said "migration changes families"?', "who said “migration changes families”?", "«migration changes families»"]
)
def test_quoted_words_must_occur_word_for_word(tiny_index: Index, text: str) -> None:
    question = understand(text, tiny_index, filters=Filters(lang="en"))
    assert question.filters == Filters(lang="en", phrases=("migration changes families",))


def test_quotation_marks_around_next_to_nothing_are_no_filter(tiny_index: Index) -> None:
    assert understand('which "x"?', tiny_index).filters == Filters()
    assert understand('which "..." is it?', tiny_index).filters == Filters()


@pytest.mark.parametrize(
    "history, text, searched",
    [
        (["Where was the RCM created?"], "And when?", "When was the RCM created?"),
        (["Where was the RCM created?"], "why?", "Why was the RCM created?"),
        (["Where was the meeting in 2010?"], "and in 2014?", "Where was the meeting in 2014?"),
        (["¿Dónde fue la reunión de 2010?"], "¿y en 2014?", "¿Dónde fue la reunión de 2014?"),
        (["Where did the XV Annual Meeting take place?"], "and the XIX?", "Where did the XIX Annual Meeting take place?"),
        (["Is Panama an observer of the RCM?"], "and Canada?", "Is Canada an observer of the RCM?"),
        (["¿Es Panamá observador de la CRM?"], "¿y Canadá?", "¿Es Canadá observador de la CRM?"),
        (["Where was the RCM created?"], "¿y cuándo?", "When was the RCM created?"),
        (["¿Dónde fue la reunión de 2010?"], "and when?", "¿Cuándo fue la reunión de 2010?"),
        (["Where was the meeting in 2010?", "¿y en 2014?"], "¿cuándo?", "When was the meeting in 2014?"),
        (["Where did the XV Annual Meeting take place?", "and the XIX?"], "when?", "When did the XIX Annual Meeting take place?"),
        (["What is the RCM?"], "When did it start?", "When did the RCM start?"),
        (["What is the RCM?", "Who are its members?"], "and the observers?", "Who are the observers of the RCM?"),
        (["What is the RCM?", "Who are its members?", "And the observers?"], "who pays for it?", "Who pays for the RCM?"),
        (["¿Qué es la CRM?", "¿Quiénes son sus miembros?"], "¿cuándo se reúne?", "¿Cuándo se reúne (CRM)?"),
        (["Where was the XV meeting held?", "what was its theme?"], "who chaired it?", "Who chaired it (XV meeting)?"),
        (["What guidelines exist for children?"], "and for women?", "What guidelines exist for women?"),
        (["Which organizations are observers?"], "and countries?", "Which countries are observers?"),
        (["Does the RCM have a secretariat?"], "where?", "Where (RCM secretariat)?"),
        (
            ["When was the annual meeting held?"],
            "Which countries sent someone?",
            "Which countries sent someone (annual meeting)?",
        ),
        (
            ["¿Qué países son miembros?"],
            "¿Pueden votar o participar en las decisiones?",
            "¿Pueden votar o participar en las decisiones (países miembros)?",
        ),
        (["What did El Salvador say in 2014?"], "Who spoke there?", "Who spoke there (El Salvador in 2014)?"),
        (["¿Qué congresos se han hecho?"], "¿Cuándo fue el tercero?", "¿Cuándo fue el tercer congreso?"),
        (["¿Cuándo fue el II Congreso sobre mujeres?"], "¿y el primero?", "¿Cuándo fue el primer Congreso sobre mujeres?"),
        (
            ["Where was the RCM created?"],
            "Well, changing the subject: which countries are observers?",
            "Which countries are observers of the RCM?",
        ),
        (["What is the SACM?"], "difference with the RCM?", "Difference with the RCM (SACM)?"),
        (["What is the RCM?", "thank you!"], "and when was it created?", "When was the RCM created?"),
        (["What is the Plan of Action?"], "who adopted it?", "Who adopted the Plan of Action?"),
        (["Where was the meeting in 2010?"], "and the year after?", "Where was the meeting in 2011?"),
        (["¿Dónde fue la reunión de 2010?"], "¿y el año anterior?", "¿Dónde fue la reunión de 2009?"),
        (["¿Dónde fue la reunión de 2010?"], "¿Y dos años antes?", "¿Dónde fue la reunión de 2008?"),
        (["¿Dónde fue la reunión de 2010?"], "¿y tres años después de eso?", "¿Dónde fue la reunión de 2013?"),
        (["¿Dónde fue la reunión de 2010?"], "¿y dos años más tarde que eso?", "¿Dónde fue la reunión de 2012?"),
        (["Where was the meeting in 2010?"], "and two years later than that?", "Where was the meeting in 2012?"),
        (["Where was the meeting in 2010?"], "and next year?", "Where was the meeting in 2011?"),
        (
            ["Where was the meeting in 2010?"],
            "What rights were discussed the following year?",
            "What rights were discussed in 2011?",
        ),
        (
            ["Where was the meeting in 2010?"],
            "Who chaired it two years after that in Belize?",
            "Who chaired it in 2012 in Belize (meeting)?",
        ),
        (["Where was the meeting in 2010?"], "and 2 years earlier?", "Where was the meeting in 2008?"),
        (["Who chaired the meetings in 2010, 2011 and 2012?"], "And in 2014?", "Who chaired the meetings in 2014?"),
        (
            ["¿Qué propuso Belice en Managua?"],
            "Esa reunión, ¿fue la segunda?",
            "Esa reunión, ¿fue la segunda (propuso Belice en Managua)?",
        ),
        (["Where was the meeting in 2010?"], "Who chaired it two years later?", "Who chaired it in 2012 (meeting)?"),
        (
            ["Where was the meeting in 2010?"],
            "How many children came to Mexico two years before?",
            "How many children came to Mexico in 2008?",
        ),
        (["¿Cuántos migrantes llegaron en 2010?"], "¿más que el año anterior?", "¿Más que 2009 (migrantes)?"),
        (["When was the XXI RCM?", "where?"], "did Belize go?", "Did Belize go (XXI RCM)?"),
        (["Who attended the meeting in Puebla?"], "was Canada there?", "Was Canada there (meeting in Puebla)?"),
        (["What is the reserve fund?"], "how much per case?", "How much per case (reserve fund)?"),
        (["Which countries are observers?"], "What can they do?", "What can they do (countries observers)?"),
        (["¿Cómo se financia la secretaría?"], "¿Dónde está?", "¿Dónde está (secretaría)?"),
        (["What is the Puebla Process?"], "Is it the same as the RCM?", "Is Puebla Process the same as the RCM?"),
        (["What is the troika?"], "who was in it in 2010?", "Who was in it in 2010 (troika)?"),
        (["What happened at the Managua plenary?"], "When was the second one?", "When was the second plenary (Managua)?"),
        (["What happened at the plenary?", "When was the second one?"], "and the third?", "When was the third plenary?"),
        (["¿Qué congresos se han hecho?"], "¿Habrá un quinto?", "¿Habrá un quinto congreso?"),
        (["What courses are there on women?"], "And on border security?", "What courses are there on border security?"),
        (["¿Qué dice la declaración sobre la familia?"], "¿y sobre los niños?", "¿Qué dice la declaración sobre los niños?"),
        (
            ["What guidelines are there for women?", "When were they adopted?"],
            "the same for children",
            "When were they adopted (guidelines for children)?",
        ),
        (["What is the SACM?"], "Is Mexico a member?", "Which countries are members of the SACM?"),
        (["¿Qué es la CRM?"], "¿Qué pidió en Tapachula?", "¿Qué pidió en Tapachula (CRM)?"),
        (["¿Cuántos niños no acompañados llegaron?"], "¿De dónde venían?", "¿De dónde venían (niños no acompañados)?"),
        (["Who attended the 2010 meeting in Tapachula?"], "and in 2014?", "Who attended the 2014 meeting?"),
        (["Where did the XV Annual Meeting take place?"], "and the next one?", "Where did the XVI Annual Meeting take place?"),
        (["Where did the fifteenth meeting take place?"], "and the one before?", "Where did the XIV meeting take place?"),
        (["Where was the V RCM?"], "and the next one?", "Where was the VI RCM?"),
        (["¿Quién presidía la CRM en 2014?"], "¿y después?", "¿Quién presidía la CRM en 2015?"),
        (
            ["Where did the XV Annual Meeting take place?", "and the next one?"],
            "what was launched there?",
            "What was launched there (XVI Annual Meeting)?",
        ),
        (["When was the first plenary?"], "no, I mean the second one", "When was the second plenary?"),
        (
            ["¿Cuántos países miembros tiene la CRM?"],
            "no, perdón, me refería a las organizaciones observadoras",
            "¿Cuántos organizaciones observadoras tiene la CRM?",
        ),
        (["What was the XV meeting about?"], "when was it?", "When was the XV meeting?"),
        (["¿Qué dice la colección sobre niños migrantes?"], "¿y las mujeres?", "¿Qué dice la colección sobre mujeres migrantes?"),
        (["What is the RCM?"], "Nice name. When did it start?", "When did the RCM start?"),
        (["Which countries are members of the RCM?"], "And the others?", "Which countries are members of the RCM?"),
        (
            ["¿Qué países son miembros de la CRM?", "Ya conozco México."],
            "¿y los demás?",
            "¿Qué países son miembros de la CRM?",
        ),
        (
            ["Who attended the workshop in Tapachula?", "How many pages does the 2016 declaration have?"],
            "Who paid for that workshop?",
            "Who paid for that workshop (Tapachula)?",
        ),
        (
            ["cómo se llamó la campaña contra la trata que se lanzó en México en 2010"],
            "¿Por qué medios se difundió?",
            "¿Por qué medios se difundió (campaña contra la trata en México en 2010)?",
        ),
        (
            ["¿Qué se dijo en la plenaria con la Conferencia Suramericana de mayo de 2014?"],
            "¿esa fue la segunda o la cuarta?",
            "¿Esa fue la segunda o la cuarta plenaria (Conferencia Suramericana de mayo de 2014)?",
        ),
        (
            ["curso en línea sobre mujeres migrantes 2014: cuántos lo terminaron con diploma"],
            "¿cuántas semanas duró?",
            "¿Cuántas semanas duró (curso en línea sobre mujeres migrantes 2014)?",
        ),
        (
            ["How many migrants had crossed by August 2010?"],
            "and by the time of the XIX meeting?",
            "By the time of the XIX meeting (migrants crossed)?",
        ),
        (
            ["Who attended the meeting in Puebla?"],
            "On what point did Mexico and Belize disagree about that?",
            "On what point did Mexico and Belize disagree about that (meeting in Puebla)?",
        ),
        (
            ["¿En qué fecha fue la reunión de Tapachula?"],
            "¿Qué socios colaboraron, además de los organizadores?",
            "¿Qué socios colaboraron, además de los organizadores (reunión de Tapachula)?",
        ),
        (["What was the XV meeting mainly about?"], "who chaired it?", "Who chaired it (XV meeting)?"),
        (
            ["¿Quién iba al frente de la delegación en Tapachula?"],
            "¿Qué cargo tenía?",
            "¿Qué cargo tenía (delegación en Tapachula)?",
        ),
        (
            ["In the paper that Guatemala gave on women, which country is praised for the way through Mexico?"],
            "And who wrote it?",
            "Who wrote it (paper that Guatemala gave on women, country praised for the way through Mexico)?",
        ),
        (["In which city was the XV meeting?"], "who chaired it?", "Who chaired it (XV meeting)?"),
        (
            ["When did the RCM and the countries of Asia first meet in plenary?", "Was that in Managua?"],
            "Who spoke at the opening?",
            "Who spoke at the opening (Managua, RCM and the countries of Asia first meet in plenary)?",
        ),
    ],
)
def test_a_follow_up_takes_the_rest_from_the_question_before(
    tiny_index: Index, history: list[str], text: str, searched: str
) -> None:
    question = understand(text, tiny_index, history=history)
    assert question.search_text == question.interpreted_as == searched
    assert (question.text, question.history) == (text, tuple(item for item in history if item not in NO_QUESTIONS))


@pytest.mark.parametrize(
    "before, text, lang, search_lang",
    [
        ("Where was the RCM created?", "¿y cuándo?", "es", "en"),
        ("¿Dónde fue la reunión de 2010?", "and when?", "en", "es"),
        ("Where did the XIX Annual Meeting take place?", "¿Cuál fue su lema?", "es", "es"),
    ],
)
def test_a_follow_up_in_the_other_language_is_searched_in_one(
    tiny_index: Index, before: str, text: str, lang: str, search_lang: str
) -> None:
    question = understand(text, tiny_index, history=[before])
    assert (question.lang, question.search_lang) == (lang, search_lang)


def test_spanish_words_that_an_english_follow_up_carries_are_glossed(tiny_index: Index) -> None:
    question = understand("What was its theme?", tiny_index, history=["¿Dónde fue la reunión anual de 2010?"])
    assert question.search_lang == "en"
    assert "Meeting" in question.search_text and "reunión" not in question.search_text


def test_a_pronoun_carries_the_names_of_the_question_before(tiny_index: Index) -> None:
    question = understand("What was its theme?", tiny_index, history=["Where did the XIX Annual Meeting take place?"])
    assert "theme" in question.search_text and "XIX Annual Meeting" in question.search_text


@pytest.mark.parametrize(
    "text",
    [
        "Which countries are members of the RCM?", "Who coordinated the Technical Secretariat?", "And what is the troika?",
        "Then what does RNCOM stand for?", "Why was the conference created?", "ok, and when did the RCM meet in Tapachula?", "And how many pages do the 2016 guidelines on children have?",
        "What did the participants of the RCM workshop say?", "Who chaired it two years after the meeting in Puebla?", "What was said in 2010 and the year before?",
        "What did Belize do two years before joining the RCM?", "What rights do workers have in Belize two years after arrival?",
        "Is the stay in Belize a year later than planned?", "What meetings of the RCM are planned for next year?",
        "What is the deadline for reports on the previous year in the Plan of Action?",
        "¿Qué actividades del plan de acción de la CRM se harán el año siguiente?", "¿Qué obtienen los refugiados en México dos años después?",
        "What do the speakers of indigenous languages need at the border?", "What did the hosts of asylum seekers get?",
        "¿Qué ganan los participantes en programas de trabajo temporal agrícola?",
        "What does the RCM in Belize offer migrant workers who cannot pay for that?",
    ],
)  # fmt: skip
def test_a_question_that_stands_alone_takes_nothing_from_before(tiny_index: Index, text: str) -> None:
    question = understand(text, tiny_index, history=["Where was the meeting in Managua in 2014?"])
    assert "Managua" not in question.search_text and set(YEAR.findall(question.search_text)) <= set(YEAR.findall(text))


@pytest.mark.parametrize(
    "text, kind",
    [
        ("When was the RCM created?", "when"),
        ("¿Cuándo se creó?", "when"),
        ("Where was it held?", "where"),
        ("¿Quién coordinó la secretaría?", "who"),
        ("How many countries are members?", "how_many"),
        ("¿Cuántos países hay?", "how_many"),
        ("Which countries are members?", "which"),
        ("lista de organizaciones observadoras", "which"),
        ("What is the RCM?", "definition"),
        ("¿Por qué se reunieron?", "why"),
        ("Is Mexico a member?", "yes_no"),
    ],
)
def test_the_kind_of_answer_is_told_from_the_question(tiny_index: Index, text: str, kind: str) -> None:
    assert understand(text, tiny_index).kind == kind


@pytest.mark.parametrize(
    "text, searched",
    [
        ("que es la conferencia regional sobre migracion", "que es la conferencia regional sobre migración"),
        ("fue en mexico la primera reunion", "fue en mexico la primera reunión"),
        ("¿Cuál fue el tema de la reunion?", "¿Cuál fue el tema de la reunion?"),
        ("Reunion", "Reunión"),
        ("Es la MIGRACION", "Es la MIGRACIÓN"),
        ("cuantos dias duro la reunion", "cuantos dias duró la reunión"),
        ("de que pais venia la gente", "de que pais venía la gente"),
        ("quien es el director", "quien es el director"),
        ("que cambio hubo", "que cambio hubo"),
    ],
)
def test_a_spanish_question_without_accents_gets_those_of_the_collection(tiny_index: Index, text: str, searched: str) -> None:
    assert restore_accents(text, tiny_index) == searched


@pytest.mark.model
def test_a_secretary_is_a_person_where_a_name_is_asked_for(bundled_home: Home) -> None:
    with Index(bundled_home.live_folder(), None) as index:
        assert restore_accents("donde esta la secretaria ejecutiva", index) == "donde esta la secretaría ejecutiva"
        assert restore_accents("como se llama la secretaria ejecutiva", index) == "como se llama la secretaria ejecutiva"


def test_an_address_is_not_mended(bundled_home: Home) -> None:
    with Index(bundled_home.live_folder(), None) as index:
        assert understand("jgallo@iom.int", index).search_text == "jgallo@iom.int"
        assert understand("www.crmvs.org/meetingz", index).search_text == "www.crmvs.org/meetingz"


def test_an_english_question_gets_no_accents(tiny_index: Index) -> None:
    assert understand("migration of the reunion", tiny_index).search_text == "migration of the reunion"


def test_a_question_is_one_clean_line() -> None:
    assert clean_question(" who\n\tis\x00 it \u202ethen? ") == "who is it then?"
    assert clean_question("Me\u0301xico?") == "México?"


@pytest.mark.parametrize("text", ["", " ", "?!", "\x00\x07", "___"[:0]])
def test_an_empty_question_is_refused(tiny_index: Index, text: str) -> None:
    with pytest.raises(BadQuestion, match="is empty"):
        understand(text, tiny_index)


def test_an_endless_question_is_refused_with_its_length(tiny_index: Index) -> None:
    understand("a" * MAX_QUESTION_CHARS, tiny_index)
    for length in (MAX_QUESTION_CHARS + 1, MAX_QUESTION_CHARS * 5):
        with pytest.raises(BadQuestion, match=f"has {length:,} characters"):
            understand("a" * length, tiny_index)


def test_an_endless_or_empty_history_does_not_stop_the_question(tiny_index: Index) -> None:
    question = understand("and when?", tiny_index, history=["", "?"] + ["Where was the RCM created?"] * 50)
    assert question.search_text == "When was the RCM created?"
    assert len(question.history) <= 20


@pytest.mark.parametrize(
    "text, searched",
    [
        ("What does SACM stand for?", "What is SACM?"),
        ("meaning of the acronym PPT", "What is PPT?"),
        ("¿Qué significan las siglas CSM?", "¿Qué es CSM?"),
        ("What does RCM membership mean?", "What does RCM membership mean?"),
        ("Do RCM and CRM mean the same?", "Do RCM and CRM mean the same?"),
        ("What does protection mean?", "What does protection mean?"),
    ],
)
def test_the_words_that_ask_what_an_acronym_stands_for_are_not_searched(tiny_index: Index, text: str, searched: str) -> None:
    question = understand(text, tiny_index)
    assert (question.search_text, question.text) == (searched, text)
    if searched != text:
        assert (question.kind, question.interpreted_as) == ("definition", searched)


@pytest.mark.parametrize(
    "text, kind",
    [
        ("20th conference date and place", "where"),
        ("RCM SACM plenary dates", "when"),
        ("fecha de la primera reunión", "when"),
        ("remittances workshop city", "where"),
        ("sede de la secretaría", "where"),
        ("RCM members", "which"),
        ("países observadores de la CRM", "which"),
        ("Who is a member of the RCM?", "which"),
        ("up to date guidelines", "what"),
    ],
)
def test_telegrams_and_bare_lists_ask_for_something_too(tiny_index: Index, text: str, kind: str) -> None:
    assert understand(text, tiny_index).kind == kind


def test_a_question_word_that_a_clause_follows_joins_it(tiny_index: Index) -> None:
    assert understand("theme when Panama chaired in 2018", tiny_index).kind == "what"
    assert understand("lema de panama cuando presidio en 2018", tiny_index).kind == "what"
    assert understand("xv meeting when", tiny_index).kind == understand("RCM when was it created", tiny_index).kind == "when"


@pytest.mark.parametrize(
    "text, searched",
    [
        ("How many came from the Northern Triangle?", "How many came from Guatemala, Honduras and El Salvador?"),
        ("¿Cuántos vinieron del Triángulo Norte?", "¿Cuántos vinieron de Guatemala, Honduras y El Salvador?"),
        ("What is the Northern Triangle?", "What is the Northern Triangle?"),
        ("Who is called a Northern Triangle country?", "Who is called a Northern Triangle country?"),
        ('Who wrote of the "Northern Triangle"?', 'Who wrote of the "Northern Triangle"?'),
    ],
)
def test_a_group_that_no_document_names_is_asked_for_as_its_countries(text: str, searched: str, tiny_index: Index) -> None:
    assert understand(text, tiny_index).search_text == searched


@pytest.mark.parametrize(
    "history, text, carries",
    [
        ("Where was the meeting in 2010 held?", "And what was its subject?", True),
        ("What did the ministers say?", "And in Panama?", False),
        ("What did the ministers say?", "Who chairs the RCM (Belize)?", False),
    ],
)
def test_only_what_a_follow_up_carries_along_is_marked_as_such(history: str, text: str, carries: bool, tiny_index: Index) -> None:
    question = understand(text, tiny_index, history=[history])
    assert question.search_text.endswith(")?") and question.carries is carries


@pytest.mark.parametrize(
    "text, written",
    [
        ("Who came from Oct 2015 to 3 Apr. 2016?", "Who came from October 2015 to 3 April 2016?"),
        ("reunión de sept. de 2012", "reunión de septiembre de 2012"),
        ("who chaired the rcm in oct 2010?", "who chaired the RCM in october 2010?"),
        ("el mar 2 veces", "el mar 2 veces"),
        ("Did it march on?", "Did it march on?"),
    ],
)
def test_short_months_are_written_out_beside_a_number(text: str, written: str, tiny_index: Index) -> None:
    assert understand(text, tiny_index).search_text == written


@pytest.mark.parametrize(
    "lang, text, written",
    [
        ("en", "can u say how r u", "can you say how are you"),
        ("en", "what r the rules where u r", "what are the rules where you are"),
        ("es", "d q temas trato la crm x q", "de que temas trato la crm x que"),
        ("es", "lo q se firmo x méxico en EU", "lo que se firmo por méxico en Estados Unidos"),
    ],
)
def test_the_shorthand_of_quick_messages_is_written_out(lang: Lang, text: str, written: str) -> None:
    assert write_in_full(text, lang) == written


@pytest.mark.parametrize(
    "lang, text",
    [
        ("en", "what is a u visa"), ("en", "do u visas help"), ("en", "the u turn on asylum"), ("en", "section u of the law"),
        ("en", "why do u s deportees need help"), ("en", "the r value of migration"),
        ("es", "artículo x párrafo d inciso q dice"), ("es", "la opcion d es"), ("es", "anexo q sobre"), ("es", "rayos x para"),
        ("es", "el x aniversario"), ("es", "la crm x fue en Panamá"), ("es", "¿Qué financió la EU en Centroamérica?"),
    ],
)  # fmt: skip
def test_letters_that_name_something_are_no_shorthand(lang: Lang, text: str) -> None:
    assert write_in_full(text, lang) == text
