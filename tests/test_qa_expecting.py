from collections.abc import Collection

import pytest

from index.filters import Filters
from qa.answers import Question
from qa.expecting import (
    asks_about_sources,
    expect,
    find_counts,
    is_called,
    is_remark,
    lacks_countries,
    says_what,
    says_which_sort,
    spells_out,
)
from qa.kinds import find_defined, kind_of, kinds_of, speaks_for_an_answer


def asks(text: str) -> Question:
    return Question(text, "en", text, "en", None, kind_of(text), Filters(), ())


def met(question: str, text: str, common: Collection[str] = ()) -> bool:
    return any(holds(text) for holds in expect(asks(question), common.__contains__))


@pytest.mark.parametrize(
    "text, kind",
    [
        ("On which days did the network meet?", "when"),
        ("¿En qué fechas exactas se reunió el grupo?", "when"),
        ("Which San José hotel hosted the workshop?", "where"),
        ("¿En qué edificio se celebró la plenaria?", "where"),
        ("What is the name of the current Executive Secretary?", "who"),
        ("¿Cuál es el nombre del viceministro?", "who"),
        ("¿Cómo se llama la secretaria ejecutiva?", "who"),
        ("Which ambassador spoke?", "who"),
        ("How long did the course last?", "how_many"),
        ("What other name does the process have?", "definition"),
        ("How is the presidency handed over?", "how"),
        ("How did the director explain what states owe each other when they share a duty?", "how"),
        ("Which seminar was for officials who draft laws?", "which"),
        ("¿Hubo algún voto en contra cuando se eligió la sede nueva?", "where"),
        ("¿Hubo algún voto en contra cuando se eligió al país?", "what"),
        ("¿En qué ciudad se reunieron cuando presidía México?", "where"),
        ("What was it and who ran it?", "who"),
        ("¿Qué pasó y cuándo fue?", "when"),
        ("cuando fue la reunion", "when"),
        ("theme when 2013", "when"),
        ("Do you know when it was created?", "when"),
        ("Can you tell me where the 2010 meeting was held?", "where"),
        ("Does anyone know who chaired it?", "who"),
        ("¿Puede decirme cuando fue la reunion?", "when"),
        ("What was the date when it began?", "when"),
        ("How, when and where was it created?", "when"),
        ("What was decided, when and where?", "when"),
        ("Can you tell me when and where it was created?", "when"),
        ("What was the yearly budget of the office?", "how_many"),
        ("¿Cuál es el teléfono de la oficina?", "how_many"),
        ("¿Quién inventó el teléfono?", "who"),
        ("observer fee", "how_many"),
        ("costo del taller de 2018", "how_many"),
        ("director of the regional office", "who"),
        ("ponente del foro de 2022", "who"),
        ("¿Cómo eligen al director?", "how"),
        ("How often do they meet?", "when"),
        ("¿Cada cuánto se reúnen?", "when"),
        ("At what time did it open?", "when"),
        ("¿Qué plazo se fijó?", "when"),
        ("¿Qué soluciones a largo plazo hay?", "what"),
        ("Cuando eligieron la sede, ¿hubo algún voto en contra?", "what"),
        ("La red tiene once socios, ¿no?", "what"),
        ("How much notice must a member give?", "how_many"),
        ("What is the name of the campaign?", "name"),
        ("What was the name of Guatemala's foreign minister?", "who"),
        ("What is the campaign called?", "name"),
        ("¿Cómo se llamaba el hotel?", "name"),
    ],
)
def test_the_kind_is_told_by_the_words_asked_with(text: str, kind: str) -> None:
    assert kind_of(text) == kind


@pytest.mark.parametrize(
    "question, holds, lacks",
    [
        ("How much did the workshop cost?", "It cost 40,000 dollars in all.", "It was attended by 40 officials."),
        ("¿Cuánto pagó Canadá?", "Canadá aportó US$ 20.", "Canadá aportó 20 expertos."),
        ("How old was the director?", "The director, 61 years old, retired.", "The director retired in 1961."),
        ("What is the hotline number?", "Call +503 2222-3333.", "The hotline opened in 2014 with 3 lines."),
        ("How many delegates came?", "There were sixty-two, or 62, of them.", "They met from 27 to 29 October 1999."),
        ("¿Cuántos delegados fueron?", "Fueron 62 delegados.", "Se reunieron los días 6 y 7 de mayo de 2008."),
        ("How many days did it last?", "It lasted four days.", "It had 62 delegates."),
        ("How long did it last?", "The two-day meeting ended.", "The two countries met."),
        ("¿Cuánto duró?", "Duró seis semanas.", "Asistieron seis expertos."),
        ("How many crossed?", "More than a million crossed.", "A great many crossed."),
        ("¿Cuántos cruzaron?", "Cruzaron miles de personas.", "Cruzaron muchas personas."),
        ("In which city was it held?", "It was held in Guatemala City.", "It was held in Guatemala."),
        ("¿En qué ciudad fue?", "Fue en la Ciudad de Guatemala.", "Fue en Guatemala."),
        ("In which capital was it held?", "It was held in Guatemala City.", "It was held in Guatemala."),
        ("Which Mexican city hosted it?", "They met in the border city of Cobán, Mexico.", "They met in Mexico."),
        ("¿En qué ciudad fue?", "Fue en La Antigua.", "Fue en la mañana."),
        ("¿En qué hotel fue?", "Se celebró en el Hotel Camino Real.", "Se celebró en el hotel de siempre."),
        ("When was it signed?", "It was signed on 4 June.", "It was signed by all."),
        ("When was the plan of 2016 signed?", "It was signed in 2017.", "It was signed as the plan of 2016."),
        ("Who chaired the meeting?", "Ana Quesada Mora chaired it.", "Someone wrote about it."),
        ("Who spoke at the meeting?", "Ana Quesada Mora spoke.", "The Inter Press Service wrote about it."),
        ("¿Quién presidió la reunión?", "La presidió Ana Quesada Mora.", "La presidió alguien de turno."),
        ("In which city did they meet?", "They met in Cobán, Guatemala.", "They met in Guatemala."),
        ("Where did they meet?", "They met in Guatemala.", "They met in May."),
        ("Which months were proposed for 2011?", "February or March 2011 were proposed.", "It was proposed in 2011."),
        ("How often do they meet?", "They meet twice a year.", "They met in May 2010."),
        ("¿Con qué frecuencia se reúnen?", "Se reúnen cada año.", "Se reunieron en mayo."),
        ("At what time did it open?", "It opened at 9:30 a.m.", "It opened on 3 May 2010."),
        ("¿A qué hora empezó?", "Empezó a las 10 horas.", "Empezó en 2010."),
        ("What was the deadline?", "It was due within 60 days.", "It was due soon."),
        ("¿Qué plazo se fijó?", "Debía estar lista el 3 de mayo.", "Debía estar lista pronto."),
        ("Which countries came?", "Belize and Panama came.", "Belize came."),
        ("¿Qué países fueron?", "Los países fueron los siguientes:", "Los países fueron varios."),
        ("¿Qué países fueron?", "• Belice", "• otros"),
        ("Which country hosted it?", "Belize hosted it.", "A member hosted it."),
        ("How long is it valid?", "It covers 2019-2025.", "It covers three themes."),
        ("Why did they meet?", "They met in order to agree on visas.", "They met on visas."),
        ("Why did they meet?", "They met after the storm.", "They met on visas."),
        ("¿Por qué se reunieron?", "Se reunieron a raíz de la tormenta.", "Se reunieron en mayo."),
        ("From what age is it paid?", "It is paid to people over seventy.", "It is paid to 70 people."),
        ("¿Desde qué edad se paga?", "Se paga a personas mayores de setenta años.", "Se paga a personas mayores de edad."),
        ("¿Cuántos menores de edad cruzaron?", "Cruzaron 40.", "Cruzaron muchos."),
        ("How much notice is needed?", "It must be announced one year ahead.", "It must be announced in plenary."),
        ("¿Con cuánta antelación se avisa?", "Se avisa con un año de anticipación.", "Se avisa en plenaria."),
        ("How much of it was down to storms?", "Storms caused 1.2 million.", "Storms caused most of it."),
        ("By how much did it grow?", "It more than doubled.", "It grew fast."),
        ("Where are they sheltered?", "They stay in shelters.", "They stay for days."),
        ("Who decides on it?", "The vice-ministers decide on it.", "It is decided on every year."),
        ("Which ambassador came?", "Ambassador Quesada came.", "The ambassador came."),
        ("What is the campaign called?", "The campaign is called “Always”.", "The campaign is well known."),
        ("¿Cómo se llamaba el hotel?", "Fue en el hotel Camino Real.", "Fue en un hotel de la costa."),
        (
            "What are the names of the nine experts?",
            "They were Ana Quesada Mora and others.",
            "The Foundation chose nine experts.",
        ),
        ("Which institutions wrote it?", "The Colegio Mayor and the Foro Joven wrote it.", "The study says that numbers rise."),
        ("Where was it to be held?", "It was set for Cobán.", "It was a joint plan of Guatemala."),
        ("What are the names of the RCM's working groups?", "They deal with these subjects:", "The RCM has four of them."),
        ("What are the names of its groups?", "They are border, labour and protection.", "There are four of them."),
        ("What is the name of the fund?", "It is the Reserve Fund.", "It is a fund that pays for returns."),
        ("¿Cuántos años tienen que tener?", "Deben ser mayores de setenta años.", "Se informa dos veces al año."),
        ("What post did Quesada hold?", "Quesada, director of consular affairs, came.", "Quesada came with nine others."),
        ("¿Qué cargo tenía Quesada?", "Fue Quesada, viceministra de entonces.", "Fue Quesada con otros."),
        ("What does ABC stand for?", "The Alpha Beta Council (ABC) met.", "ABC met."),
    ],
)
def test_a_text_holds_the_sort_of_thing_that_is_asked_for(question: str, holds: str, lacks: str) -> None:
    common = {"press", "service"}
    assert met(question, holds, common)
    assert not met(question, lacks, common)


def test_what_the_question_names_itself_is_no_answer() -> None:
    assert not met("How many of the 11 members came?", "The 11 members were invited.")
    assert not met("Where in Guatemala did they meet?", "They met in Guatemala.")
    assert not met("Where was the Guatemala City meeting?", "The meeting in Guatemala City ended late.")
    assert not met("What was the venue of the meeting in Mexico City?", "The meeting in Mexico City ended late.")
    assert not met("What are the names of those whom Ana Quesada honoured?", "Minister Ana Quesada Mora honoured nine experts.")
    assert not met("¿Cómo se llama el hotel de Cobán?", "Llegaron a un hotel de Cobán, en Guatemala.")


@pytest.mark.parametrize(
    "text, kinds",
    [
        ("When and where was it held?", ["when", "where"]),
        ("What was decided, when and where?", ["when", "where"]),
        ("¿Dónde y en qué mes fue el seminario?", ["where", "when"]),
        ("How many came, and who paid?", ["how_many", "who"]),
        ("¿Quién lo escribió? ¿Cuándo?", ["who", "when"]),
        ("cuanta gente vino y de que países eran", ["how_many", "which"]),
        ("What is it and why was it made?", ["why"]),
        ("How does it work and what does it do?", ["how"]),
        ("the fund that pays and that helps", ["what"]),
    ],
)
def test_a_question_of_several_parts_asks_for_several_sorts(text: str, kinds: list[str]) -> None:
    assert [kind for kind, _ in kinds_of(text)] == kinds


def test_each_part_has_its_own_check() -> None:
    when, where = expect(asks("When and where was it held?"))
    assert when("It was held on 3 May.") and not when("It was held in Cobán.")
    assert where("It was held in Cobán.") and not where("It was held on 3 May.")


@pytest.mark.parametrize(
    "text",
    [
        "City and dates of that meeting were not found.",
        "La sede y las fechas de la reunión no se conocen.",
        "No se encontró el lugar de 2003.",
        "The page explains how the fund began and who pays for it.",
        "En ella se indica quién convoca y dónde se reúnen.",
    ],
)
def test_a_remark_about_the_sources_is_no_statement(text: str) -> None:
    assert is_remark(text)


@pytest.mark.parametrize(
    "text, asks",
    [
        ("Was the meeting in May or in June?", True),
        ("Why do the sources give two different dates?", True),
        ("¿Por qué no coinciden las fechas?", True),
        ("¿Fue en mayo o en junio?", True),
        ("What is the difference between the RCM and the SACM?", False),
        ("¿Cuál es la diferencia entre la CRM y la CSM?", False),
        ("When was the meeting?", False),
        ("¿Cuántas personas asistieron?", False),
    ],
)
def test_a_question_may_be_about_what_sources_say(text: str, asks: bool) -> None:
    assert asks_about_sources(text) is asks


@pytest.mark.parametrize(
    "text",
    [
        "The page shows what the ministers were to do: approve the plan and the budget.",
        "The report shows a rise in returns.",
        "The fund was found to be empty.",
        "La reunión se celebró en Cobán, donde no se conocían.",
        "Officials explained how visas are shared.",
    ],
)
def test_a_statement_is_no_remark(text: str) -> None:
    assert not is_remark(text)


@pytest.mark.parametrize(
    "text, speaks",
    [
        ("Who pays for the secretariat?", False),
        ("¿Quién convoca la reunión?", False),
        ("Who was the director who signed it?", True),
        ("¿Qué ministra asistió?", True),
        ("Who opened the seminar?", True),
        ("¿Quién firmó el acuerdo?", True),
        ("¿Quién sustituyó al presidente?", True),
        ("¿A quién dijo eso?", False),
        ("When was it held?", True),
        ("How many came?", True),
    ],
)
def test_a_person_is_preferred_only_where_a_person_is_asked_for(text: str, speaks: bool) -> None:
    assert speaks_for_an_answer(asks(text)) is speaks


@pytest.mark.parametrize(
    "question, names, lacks",
    [
        ("Which country hosted it?", "It was held in Honduras.", "It was held on the coast."),
        ("Which countries sent experts?", "Belize and Panama sent experts.", "Belize sent experts."),
        ("Which of the members came late?", "Canada and Mexico came late.", "The Ministers came late."),
        ("¿Qué país fue la sede?", "Tailandia fue la sede.", "El país anfitrión fue la sede."),
        ("¿Qué países firmaron?", "Firmaron Belice y Panamá.", "Firmaron los países en la Antigua."),
        ("¿Cuáles son los países invitados?", "Perú y Ecuador.", "Los de siempre, según la OIM."),
    ],
)
def test_which_countries_is_answered_by_their_names(question: str, names: str, lacks: str) -> None:
    common = {"ministers", "firmaron"}
    assert not lacks_countries(question, [names], common.__contains__)
    assert lacks_countries(question, [lacks], common.__contains__)


def test_countries_of_the_question_are_no_answer_and_other_questions_want_none() -> None:
    assert lacks_countries("Which country did Mexico follow?", ["It followed Mexico."], lambda word: False)
    assert not lacks_countries("What did the countries agree?", ["They agreed on visas."], lambda word: False)
    assert not lacks_countries("¿Qué pidió a los gobiernos?", ["Pidió paciencia."], lambda word: False)
    assert not lacks_countries("Requisitos para que un Estado sea admitido", ["Un tratado."], lambda word: False)


def test_counts_are_numbers_that_are_no_dates() -> None:
    text = "From 3 to 5 May 2010, eleven countries sent 1,200 people; in 2011-2012 none did."
    assert [text[a:b] for a, b in find_counts(text, frozenset())] == ["eleven", "1,200"]
    assert [text[a:b] for a, b in find_counts(text, frozenset({"1200"}))] == ["eleven"]


def test_the_label_of_an_item_counts_nothing() -> None:
    assert list(find_counts("3. Review what was agreed. 4. Adopt it.", frozenset())) == []
    assert len(list(find_counts("They were 3. It rained.", frozenset()))) == 1


def test_numbers_are_found_in_capitals_too_where_they_stand() -> None:
    text = "In İzmir, ELEVEN of Twenty met ON 3 MAY 2011 for 2,5 Millones."
    assert [text[a:b] for a, b in find_counts(text, frozenset())] == ["ELEVEN", "Twenty", "2,5", "Millones"]


@pytest.mark.parametrize(
    "text",
    [
        "fourteen",
        "ninety",
        "two billion",
        "fifty",
        "two thirds",
        "catorce",
        "cincuenta",
        "veintidós",
        "quinientos mil",
        "dos tercios",
        "una docena",
    ],
)
def test_every_number_word_of_both_languages_counts(text: str) -> None:
    found = " ".join(text[a:b] for a, b in find_counts(f"about {text} of them".replace("about ", ""), frozenset()))
    assert found == text.removeprefix("una ")


@pytest.mark.parametrize(
    "text, defined",
    [
        ("What is the SACM?", "SACM"),
        ("what's a regional consultative process", "regional consultative process"),
        ("What does the technical secretariat do?", "technical secretariat"),
        ("What is the fund for?", "fund"),
        ("¿Qué es la presidencia pro témpore?", "presidencia pro témpore"),
        ("¿Para qué sirve el fondo de retorno?", "fondo de retorno"),
        ("que hace la OIM", "OIM"),
        ("When is the meeting?", None),
        ("¿Qué países son miembros?", None),
        ("?", None),
    ],
)
def test_what_a_question_wants_defined(text: str, defined: str | None) -> None:
    span = find_defined(text)
    assert (text[slice(*span)] if span else None) == defined


@pytest.mark.parametrize(
    "text, says",
    [
        ("The SACM is a regional process of twelve governments.", True),
        ("La CSM reúne a doce gobiernos.", True),
        ("RCP (PCR): regional consultative process, such as the RCM.", True),
        ("The SACM met in Sucre, Bolivia.", False),
    ],
)
def test_a_sentence_says_what_something_is(text: str, says: bool) -> None:
    assert says_what(text, text.index(" ")) is says


@pytest.mark.parametrize(
    "text, says",
    [
        ("The page describes the SACM as a process of twelve governments.", True),
        ("Los términos definen a la SACM como un proceso.", True),
        ("La página define la SACM como un proceso.", True),
        ("The page describes the SACM.", False),
        ("The SACM calls itself a process.", False),
    ],
)
def test_a_sentence_says_what_something_is_called(text: str, says: bool) -> None:
    start = text.index("SACM")
    assert is_called(text, start, start + 4) is says


def test_a_capital_after_a_colon_is_the_second_part_of_a_title() -> None:
    assert not says_what("SACM: Fostering Dialogue", 4)
    assert says_what("SACM: process of twelve governments", 4)


@pytest.mark.parametrize(
    "text, subject, says",
    [
        ("The SACM is a regional process of twelve governments.", "The SACM", True),
        ("La CSM (SACM) es un proceso de doce gobiernos.", "La CSM", True),
        ("The SACM, begun in Lima, was an informal forum.", "The SACM", True),
        ("On its website the SACM describes itself as a process.", "the SACM", True),
        ("La CSM se define como un proceso.", "La CSM", True),
        ("The SACM and the Lima Process are the same body.", "the Lima Process", False),
        ("RNCOM is the English acronym.", "RNCOM", False),
        ("Guatemala es un miembro de la CRM.", "Guatemala", False),
        ("La CSM se reunió en Sucre, que es la capital.", "La CSM", False),
        ("The SACM describes how it works.", "The SACM", False),
        ("The Conference (SACM), also called the Lima Process, is a process.", "The Conference (SACM", True),
        ("La CSM es uno de varios procesos.", "La CSM", False),
    ],
)
def test_a_sentence_says_of_which_sort_something_is(text: str, subject: str, says: bool) -> None:
    assert says_which_sort(text, text.index(subject) + len(subject)) is says


@pytest.mark.parametrize(
    "text, short, says",
    [
        ("The Regional Consultation Group on Migration (RCGM; GRCM in Spanish) coordinates.", "RCGM", True),
        ("El Grupo Regional de Consulta sobre Migración (GRCM; RCGM en inglés) coordina.", "GRCM", True),
        ("• CICR (ICRC): Comité Internacional de la Cruz Roja", "CICR", True),
        ("SICA (Sistema de la Integración Centroamericana)", "SICA", True),
        ("IOM stands for International Organization for Migration.", "IOM", True),
        ("The Pro Tempore Presidency (PPT) calls the meetings.", "PPT", True),  # kept from another language
        ("Panama held the chair of the group that year (RCM).", "RCM", False),
        ("The plenary of the RCM: offices for migrants were opened.", "RCM", False),
        ("IOM was there, and so were others.", "IOM", False),
        ("A release of the IOMX (International Organization for Migration)", "IOM", False),
    ],
)
def test_a_sentence_spells_an_acronym_out_or_only_uses_it(text: str, short: str, says: bool) -> None:
    assert spells_out(text, short) is says
