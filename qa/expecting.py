"""The sort of thing that a question asks for, and whether a text holds one: patterns of both languages, no meaning."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from corpus.dates import MONTHS
from corpus.glossary import load_glossary
from corpus.records import LANGS
from corpus.words import find_words, fold, folded_words
from qa.answers import Question, QuestionKind

Check = Callable[[str], bool]
YEAR = re.compile(r"\b(?:19|20)\d{2}\b")

_OFFICES = (
    "(vice-?)?minister|official|ambassador|director|coordinator|president|expert|representative|delegate|secretary|chancellor"
)
_OFFICES_ES = (
    "(vice)?ministr[oa]|funcionari[oa]|embajador[a]?|canciller|director[a]?|coordinador[a]?|president[ea]|expert[oa]|"
    "representante|delegad[oa]|secretari[oa]"
)
_PATTERNS: tuple[tuple[QuestionKind, str], ...] = (
    ("who", r"\b((names?|nombres?) (of|de|del) (the |la |el |los |las )?(\w+ ){0,2}((vice-?)?minister|official|ambassador|director|coordinator|president|expert|representative|delegate|secretary|(vice)?ministr[oa]|funcionari[oa]|embajador[a]?|canciller|director[a]?|coordinador[a]?|president[ea]|secretari[oa])|c[oó]mo se llama(ba)? (el|la) (\w+ )?((vice)?ministr[oa]|funcionari[oa]|embajador[a]?|canciller|director[a]?|coordinador[a]?|president[ea]|secretari[oa]))\b"),
    ("definition", r"\b(stands? for|short for|abbreviation|acronym|mean(s|ing)? of|what does \S+ mean|significa|siglas?|definici[oó]n|definition|(other|another|alternative) names?|also (called|known)|otro nombre|otros nombres|(tambi[eé]n|c[oó]mo) se (llama|conoce|denomina))\b|^\W*(what|qu[eé]) (is|are|es|son) (the |a |an |el |la |los |las |un |una )?[\w-]*\w\W*$"),
    ("how_many", r"\b(how many|how much|(?<!cada )cu[aá]nt[oa]s?|number of|n[uú]mero de|how (long|large|big|old)|qu[eé] (porcentaje|edad)|what (share|percentage))\b"),
    ("when", r"\b(when|cu[aá]ndo|(what|which) (exact )?(years?|dates?|months?|days?)|since when|qu[eé] (año|fecha|d[ií]a|mes(es)?)s?|desde cu[aá]ndo|fechas?)\b"),
    ("where", r"\b(where|d[oó]nde|ad[oó]nde|(which|what) (\w+ ){0,2}(city|cities|place|venue|hotel|building|town|capital)|qu[eé] (\w+ )?(ciudad|lugar|sede|hotel|edificio|capital)(es)?|sede)\b"),
    ("why", r"\b(why|por qu[eé]|what reason|for what reason|motivo|raz[oó]n)\b"),
    ("which", r"\b(who|qui[eé]nes) (are|were|son|eran|fueron) (the |los |las |its |sus )?(\w+ )?(members|observers|partners|participants|founders|donors|miembros|integrantes|observadores|socios|participantes|fundadores|donantes)\b"),
    ("who", rf"\b(who|whom|whose|qui[eé]n(es)?|(which|what) (\w+ )?(person|{_OFFICES}|country chaired)|qu[eé] (persona|{_OFFICES_ES}))\b"),
    ("how", r"^\W*(how|c[oó]mo|de qu[eé] (manera|forma))\b"),
    ("which", r"\b(which|list|name the|cu[aá]les|qu[eé] (pa[ií]ses|organizaciones|temas|objetivos|medidas|instituciones|organismos)|what (are|were) the|enumer[ae]|menciona)\b"),
    ("yes_no", r"^\W*(is|are|was|were|does|did|do|has|have|can|could|will|es|son|fue|ha|han|tiene|puede|existe|hay)\b"),
)  # fmt: skip
_ASKING = r"(?:what|which|who|whom|whose|when|where|why|how|qu[eé]|cu[aá]l(?:es)?|qui[eé]n(?:es)?|cu[aá]ndo|d[oó]nde|c[oó]mo|por qu[eé])"
# A question word that a question opens with, and words that after it only join clauses: "how did they feel when it ended".
_OPENING = re.compile(
    r"^\W*(?:(?:and|but|so|then|y|e|pero|in|on|at|to|for|from|by|with|of|until|since|en|a|de|por|para|con|desde|hasta|sobre)\s+)*"
    rf"(?:{_ASKING}|cu[aá]nt[oa]s?|is|are|was|were|does|did|do|has|have|had|can|could|will|would|"
    r"es|son|fue|fueron|era|ha|han|hubo|hay|hab[ií]a|tiene|tuvo|puede|existe)\b",
    re.IGNORECASE,
)
_JOINS = frozenset(["when", "where", "who", "whom", "whose", "cuando", "donde", "quien", "quienes"])
# Before such a word: it asks after all, as one of several questions, of what somebody may know, or of a date or place.
_ASKED_BEFORE = re.compile(
    rf"(?:\b(?:and|or|y|e|o)\s+(?:\w{{1,4}}\s)?|[¿;?]\s*|\b{_ASKING},\s*|"
    r"\b(?:know|tell|say|remember|known|saber|sabe[ns]?|decir|deci[rd](?:me|nos)|diga(?:me|nos)?|recuerda)\s+(?:me\s+|us\s+)?|"
    r"\b(?:date|day|year|month|time|moment|place|city|town|fecha|d[ií]a|año|mes|momento|lugar|ciudad)\s+)¿?$",
    re.IGNORECASE,
)
_ASKED_AFTER = re.compile(rf"\s*(?:,|\band\b|\bor\b|\by\b|\bo\b)\s+{_ASKING}\b", re.IGNORECASE)
_KINDS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _PATTERNS)
# Of numbers and dates in texts in small letters, where a search takes a third of the time that it takes without case.
_NUMBER = re.compile(
    r"\d+(?:[.,]\d+)*|\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|"
    r"(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundreds?|thousands?|millions?|billions?|dozens?|half|thirds|quarters|"
    r"dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|trece|catorce|quince|dieci\w+|veinte|veinti\w+|"
    r"(?:trei|cuare|cincue|sese|sete|oche|nove)nta|cien|cient[oa]s?|(?:(?:dos|tres|cuatro|seis|sete|ocho|nove)cient|quinient)[oa]s|"
    r"mil|miles|mill[oó]n(?:es)?|mitad|tercios?|decenas?|docenas?)\b"
)
_MONEY_ASKED = re.compile(
    r"\b(how much (money|aid|funding|did|does|do|was|were|is|would|has|have)|costs?|fees?|salary|price|budget|in dollars|"
    r"cu[aá]nto (dinero|cost|cuesta|pag|gan|aport|don|vale|recib)\w*|presupuesto|sueldo|salario|precio|cuota|monto)\b",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"[$€£]|\b(USD|dollars?|d[oó]lares?|euros?|pesos?|colones|lempiras?|quetzales?|per ?cent|por ciento)\b|%", re.IGNORECASE
)
_AGE_ASKED = re.compile(r"\b(how old|what age|edad|cu[aá]ntos años ten[ií]a)\b", re.IGNORECASE)
_AGE = re.compile(r"\b\d{1,3}[- ](years?[- ]old|años de edad)\b|\b(aged|age of|edad de) \d", re.IGNORECASE)
_DURATION_ASKED = re.compile(
    r"\bhow long (?:did|do|does|has|have|had|will|would)\b|\bcu[aá]nto (?:tiempo )?dur|"
    r"\b(?:how many|cu[aá]nt[oa]s) (?:days?|weeks?|months?|hours?|minutes?|d[ií]as?|semanas?|mes(?:es)?|horas?|minutos?)\b",
    re.IGNORECASE,
)
_SPAN_OF_TIME = re.compile(
    r"[- ](days?|weeks?|months?|hours?|minutes?|d[ií]as?|semanas?|mes(es)?|horas?|minutos?)\b|\b\d{1,2}(st|nd|rd|th)? (to|and|al?|y) (the )?\d{1,2}\b",
    re.IGNORECASE,
)
_TELEPHONE_ASKED = re.compile(r"\b(tele)?phone number|tel[eé]fono|hotline number|n[uú]mero de la l[ií]nea\b", re.IGNORECASE)
_TELEPHONE = re.compile(r"\+?\d[\d ()-]{6,}\d")
_MONTH = "|".join(sorted((name for name in MONTHS if len(name) > 3 or name == "may"), key=len, reverse=True))
_DAYS = r"\d{1,2}(?:st|nd|rd|th)?(?:(?:,| to| and| al?| y|[-–])\s?\d{1,2}(?:st|nd|rd|th)?)*"
_DATE = re.compile(rf"\b{_DAYS}(?: of| de)? (?:{_MONTH})\b|\b(?:{_MONTH}) {_DAYS}\b|\b(?:19|20)\d\d(?:[-–/]\d{{2,4}})?\b")
_YEAR_OR_DATE = re.compile(r"\b(1[89]|20)\d{2}\b|\b\d{1,2}(st|nd|rd|th)?\b")
_NAME = re.compile(r"(?<=[\w,;:(»”\"] )[A-ZÁÉÍÓÚÑ][a-záéíóúñü][\w'’]*|(?<=• )[A-ZÁÉÍÓÚÑ][a-záéíóúñü][\w'’]*")
_PLACE = re.compile(
    r"\b(?:in|at|to|from|near|city of|town of|en|a|desde|sede|ciudad de|[Hh]otel|hosted by)\s+"
    r"(?:(?:[Tt]he|[Ll]a|[Ee]l|[Ll]os|[Ll]as) )?(?:city of |[Cc]iudad de |[Hh]otel )?"
    r"([A-ZÁÉÍÓÚÑ][a-záéíóúñü][\w'’]*(?: City)?)|(?<=, )([A-ZÁÉÍÓÚÑ][a-záéíóúñü][\w'’]*)"
)
_CITY = re.compile(r"\b(?:city|town) of\b|\bciudad de\b| City$", re.IGNORECASE)
_CITY_ASKED = re.compile(r"\b(city|cities|town|ciudad|ciudades|capital|hotel|venue|building|edificio)\b", re.IGNORECASE)
_WHERE_TOO = re.compile(r"\b(and where|where and|y d[oó]nde|d[oó]nde y)\b", re.IGNORECASE)
_PERSON = re.compile(r"\b[A-ZÁÉÍÓÚÑ][a-záéíóúñü'’-]+(?: (?:de|del|de la|von|van|[A-Z]\.))?(?: [A-ZÁÉÍÓÚÑ][a-záéíóúñü'’-]+)+")
_PERSON_ASKED = re.compile(rf"\b(names?|nombres?|llama(ba)?|person|persona|{_OFFICES}|{_OFFICES_ES})\b", re.IGNORECASE)
_DEFINES = re.compile(
    r"\b(is|are|was|were|means|called|known as|es|son|era|fue|significa|llamad[oa]|conocid[oa])\b (also |tambi[eé]n )?"
    r"(an?|the|also|as|how|un[oa]?s?|el|la|los|las|lo|como|quien)\b"
)
_SPELT_OUT = re.compile(r"\([A-ZÁÉÍÓÚÑ]{2,}[^)]{0,12}\)|\b(means|stands for|called|known as|significa|llamad[oa]|conocid[oa])\b")
_ACRONYM_ASKED = re.compile(
    r"\b(stands? for|short for|abbreviation|acronym|mean|significa|siglas?|names?|called|known|nombres?|llama|conoce|denomina)\b",
    re.I,
)
_PLACES_ASKED = re.compile(
    r"\b(countries|nations|states|governments|organi[sz]ations|pa[ií]ses|naciones|estados|gobiernos|organi[sz]aciones)\b", re.I
)
_CAUSE = re.compile(
    r"\b(because|since|due to|in order to|so that|to (help|ensure|promote|strengthen|protect)|reason|purpose|aim|"
    r"porque|debido a|a fin de|para que|con el fin|motivo|raz[oó]n|prop[oó]sito|objetivo|ya que|puesto que)\b",
    re.IGNORECASE,
)
_MISSING = re.compile(
    r"\b(?:was|were|is|are) not (?:found|known)\b|\bno se (?:conoc|encontr)(?:e|en|[oó]|ieron|aron)\b", re.IGNORECASE
)
_ANNOUNCED = re.compile(
    r"\b(?:page|website|site|section|chapter|document|publication|report|text|p[aá]gina|sitio|secci[oó]n|cap[ií]tulo|documento|"
    r"publicaci[oó]n|informe|texto|en ell[ao])\b.{0,80}?\b(?:explain|sets? out|describ|show|tell|indicat|explic|indic|expon|muestr|"
    r"detall)\w*\b.{0,120}?\b(?:how|who|what|which|where|when|why|cómo|quién(?:es)?|qué|cuál(?:es)?|dónde|cuándo)\b[^:]*$",
    re.IGNORECASE,
)
# A question what something is, does or serves for; the something is the group that matched.
_ARTICLE = r"(?:the |an? |el |la |los |las |una? )?"
_SAY_WHAT = re.compile(
    rf"^\W*(?:what(?:['’]s| is| are| was| were) {_ARTICLE}(.+?)(?: for)?|what (?:does|do|did) {_ARTICLE}(.+?) (?:do|mean)|"
    rf"qu[eé] (?:es|son|era|eran|fue|hacen?|hac[ií]an?|se entiende por) {_ARTICLE}(.+?)|para qu[eé] sirven? {_ARTICLE}(.+?))(?<=\w)\W*$",
    re.IGNORECASE,
)
_SAYS_WHAT = re.compile(
    r"\b(is|are|was|were|means|refers|consists|serves|brings|joins|es|son|era|eran|fue|significa|consiste|sirve|re[uú]ne|agrupa|"
    r"designa)\b|\([A-ZÁÉÍÓÚÑ]{2,}[^)]{0,12}\): "
)
# One of these stands, in small letters, in every sentence that the patterns find; a search for them costs next to nothing.
_MISSING_MARKS = (" not ", "o se ")
_ANNOUNCED_MARKS = ("explain", " out", "describ", "show", "tell", "indic", "explic", "expon", "muestr", "detall")


def kind_of(text: str) -> QuestionKind:
    """What sort of answer a question asks for, by its words."""
    opening = _OPENING.match(text)
    after = opening.end() if opening else len(text)
    for kind, pattern in _KINDS:
        for match in pattern.finditer(text):
            # An accent tells Spanish question words.
            joins = match.start() >= after and match.group().lower() in _JOINS
            if not joins or _ASKED_BEFORE.search(text, 0, match.start()) or _ASKED_AFTER.match(text, match.end()):
                return kind
    return "what"


def expect(question: Question, is_common: Callable[[str], bool] = lambda word: False) -> Check:
    """A check whether a sentence holds something of the sort that is asked for, beside what the question itself says.

    "When and where" is met by either. `is_common` tells folded words that are not only parts of names.
    """
    asked = frozenset(word.folded for word in find_words(question.search_text))
    kinds: tuple[QuestionKind, ...] = (question.kind,)
    if question.kind == "when" and _WHERE_TOO.search(question.search_text):
        kinds = ("when", "where")
    checks = [_check_of(kind, question.search_text, asked, is_common) for kind in kinds]
    return checks[0] if len(checks) == 1 else lambda text: any(holds(text) for holds in checks)


def speaks_for_an_answer(question: Question) -> bool:
    """Whether what holds the sort of thing asked for comes before what does not.

    Not where "who" may as well be a body or a country: half of the passages that answer name no person. That no person is
    named still speaks against an answer.
    """
    return question.kind != "who" or _PERSON_ASKED.search(question.search_text) is not None


def find_defined(text: str) -> tuple[int, int] | None:
    """The span of what a question wants defined: "What is the SACM?", "¿Para qué sirve el fondo?"; None in other questions."""
    match = _SAY_WHAT.match(text)
    return match.span(match.lastindex) if match is not None and match.lastindex else None


def says_what(text: str, end: int) -> bool:
    """Whether a sentence goes on to say what its subject is or does; the subject's name ends at `end`, "of ..." may follow."""
    return _SAYS_WHAT.search(text, end, end + 80) is not None


def is_remark(text: str) -> bool:
    """Whether a sentence is a remark about the sources: it compares them, says that they lack something or what they are about.

    Such a sentence repeats the words of a question without answering it. In the bundled collection what is missing or
    announced holds a judged answer a sixth as often as other sentences.
    """
    small = text.lower()
    return (
        text.startswith(("Note:", "Nota:"))
        or (any(mark in small for mark in _MISSING_MARKS) and _MISSING.search(text) is not None)
        or (any(mark in small for mark in _ANNOUNCED_MARKS) and _ANNOUNCED.search(text) is not None)
    )


def _check_of(kind: QuestionKind, asked: str, words: frozenset[str], is_common: Callable[[str], bool]) -> Check:
    if _AGE_ASKED.search(asked):
        return lambda text: bool(_AGE.search(text))
    if _TELEPHONE_ASKED.search(asked):
        return lambda text: bool(_TELEPHONE.search(text))
    if kind in ("how_many", "how", "what", "which") and _MONEY_ASKED.search(asked):
        return lambda text: bool(_MONEY.search(text))
    match kind:
        case "when":
            return lambda text: _holds_date(text, words)
        case "how_many" if _DURATION_ASKED.search(asked):
            return lambda text: bool(_SPAN_OF_TIME.search(text) and _NUMBER.search(_small(text)))
        case "how_many":
            return lambda text: next(find_counts(text, words), None) is not None
        case "who":
            known = words | institutional_words()
            return lambda text: _holds_person(text, known, is_common)
        case "where":
            known = words | _country_words() if _CITY_ASKED.search(asked) else words
            return lambda text: _holds_place(text, words, known)
        case "definition":
            pattern = _SPELT_OUT if _ACRONYM_ASKED.search(asked) else _DEFINES
            return lambda text: bool(pattern.search(text))
        case "which" if _PLACES_ASKED.search(asked):
            return lambda text: text.rstrip().endswith(":") or (text.count(",") >= 2 and _count_names(text, words) >= 4)
        case "which":
            return lambda text: text.count(",") >= 2 or text.rstrip().endswith(":") or text.lstrip().startswith("•")
        case "why":
            return lambda text: bool(_CAUSE.search(text))
    return lambda text: True


def find_counts(text: str, question_words: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Spans of the numbers of a text, in figures or words, that are no dates and that the question does not name."""
    small = _small(text)
    dates: list[tuple[int, int]] | None = None  # looked for where there is a number at all
    for match in _NUMBER.finditer(small):
        if fold(match.group()) not in question_words:
            if dates is None:
                dates = [date.span() for date in _DATE.finditer(small)]
            if not any(a <= match.start() < b for a, b in dates):
                yield match.span()


def _small(text: str) -> str:
    """A text in small letters, every one in its place: of all capitals only this one becomes two characters."""
    return text.replace("İ", "I").lower()


def _holds_date(text: str, question_words: frozenset[str]) -> bool:
    words = folded_words(text)
    found = [word for word in words if word[:1].isdigit()] if _YEAR_OR_DATE.search(text) else MONTHS.keys() & words
    return any(word not in question_words for word in found)


def _holds_person(text: str, known: frozenset[str], is_common: Callable[[str], bool]) -> bool:
    """Two capitalised words that are never written small, neither asked about nor of a body or country: likely a person."""

    def part_of_name(word: str) -> bool:
        folded = fold(word)
        return folded not in known and not is_common(folded)

    return any(sum(map(part_of_name, name.split())) >= 2 for name in _PERSON.findall(text))


def _holds_place(text: str, question_words: frozenset[str], known: frozenset[str]) -> bool:
    """A place that is not `known`; where the text calls it a city, that the question does not name."""
    for match in _PLACE.finditer(text):
        place = fold((match[1] or match[2]).removesuffix(" City"))
        if place not in (question_words if _CITY.search(match.group()) else known) and place not in MONTHS:
            return True
    return False


def _count_names(text: str, question_words: frozenset[str]) -> int:
    return sum(fold(name) not in question_words for name in _NAME.findall(text))


@lru_cache(maxsize=1)
def institutional_words() -> frozenset[str]:
    """Folded words of the glossary's names: bodies, meetings, countries. Persons are named otherwise."""
    return _words_of(lambda kind: True)


@lru_cache(maxsize=1)
def _country_words() -> frozenset[str]:
    return _words_of(lambda kind: kind == "country")


def _words_of(wanted: Callable[[str], bool]) -> frozenset[str]:
    forms = (form for term in load_glossary() if wanted(term.kind) for lang in LANGS for form in term.forms(lang))
    return frozenset(word.folded for form in forms for word in find_words(form))
