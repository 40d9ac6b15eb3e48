"""Questions of common forms in the words of answers, and without the words that only ask for an answer."""

import pytest

from corpus.records import Lang
from index.searching import Index
from qa.requests import asks_nothing, strip_request
from qa.rewording import accent_question_word, ask_directly, date_today, leave_out_vague_time, reword, write_years
from qa.understanding import MAX_QUESTION_CHARS, understand


@pytest.mark.parametrize(
    "text, left",
    [
        ("Hi, what is the RCM?", "what is the RCM?"),
        ("Hola, ¿qué es la CRM?", "¿qué es la CRM?"),
        ("Hello! Could you please tell me when it was created? Thank you", "when it was created"),
        ("Hi there can you tell me about observers", "observers"),
        ("I would like to know who chaired the meeting", "who chaired the meeting"),
        ("Give me a short summary of the declaration", "the declaration"),
        ("I need information about visas", "visas"),
        ("Do you know where it took place?", "where it took place?"),
        ("I'm looking for the 2016 declaration", "the 2016 declaration"),
        ("Where was it held, please?", "Where was it held?"),
        ("¿Me podrías decir qué países son miembros?", "qué países son miembros?"),
        ("¿Podría decirme cuándo fue?", "cuándo fue?"),
        ("Buenos días, quisiera saber quién presidió la reunión. Gracias", "quién presidió la reunión"),
        ("¿Sabes dónde fue la reunión?", "dónde fue la reunión?"),
        ("Háblame de los grupos de trabajo", "los grupos de trabajo"),
        ("Explícame qué es la troika", "qué es la troika"),
        ("Necesito información sobre el fondo", "el fondo"),
        ("Quiero saber de qué trata la declaración", "de qué trata la declaración"),
        ("I am a journalist and write about visas. When was the fund created?", "When was the fund created?"),
        ("Trabajo en una ONG, ¿cómo podemos participar en la mesa?", "¿cómo podemos participar en la mesa?"),
        ("Soy periodista. ¿Cuándo se creó el fondo?", "¿Cuándo se creó el fondo?"),
        ("Where can I find the text of the declaration?", "the declaration?"),
        ("¿Dónde puedo leer la declaración de 2016?", "la declaración de 2016?"),
        ("Do you have documents about visas?", "visas?"),
        ("Which documents talk about visas?", "visas?"),
        ("¿Qué documentos hablan de visas?", "visas?"),
        ("Resúmeme la declaración", "la declaración"),
        ("Where does it say that observers vote?", "observers vote?"),
        ("Nice slogan. How many members came?", "How many members came?"),
        ("interesante. ¿y quién lo dice?", "¿y quién lo dice?"),
        ("ok, different question: how many came?", "how many came?"),
        ("Otra cosa: ¿qué es el fondo?", "¿qué es el fondo?"),
        ("Thanks a lot, and who paid?", "and who paid?"),
        ("The fund was created in 2010, right?", "The fund was created in 2010?"),
        ("El fondo tiene reglas, ¿verdad?", "El fondo tiene reglas?"),
        ("It ended, didn't it?", "It ended?"),
    ],
)
def test_words_that_only_ask_for_an_answer_are_left_out(text: str, left: str) -> None:
    assert strip_request(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "Hi", "Please", "Gracias", "Tell me", "¿Pueden hablar los observadores?", "¿Gracias a quiénes se reunieron?",
        "Can migrants ask for help?", "Could Panama attend?", "¿Puede México dar asilo?", "Information systems on migration",
        "Who told the press about it?", "What do observers know about it?", "Did the ministers give a summary of the talks?",
        "¿Quién explica la declaración?", "Good governance in 2010", "another question about members", "Bien jurídico, ¿qué es?", "I was told that observers vote. Is that so?",
        "Nos interesa ser observadores. Trabajo en una ONG. ¿Cómo se hace la petición?", "My country chairs the meeting",
    ],
)  # fmt: skip
def test_the_same_words_stay_where_they_are_what_is_asked_or_all_there_is(text: str) -> None:
    assert strip_request(text) == text


@pytest.mark.parametrize(
    "text, accented",
    [
        ("que es la troika", "qué es la troika"),
        ("¿Quienes son los miembros?", "¿Quiénes son los miembros?"),
        ("en que año fue", "en qué año fue"),
        ("Cuantas reuniones hubo", "Cuántas reuniones hubo"),
        ("Cuando presidió Belice, ¿qué pasó?", "Cuando presidió Belice, ¿qué pasó?"),
        ("que países dicen cómo se hace", "que países dicen cómo se hace"),
        ("países que participan", "países que participan"),
    ],
)
def test_the_question_word_at_the_opening_gets_its_accent(text: str, accented: str) -> None:
    assert accent_question_word(text) == accented


@pytest.mark.parametrize(
    "text, searched",
    [
        ("WHO FOUNDED THE RCM?", "who founded the RCM?"),
        ("¿QUÉ ES LA CRM?", "¿qué es la CRM?"),
        ("is mexico part of the rcm?", "Which countries are members of the RCM?"),
        ("q es la crm", "qué es la CRM"),
        ("whats the rcm", "what is the RCM"),
        ("pls what r the rules b4 2010 in ur city", "what are the rules before 2010 in ur city"),
        ("quien fue x mexico en la reunion d la crm", "quién fue por Mexico en la reunión de la CRM"),
        ("quien fue x conferencia", "quién fue x conferencia"),
        ("la decision 4(d) y el inciso d del acta", "la decision 4(d) y el inciso d del acta"),
        ("did el salvador join the puebla process?", "did El Salvador join the Puebla Process?"),
        ("que dijo costa rica en 2010", "qué dijo Costa Rica en 2010"),
        ("la conferencia suramericana sobre migraciones en 2010", "la Conferencia Suramericana sobre Migraciones en 2010"),
        ("Who chairs the rcm in XYZQ?", "Who chairs the rcm in XYZQ?"),
        (
            "who chaired the eleven meetings in mexico?",
            "who chaired the eleven meetings in Mexico?",
        ),  # "Eleven" begins a sentence
    ],
)
def test_a_question_all_small_or_all_in_capitals_is_written_as_the_collection_writes(
    tiny_index: Index, text: str, searched: str
) -> None:
    assert understand(text, tiny_index).search_text == searched


@pytest.mark.parametrize(
    "text, lang, reworded",
    [
        ("ABC", "en", "What is ABC?"),
        ("la ABC", "es", "¿Qué es la ABC?"),
        ("what the ABC is", "en", "What is the ABC?"),
        ("What does ABC stand for?", "en", "What is ABC?"),
        ("siglas ABC", "es", "¿Qué es ABC?"),
        ("What means ABC here?", "en", "What is ABC?"),
        ("What does ABC mean in this conference?", "en", "What is ABC?"),
        ("¿Qué significa ABC en este contexto?", "es", "¿Qué es ABC?"),
        ("What asylum means?", "en", "What is asylum?"),
        ("What is meant by asylum?", "en", "What is asylum?"),
        ("¿Qué se entiende por asilo?", "es", "¿Qué es asilo?"),
        ("¿Cómo se define el asilo?", "es", "¿Qué es el asilo?"),
        ("ABC history", "en", "How and when was ABC created?"),
        ("What is the origin of the Lima Process?", "en", "How and when was the Lima Process created?"),
        ("How did the ABC come about?", "en", "How and when was the ABC created?"),
        ("¿Cuál es la historia del Proceso Lima?", "es", "¿Cómo y cuándo se creó el Proceso Lima?"),
        ("¿Cómo surgió la ABC?", "es", "¿Cómo y cuándo se creó la ABC?"),
        ("Where does the name Lima Process come from?", "en", "Why is it called Lima Process?"),
        ("the origin of the name of the Lima Process", "en", "Why is it called the Lima Process?"),
        ("¿De dónde sale el nombre Proceso Lima?", "es", "¿Por qué se llama Proceso Lima?"),
        ("¿A qué se debe el nombre de Proceso Lima?", "es", "¿Por qué se llama Proceso Lima?"),
        ("Where is the secretariat of the ABC located?", "en", "Where is the seat of the secretariat of the ABC?"),
        ("¿Dónde queda la secretaría?", "es", "¿Dónde tiene su sede la secretaría?"),
        ("Is Freedonia part of the ABC?", "en", "Which countries are members of the ABC?"),
        ("if the Republic of Freedonia is a member of the ABC", "en", "Which countries are members of the ABC?"),
        ("Does Freedonia belong to the Lima Process?", "en", "Which countries are members of the Lima Process?"),
        ("¿Es Costa Verde un país miembro de la ABC?", "es", "¿Qué países son miembros de la ABC?"),
        ("¿Freedonia forma parte del Proceso Lima?", "es", "¿Qué países son miembros del Proceso Lima?"),
        ("¿Pertenece Freedonia a la ABC?", "es", "¿Qué países son miembros de la ABC?"),
        ("Who is in the ABC?", "en", "Which countries are members of the ABC?"),
        ("Which countries make up the ABC?", "en", "Which countries are members of the ABC?"),
        ("¿Qué países conforman la ABC?", "es", "¿Qué países son miembros de la ABC?"),
        ("what for does the ABC exist", "en", "What is the ABC for?"),
        ("Why does the Conference on Trade exist?", "en", "What is the Conference on Trade for?"),
        ("What was the ABC created for?", "en", "What is the ABC for?"),
        ("¿Para qué existe la ABC?", "es", "¿Para qué sirve la ABC?"),
        ("¿Desde cuándo existe la ABC y dónde nació?", "es", "¿Cuándo se creó la ABC y dónde nació?"),
        ("para qué se creó el Proceso Lima", "es", "¿Para qué sirve el Proceso Lima?"),
    ],
)
def test_a_question_of_a_common_form_is_asked_as_answers_say_it(text: str, lang: Lang, reworded: str) -> None:
    assert reword(text, lang) == reworded


@pytest.mark.parametrize(
    "text",
    [
        "countries of origin of the ABC", "origin of migrants", "Where is Tela?", "Where is the 2016 meeting?",
        "Is Freedonia an observer?", "Is membership part of the plan?", "history of migration in Freedonia",
        "What does ABC membership mean?", "¿Qué países integran la ABC?", "¿Dónde está Tela?", "How did the meeting of 1999 begin?",
        "Was Freedonia part of the process from the very beginning?", "Is Freedonia a member of the group since its foundation?",
        "How did the debate in the parliament begin?", "¿Freedonia forma parte del proceso desde el principio?", "¿Para qué existe?",
    ],
)  # fmt: skip
def test_other_questions_stay_as_they_are(text: str) -> None:
    assert reword(text, "es" if text.startswith("¿") else "en") is None


@pytest.mark.parametrize(
    "text, dated",
    [
        ("When was the last meeting of the ABC?", "When was the meeting of the ABC (2029, 2030)?"),
        ("última reunión viceministerial", "reunión viceministerial (2029, 2030)?"),
        ("the most recent annual conference", "the annual conference (2029, 2030)?"),
        ("Who holds the presidency now?", "Who holds the presidency (2030)?"),
        ("¿Quién preside actualmente la ABC?", "¿Quién preside la ABC (2030)?"),
        ("Who chairs the ABC?", "Who chairs the ABC (2030)?"),
        ("presidencia actual", "presidencia (2030)?"),
        ("Where is the next workshop?", "Where is the workshop (2030)?"),
        ("Who chaired the ABC?", "Who chaired the ABC?"),
        ("Who chairs the ABC, and for how long?", "Who chairs the ABC, and for how long?"),
        ("Which agency stands last among the ABC observers?", "Which agency stands last among the ABC observers?"),
        ("Who chairs the ABC in 2014?", "Who chairs the ABC in 2014?"),
        ("What was said at the XV, the last meeting there?", "What was said at the XV, the last meeting there?"),
        ("What does the latest profile say?", "What does the latest profile say?"),
    ],
)
def test_the_last_the_present_and_the_next_are_years(text: str, dated: str) -> None:
    assert date_today(text, 2030, {"2029", "2030"}.__contains__) == dated
    assert date_today(text, 2030, set().__contains__) == text


def test_the_question_itself_is_kept_and_a_new_wording_is_shown(tiny_index: Index) -> None:
    asked = "Hi, can you tell me about the history of the RCM?"
    question = understand(asked, tiny_index)
    assert (question.text, question.search_text) == (asked, "How and when was the RCM created?")
    assert question.interpreted_as == question.search_text
    polite = understand("Could you tell me when the RCM was created?", tiny_index)
    assert (polite.search_text, polite.interpreted_as, polite.kind) == ("When was the RCM created?", None, "when")


def test_a_polite_follow_up_is_completed(tiny_index: Index) -> None:
    question = understand("Thanks! And when?", tiny_index, history=["Please tell me where the RCM was created"])
    assert question.search_text == question.interpreted_as == "When was the RCM created?"


@pytest.mark.parametrize(
    "text, direct",
    [
        ("why the ABC is called so", "Why is the ABC called so?"),
        ("When ABC meetings are held?", "When are ABC meetings held?"),
        ("how the secretariat can be reached", "How can the secretariat be reached?"),
        ("who the members of the ABC are", "Who are the members of the ABC?"),
        ("what ABC is", "What is ABC?"),
        ("why Canada is a member", "Why is Canada a member?"),
        ("where issues are discussed", "Where are issues discussed?"),
        ("How many people were there?", "How many people were there?"),
        ("Where is the seat?", "Where is the seat?"),
        ("When and where was it held?", "When and where was it held?"),
        ("How the ABC began and who was there?", "How the ABC began and who was there?"),
        ("why the states that are members pay", "why the states that are members pay"),
        ("when women are asked, what do they say?", "when women are asked, what do they say?"),
        ("the place where it is held", "the place where it is held"),
        ("How solid was the evidence (study of 2002)?", "How solid was the evidence (study of 2002)?"),
        ("how common are raids", "how common are raids"),
        ("how dangerous is crossing the river", "how dangerous is crossing the river"),
        ("how solid the evidence was", "how solid the evidence was"),
        ("how asylum is granted (ABC)", "How is asylum granted (ABC)?"),
    ],
)
def test_an_indirect_question_is_asked_directly(text: str, direct: str) -> None:
    assert ask_directly(text) == direct


@pytest.mark.parametrize(
    "text, written",
    [
        ("the 2008-09 crisis", "the 2008-2009 crisis"),
        ("2019/20", "2019/2020"),
        ("la reunión de enero del 99", "la reunión de enero de 1999"),
        ("¿Qué se acordó en el 05?", "¿Qué se acordó en 2005?"),
        ("desde el 98 hasta el 05, el año 99 y el del 97", "desde 1998 hasta 2005, el año 1999 y el de 1997"),
        ("in ’98 or May 97", "in 1998 or May 1997"),
        ("el 99 % de ellos, el 15 de mayo", "el 99 % de ellos, el 15 de mayo"),
        ("2012-05-03, 2023-2026, 1999-98, in May 2008", "2012-05-03, 2023-2026, 1999-98, in May 2008"),
        ("de 96 participantes", "de 96 participantes"),
        ("del 05 al 09 de mayo de 2014, hasta el 08 de junio", "del 05 al 09 de mayo de 2014, hasta el 08 de junio"),
        ("desde el 01/02/2014, resolución 2010/12, en 2009-11", "desde el 01/02/2014, resolución 2010/12, en 2009-11"),
    ],
)
def test_years_are_written_in_full(text: str, written: str) -> None:
    assert write_years(text) == written


def test_a_short_year_is_searched_and_shown_in_full(tiny_index: Index) -> None:
    question = understand("¿Dónde fue la reunión del 96?", tiny_index)
    assert question.search_text == question.interpreted_as == "¿Dónde fue la reunión de 1996?"


@pytest.mark.parametrize(
    "part", ["hi ", "the a ", "¿", "please, ", "is Aa of Aa ", "of the A", "tell me about ", "why a ", "2008-09 ", "'9"]
)
def test_a_hostile_question_is_reworded_in_no_time(part: str) -> None:
    text = (part * MAX_QUESTION_CHARS)[:MAX_QUESTION_CHARS]
    left = strip_request(text)
    assert left and reword(left, "en") is None  # a pattern that explodes would take years
    assert ask_directly(write_years(text))


@pytest.mark.parametrize(
    "text, nothing",
    [
        ("Hi there!", True),
        ("¡Muchas gracias!", True),
        ("Help, please", True),
        ("¿Qué puedo preguntar?", True),
        ("Are you a robot?", True),
        ("ok gracias", True),
        ("Great, thanks a lot for your help!", True),
        ("Muchas gracias por la ayuda", True),
        ("gracias a quién se creó", False),
        ("help for migrants", False),
        ("Ya conozco el de migración laboral.", True),
        ("I already know the first one", True),
        ("I know the members, and who are the observers?", False),
        ("I know it was founded in 1996 but who founded it", False),
        ("se puede solicitar refugio en mexico", False),
        ("sé que se fundó en 1996, quiénes la fundaron", False),
        ("What is it?", False),
        ("¿Quién es el coordinador?", False),
    ],
)
def test_greetings_and_calls_for_help_ask_nothing_of_the_documents(text: str, nothing: bool) -> None:
    assert asks_nothing(text) is nothing


@pytest.mark.parametrize(
    "text, left",
    [
        ("Who coordinated the secretariat back in 2010?", "Who coordinated the secretariat in 2010?"),
        ("Who was the coordinator of the secretariat back then?", "Who was the coordinator of the secretariat?"),
        ("¿Cuántos países son miembros hoy en día?", "¿Cuántos países son miembros?"),
        ("Which countries are observers now?", "Which countries are observers?"),
        ("¿A cuántas personas ha ayudado el fondo hasta hoy?", "¿A cuántas personas ha ayudado el fondo?"),
        ("Who coordinated it at the time of the meeting?", "Who coordinated it at the time of the meeting?"),
        ("What time is it now?", "What time is it now?"),
        ("¿Y ahora?", "¿Y ahora?"),
        ("Who called back?", "Who called back?"),
    ],
)
def test_vague_time_is_left_out_where_enough_is_left(text: str, left: str) -> None:
    assert leave_out_vague_time(text) == left
