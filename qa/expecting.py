"""Whether a text holds the sort of thing that a question asks for: patterns of both languages, no meaning."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from corpus.dates import MONTH_NAMES, MONTHS
from corpus.glossary import load_glossary
from corpus.records import LANGS
from corpus.words import find_words, fold, folded_words
from qa.answers import Question, QuestionKind
from qa.kinds import DEADLINE_ASKED, FREQUENCY_ASKED, TIME_ASKED, asks_for_person, kinds_of

Check = Callable[[str], bool]
YEAR = re.compile(r"\b(?:19|20)\d{2}\b")

# Of numbers and dates in texts in small letters, where a search takes a third of the time that it takes without case.
_NUMBER = re.compile(
    r"\d+(?:[.,]\d+)*|\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|"
    r"(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundreds?|thousands?|millions?|billions?|dozens?|half|thirds|quarters|"
    r"doubl(?:e|ed|ing)|tripl(?:e|ed|ing)|twice|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|trece|catorce|quince|dieci\w+|veinte|veinti\w+|"
    r"(?:trei|cuare|cincue|sese|sete|oche|nove)nta|cien|cient[oa]s?|(?:(?:dos|tres|cuatro|seis|sete|ocho|nove)cient|quinient)[oa]s|"
    r"mil|miles|mill[oó]n(?:es)?|mitad|tercios?|decenas?|docenas?|dobl(?:e|a|ó|aron)|triple|(?:du|tri)plic\w+)\b"
)
_ITEM_NUMBER = re.compile(r"(?:^|(?<=[.;:]\s))\s*\(?(\d{1,2})[.)]\s")  # of a list: it counts nothing
_TIME = re.compile(
    r"\b\d{1,2}([:.]\d\d)? ?([ap]\.? ?m\b|h\b|hrs\b|hours|horas|o'clock)|\b\d{1,2}:\d\d\b|\bnoon\b|mediod[ií]a", re.IGNORECASE
)
_FREQUENCY = re.compile(
    r"\b(every|each|once|twice|annual(ly)?|yearly|monthly|weekly|daily|quarterly|biannual(ly)?|times (a|per)|cada|una vez|veces|"
    r"(anual|mensual|semanal|trimestral|semestral|bianual)(es|mente)?|diari[oa]s?)\b",
    re.IGNORECASE,
)
_MONEY_ASKED = re.compile(
    r"\b(how much (money|aid|funding)|how much (did|does|do|was|were|is|would|will|has|have|can|could)\b.*?\b(pa(y|ys|id)|spen[dt]\w*|"
    r"giv\w+|gave|sen[dt]\w*|donat\w*|contribut\w*|fund\w*|rais\w*|invest\w*|earn\w*|charg\w*|worth|allocat\w*|receiv\w*|lend|lent|"
    r"grant\w*|disburs\w*|owe[ds]?)|costs?|fees?|salary|price|budget|in dollars|"
    r"cu[aá]nt[oa] (dinero|plata|cost|cuesta|pag|gan|aport|don|vale|recib|gast|invirti|invier|destin|cobr)\w*|"
    r"presupuesto|sueldo|salario|precio|cuota|monto)\b",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"[$€£]|\b(USD|dollars?|d[oó]lares?|euros?|pesos?|colones|lempiras?|quetzales?|per ?cent|por ciento)\b|%", re.IGNORECASE
)
_AGE_ASKED = re.compile(
    r"\b(how old|what age|(?<!menores de )(?<!menor de )(?<!mayores de )(?<!mayor de )(?<!tercera )edad|cu[aá]ntos años (?:(?:que|hay que|deben?|pueden?|tienen que) )?ten\w+)\b",
    re.IGNORECASE,
)
# After these a number, in figures or words, is an age.
_AGED = re.compile(
    r"\b(?:aged|age of|over|under|older than|younger than|edad de|(?:mayor|menor)(?:es)? de|m[aá]s de|menos de)(?: the age of| los)? (?=(\S+))",
    re.IGNORECASE,
)
_AGE = re.compile(r"[- ](years?[- ]old|years? of age|años(?: de edad)?)\b", re.IGNORECASE)
_DURATION_ASKED = re.compile(
    r"\bhow (?:long|far in advance)\b|\bhow much (?:notice|time)\b|\bcu[aá]nt[oa] (?:tiempo\b|anticipaci[oó]n|antelaci[oó]n|dur)|"
    r"\b(?:how many|cu[aá]nt[oa]s) (?:days?|weeks?|months?|hours?|minutes?|d[ií]as?|semanas?|mes(?:es)?|horas?|minutos?)\b",
    re.IGNORECASE,
)
_SPAN_OF_TIME = re.compile(
    r"[- ](days?|weeks?|months?|years?|hours?|minutes?|d[ií]as?|semanas?|mes(es)?|años?|horas?|minutos?)\b|\b(19|20)\d\d[-–](19|20)?\d\d\b|\b\d{1,2}(st|nd|rd|th)? (to|and|al?|y) (the )?\d{1,2}\b",
    re.IGNORECASE,
)
_ONE_SPAN = re.compile(
    r"\b(?:one|an?|una?)[- ](?:full |whole )?(?:day|week|month|year|hour|d[ií]a|semana|mes|año|hora)\b", re.IGNORECASE
)
_BRACKET_BEFORE = re.compile(r"\s*\((?:[^()]{0,30}[;,/] ?)?$")
_LONG_AFTER = re.compile(
    r"(?: \([^()]{1,20}\))?(?::| \(|,? (?:stands for|means|significa|corresponde a|son las siglas de))\s*(?:the |el |la )?",
    re.IGNORECASE,
)
_TELEPHONE_ASKED = re.compile(r"\b(tele)?phone number|tel[eé]fono|hotline number|n[uú]mero de la l[ií]nea\b", re.IGNORECASE)
_TELEPHONE = re.compile(r"\+?\d[\d ()-]{6,}\d")
_DAYS = r"\d{1,2}(?:st|nd|rd|th)?(?:(?:,| to| and| al?| y|[-–])\s?\d{1,2}(?:st|nd|rd|th)?)*"
_DATE = re.compile(
    rf"\b{_DAYS}(?: of| de)? (?:{MONTH_NAMES})\b|\b(?:{MONTH_NAMES}) {_DAYS}\b|\b(?:19|20)\d\d(?:[-–/]\d{{2,4}})?\b"
)
_YEAR_OR_DATE = re.compile(r"\b(1[89]|20)\d{2}\b|\b\d{1,2}(st|nd|rd|th)?\b")
_NAME = re.compile(r"(?<=[\w,;:(»”\"] )[A-ZÁÉÍÓÚÑ][a-záéíóúñü][\w'’]*|(?<=• )[A-ZÁÉÍÓÚÑ][a-záéíóúñü][\w'’]*")
_PLACE = re.compile(
    r"\b(?:in|at|to|from|near|(?:set|planned|scheduled|due|prevista|previsto|programada|programado) (?:for|para)|city of|town of|en|a|desde|sede|ciudad de|[Hh]otel|hosted by)\s+"
    r"(?:(?:[Tt]he|[Ll]a|[Ee]l|[Ll]os|[Ll]as) )?(?:city of |[Cc]iudad de |[Hh]otel )?"
    r"([A-ZÁÉÍÓÚÑ][a-záéíóúñü][\w'’]*(?: City)?)|(?<=, )([A-ZÁÉÍÓÚÑ][a-záéíóúñü][\w'’]*)|"
    r"^(?:[Cc]iudad|[Ll]ugar|[Ss]ede|[Cc]ity|[Pp]lace|[Vv]enue|[Ll]ocation): (?:[Hh]otel )?([A-ZÁÉÍÓÚÑ][\w'’]*)"
)
_KIND_OF_PLACE = re.compile(
    r"\b(?:in|at|on|inside|outside|near|along|en|dentro de|cerca de|junto a) (?:(?:the|a|an|its|their|el|la|los|las|un|una|sus?) )?(?:[\w-]+ )?"
    r"(?:shelters?|borders?|airports?|ports?|stations?|embass(?:y|ies)|consulates?|offices?|schools?|camps?|hotels?|headquarters|"
    r"albergues?|refugios?|fronteras?|aeropuertos?|puertos?|estaci[oó]n|estaciones|embajadas?|consulados?|oficinas?|escuelas?|campamentos?|"
    r"hoteles|sede)\b",
    re.IGNORECASE,
)
_CITY = re.compile(r"\b(?:city|town) of\b|\bciudad de\b| City$", re.IGNORECASE)
_CITY_ASKED = re.compile(r"\b(city|cities|town|ciudad|ciudades|capital|hotel|venue|building|edificio)\b", re.IGNORECASE)
_PERSON = re.compile(r"\b[A-ZÁÉÍÓÚÑ][a-záéíóúñü'’-]+(?: (?:de|del|de la|von|van|[A-Z]\.))?(?: [A-ZÁÉÍÓÚÑ][a-záéíóúñü'’-]+)+")
_OFFICES = re.compile(
    r"\b(?:vice-?ministers?|ministers?|officials?|ambassadors?|delegat(?:es|ions?)|authorities|ministr(?:y|ies)|secretariat|presidency|committees?|"
    r"governments?|members|(?:vice)?ministr[oa]s?|funcionari[oa]s|embajador(?:es|a)?|delegad[oa]s|delegaci[oó]n|delegaciones|autoridades|ministerios?|"
    r"secretar[ií]a|presidencia|comit[eé]s?|gobiernos?|miembros)\b",
    re.IGNORECASE,
)
_NAMES_ASKED = re.compile(r"\b(?:names of|nombres de|c[oó]mo se llam(?:an|aban))\b", re.IGNORECASE)
_LISTS = re.compile(r":\s*$|^\s*•|\b(?:are|were|son|eran)\b[^.;]*,|:[^.;]*,", re.IGNORECASE)
_NAMING = re.compile(
    r"[\"“”«»]|\b(?:called|named|titled|entitled|known as|by the name|llamad[oa]s?|denominad[oa]s?|titulad[oa]s?|conocid[oa]s? como|se llama(?:ba)?n?|"
    r"con el (?:nombre|t[ií]tulo))\b",
    re.IGNORECASE,
)
_COUNTRIES_ASKED = re.compile(
    r"\b(?:which (?:of the )?(?:[\w-]+ ){0,2}?|what (?!do |does |did |is |are |was |were )(?:[\w-]+ )?|"
    r"qu[eé] (?!(?:el|la|los|las|un|una|cada|todo|alg[uú]n|ning[uú]n|su|otro|dicho|este|ese) )(?:[\w-]+ )?|"
    r"cu[aá]l(?:es)? (?:es|son|fue|fueron|era|eran|de) (?:el|los|las) )"
    r"(?:(?P<several>countries|nations|states|governments|members|pa[ií]ses|naciones|estados|gobiernos|miembros)|"
    r"country|nation|state|government|member|pa[ií]s|naci[oó]n|estado|gobierno|miembro)\b(?!['’-])",
    re.IGNORECASE,
)
# A person with a title and one name: "Ambassador Thompson", "la Sra. Vargas".
_TITLED = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Dra|Sra?|Srta|Lic|Ing|Don|Doña|Ambassador|(?:Vice-?)?Minister|Commissioner|Senator|General|Embajador[a]?|Canciller|"
    r"(?:Vice)?[Mm]inistr[oa]|Comisionad[oa])\.? ([A-ZÁÉÍÓÚÑ][a-záéíóúñü'’-]+(?: [A-ZÁÉÍÓÚÑ][a-záéíóúñü'’-]+)*)"
)
_CAPITALISED = re.compile(r"\b[A-ZÁÉÍÓÚÑ]\w{3,}")
# What follows may be a town.
_AFTER_IN = re.compile(r"(?:\b(?:(?:in|at|near|en)(?: the| la| el)?|city of|ciudad de)|,)\s$", re.IGNORECASE)
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
_BODIES_ASKED = re.compile(
    r"\b(?:which|what|qu[eé]) (?:\w+ )?(?:institutions|agencies|bodies|ministries|universities|companies|foundations|instituciones|agencias|organismos|"
    r"entidades|ministerios|universidades|empresas|fundaciones)\b",
    re.IGNORECASE,
)
_POST_ASKED = re.compile(
    r"\b(?:(?:what|which) (?:post|job|rank)|(?:what|which) position\b.*\b(?:hold|held|have|had|occup\w+)|(?:the )?(?:post|position|job) (?:of|held by)|"
    r"qu[eé] (?:cargo|puesto)|"
    r"cu[aá]l (?:es|era|fue) el (?:cargo|puesto)|(?:el )?cargo de (?-i:[A-ZÁÉÍÓÚÑ]))",
    re.IGNORECASE,
)
_POST = re.compile(
    r"\b(?:(?:vice-?|sub-?|deputy )?(?:minister|director|secretary|coordinator|president|chancellor|governor|mayor)|ambassador|adviser|advisor|head|chief|officer|chair\w*|"
    r"representative|delegate|commissioner|consul|professor|researcher|expert|specialist|spokes\w+|(?:vice|sub)?(?:ministr[oa]|director[a]?|secretari[oa]|"
    r"coordinador[a]?|president[ea]|canciller)|embajador[a]?|asesor[a]?|jef[ea]|titular|representante|delegad[oa]|comisionad[oa]|c[oó]nsul|profesor[a]?|"
    r"investigador[a]?|expert[oa]|especialista|portavoz|oficial)\b",
    re.IGNORECASE,
)
_CAUSE = re.compile(
    r"\b(because|since|due to|owing to|thanks to|in order to|so (that|as to)|as a (result|consequence)|in response to|caused by|led to|after|"
    r"to (help|ensure|promote|strengthen|protect|support|improve|avoid|prevent|reduce|share|facilitate|foster|encourage)|reasons?|purposes?|aim(s|ed)?|"
    r"porque|debido a|a fin de|para (que|[a-z]+[aei]r(l[aeo]s?|se)?)|con (el|la|los) (fin|prop[oó]sitos?|objetivos?|finalidad)|motivos?|raz[oó]n|razones|"
    r"prop[oó]sitos?|objetivos?|finalidad|ya que|puesto que|a ra[ií]z de|a causa de|como (resultado|consecuencia)|gracias a|en respuesta a|tras|"
    r"despu[eé]s de)\b",
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
_SAYS_WHAT = re.compile(
    r"\b((is|are|was|were|es|son|era|eran|fue)(?! (one of|un[oa] de|the same|(el|la|los) mism[oa]s?)\b)|"
    r"means|refers|consists|serves|brings|joins|significa|consiste|sirve|re[uú]ne|agrupa|designa)\b|\([A-ZÁÉÍÓÚÑ]{2,}[^)]{0,12}\): "
)
_A_SORT = (
    r" (?:an?|the|el|la|los|las|un[oa]?s?(?! de\b))\b(?! (?:member|part|observer|same|miembro|parte|observador|mism[oa])s?\b)"
    r"(?! (?:\w+ )?(?:acronym|abbreviation|name|siglas?|nombre|abreviatura)\b)"
)
_WHICH_SORT = re.compile(
    r"\)?(?: ?\([^()]{1,60}\))?(?:, [^,.]{3,80}(?=,))?,?"
    r"(?: (?:is|was|are|were|es|era|son|eran|fue)| (?:is|was|se|[\w ]{0,20})\b(?:defin|describ|present)\w*\b[^.:;]{0,40} (?:as|como))"
    + _A_SORT
)
# "The page describes the RCM as a process", "define la CRM como un proceso".
_CALLED = re.compile(
    r"\b(?:defines?|describes?|presents?|regards?|definen?|describen?|presentan?)(?: a)?(?: the| an?| la| el)? $", re.IGNORECASE
)
_CALLED_WHAT = re.compile(r"\)? (?:as|como)" + _A_SORT)
NOTE = ("Note:", "Nota:")  # how paragraphs begin that compare sources
_SOURCES_ASKED = re.compile(
    r"\b(or|vs|versus|sources?|versions?|differ(?!ences? between)\w*|disagree\w*|clash\w*|conflict(?:s|ing)?|contradict\w*|discrepan\w*|mismatch\w*|inconsisten\w*|"
    r"unclear|really|actually|wordings?|spelling|typos?|errors?|mistakes?|two (?:\w+ )?(?:dates|years|names|numbers|figures|ways)|"
    r"o|u|fuentes?|versi[oó]n|versiones|difieren?|diferencias?(?! entre)|diferentes|distint[oa]s?|discrepan\w*|coinciden?|cuadran?|contradi\w+|"
    r"err[oó]r(?:es)?|erratas?|dos (?:\w+ )?(?:fechas|años|nombres|n[uú]meros|cifras|maneras|formas))\b",
    re.IGNORECASE,
)
# One of these stands, in small letters, in every sentence that the patterns find; a search for them costs next to nothing.
_MISSING_MARKS = (" not ", "o se ")
_ANNOUNCED_MARKS = ("explain", " out", "describ", "show", "tell", "indic", "explic", "expon", "muestr", "detall")


def expect(question: Question, is_common: Callable[[str], bool] = lambda word: False) -> list[Check]:
    """Checks whether a sentence holds something of the sort that is asked for, beside what the question itself says.

    There is one for each part of the question: "when and where" has two. `is_common` tells folded words that are not only parts
    of names.
    """
    asked = frozenset(word.folded for word in find_words(question.search_text))
    parts = kinds_of(question.search_text)
    if len(parts) == 1:
        return [_check_of(question.kind, question.search_text, asked, is_common)]
    return [_check_of(kind, part, asked, is_common) for kind, part in parts]


def lacks_countries(question: str, texts: Sequence[str], is_common: Callable[[str], bool]) -> bool:
    """Whether a question asks which country or countries and texts name none, of several fewer than two, beside its own."""
    wanted = _countries_wanted(question)
    if not wanted or len(kinds_of(question)) > 1:
        return False
    asked = frozenset(word.folded for word in find_words(question))
    found: set[str] = set().union(*(_find_countries(text, asked, is_common) for text in texts))
    return len(found) < wanted


def says_what(text: str, end: int) -> bool:
    """Whether a sentence goes on to say what its subject is or does; the subject's name ends at `end`, "of ..." may follow.

    A capital after a colon is rather the second part of a title.
    """
    title = text[end + 2 : end + 3].isupper()
    return (text.startswith(": ", end) and not title) or _SAYS_WHAT.search(text, end, end + 80) is not None


def says_which_sort(text: str, end: int) -> bool:
    """Whether a sentence says of which sort its subject is: "is an intergovernmental forum", "se define como un proceso"."""
    return _WHICH_SORT.match(text, end) is not None


def is_called(text: str, start: int, end: int) -> bool:
    """Whether a sentence says of which sort that is which it names from `start` to `end`, as what somebody calls it."""
    return _CALLED_WHAT.match(text, end) is not None and _CALLED.search(text, max(0, start - 30), start) is not None


def spells_out(text: str, short: str) -> bool:
    """Whether a sentence says what an acronym stands for: the long form before or after it, in brackets or after a colon.

    The letters of the acronym stand in the long form in their order, the first at the head of its first word (Schwartz
    and Hearst 2003, A simple algorithm for identifying abbreviation definitions in biomedical text).
    """
    for match in re.finditer(rf"(?<!\w){re.escape(short)}(?!\w)", text):
        before = _BRACKET_BEFORE.search(text, max(0, match.start() - 40), match.start())
        if before is not None:
            words = text[: before.start()].split()[-2 * len(short) :]
            if _is_long_form(words, short) or _has_its_initials(words, short):
                return True
        after = _LONG_AFTER.match(text, match.end())
        if after is not None and any(
            _is_long_form(words, short) for words in _beginnings(re.split(r"[;()\n•]", text[after.end() :])[0].split(), short)
        ):
            return True
    return False


def _beginnings(words: Sequence[str], short: str) -> Iterator[Sequence[str]]:
    """What a text begins with that may be a long form, shortest first."""
    return (words[:count] for count in range(2, min(len(words), 2 * len(short)) + 1))


def _is_long_form(words: Sequence[str], short: str) -> bool:
    """Whether some of the last words are what an acronym stands for: from its last letter back, each finds its place."""
    text = " ".join(words)
    at = len(text)
    for number, letter in enumerate(reversed(fold(short)), start=1):
        at -= 1
        while at >= 0 and (fold(text[at]) != letter or (number == len(short) and at > 0 and text[at - 1].isalnum())):
            at -= 1
        if at < 0:
            return False
    return " " in text[at:]


def _has_its_initials(words: Sequence[str], short: str) -> bool:
    """Whether the last words have the initials of an acronym in any order: that of another language is kept, (PPT) for a
    Pro Tempore Presidency."""
    last = words[-len(short) :]
    return all(word[:1].isupper() for word in last) and sorted(word[0] for word in last) == sorted(short)


def asks_about_sources(text: str) -> bool:
    """Whether a question may be about what sources say differently, which notes tell: it asks which of two, or why they differ."""
    return _SOURCES_ASKED.search(text) is not None


def is_remark(text: str) -> bool:
    """Whether a sentence is a remark about the sources: it says that they lack something or what they are about.

    Such a sentence repeats the words of a question without answering it. In the bundled collection what is missing or
    announced holds a judged answer a sixth as often as other sentences.
    """
    small = text.lower()
    return (any(mark in small for mark in _MISSING_MARKS) and _MISSING.search(text) is not None) or (
        any(mark in small for mark in _ANNOUNCED_MARKS) and _ANNOUNCED.search(text) is not None
    )


def _check_of(kind: QuestionKind, asked: str, words: frozenset[str], is_common: Callable[[str], bool]) -> Check:
    if _AGE_ASKED.search(asked):
        return _holds_age
    if _TELEPHONE_ASKED.search(asked):
        return lambda text: bool(_TELEPHONE.search(text))
    if _POST_ASKED.search(asked):
        return lambda text: any(fold(post) not in words for post in _POST.findall(text))
    if TIME_ASKED.search(asked):
        return lambda text: bool(_TIME.search(text))
    if kind in ("how_many", "how", "what", "which") and _MONEY_ASKED.search(asked):
        return lambda text: bool(_MONEY.search(text))
    match kind:
        case "when" if FREQUENCY_ASKED.search(asked):
            return lambda text: bool(_FREQUENCY.search(text))
        case "when" if DEADLINE_ASKED.search(asked):
            return lambda text: _holds_date(text, words) or bool(_SPAN_OF_TIME.search(text))
        case "when":
            return lambda text: _holds_date(text, words)
        case "how_many" if _DURATION_ASKED.search(asked):
            return lambda text: bool(_SPAN_OF_TIME.search(text) and (_NUMBER.search(_small(text)) or _ONE_SPAN.search(text)))
        case "how_many":
            return lambda text: next(find_counts(text, words), None) is not None
        case "who":
            if asks_for_person(asked):
                return lambda text: _holds_person(text, words, is_common)
            return lambda text: _holds_person(text, words, is_common) or _holds_agent(text, words)
        case "name" if _NAMES_ASKED.search(asked):
            return lambda text: _LISTS.search(text) is not None or _holds_person(text, words, is_common)
        case "name":
            written_small = frozenset(word.folded for word in find_words(asked) if word.surface.islower())
            return lambda text: _holds_name(text, words, written_small)
        case "where":
            known = words | _country_words() if _CITY_ASKED.search(asked) else words
            if _CITY_ASKED.search(asked):
                return lambda text: _holds_place(text, words, known)
            return lambda text: _holds_place(text, words, known) or _KIND_OF_PLACE.search(text) is not None
        case "definition":
            pattern = _SPELT_OUT if _ACRONYM_ASKED.search(asked) else _DEFINES
            return lambda text: bool(pattern.search(text))
        case "which" if wanted := _countries_wanted(asked):
            return lambda text: (
                text.rstrip().endswith(":")
                or len(_find_countries(text, words, is_common)) >= (1 if text.lstrip().startswith("•") else wanted)
            )
        case "which" if _BODIES_ASKED.search(asked):
            return lambda text: text.rstrip().endswith(":") or _count_names(text, words) >= 2
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
    items = {match.start(1) for match in _ITEM_NUMBER.finditer(small)}
    for match in _NUMBER.finditer(small):
        if match.start() not in items and fold(match.group()) not in question_words:
            if dates is None:
                dates = [date.span() for date in _DATE.finditer(small)]
            if not any(a <= match.start() < b for a, b in dates):
                yield match.span()


def _small(text: str) -> str:
    """A text in small letters, every one in its place: of all capitals only this one becomes two characters."""
    return text.replace("İ", "I").lower()


def _holds_age(text: str) -> bool:
    small = _small(text)
    return any(_NUMBER.match(match[1]) for match in _AGED.finditer(small)) or (
        _AGE.search(small) is not None and _NUMBER.search(small) is not None
    )


def _holds_date(text: str, question_words: frozenset[str]) -> bool:
    words = folded_words(text)
    found = [word for word in words if word[:1].isdigit()] if _YEAR_OR_DATE.search(text) else []
    return any(word not in question_words for word in (*found, *(MONTHS.keys() & words)))


def _holds_person(text: str, question_words: frozenset[str], is_common: Callable[[str], bool]) -> bool:
    """Two capitalised words that are never written small, of no body or country: likely a person, if not one asked about."""

    def part_of_name(word: str) -> bool:
        folded = fold(word)
        return not (folded in question_words or folded in institutional_words() or is_common(folded))

    def other(name: str) -> bool:
        return not any(word[:1].isupper() and fold(word) in question_words and not is_common(fold(word)) for word in name.split())

    return any(sum(map(part_of_name, name.split())) >= 2 and other(name) for name in _PERSON.findall(text)) or any(
        any(map(part_of_name, name.split())) and other(name) for name in _TITLED.findall(text)
    )


def _holds_name(text: str, words: frozenset[str], written_small: frozenset[str]) -> bool:
    """A name that a question does not say and that is no body's or country's, or a word of the question as part of a name:
    "the Reserve Fund" for a question about a fund; or a text that says what something is called.
    """
    if _NAMING.search(text) is not None or _count_names(text, words | institutional_words()):
        return True
    return any(fold(name) in written_small for name in _NAME.findall(text))


def _holds_agent(text: str, words: frozenset[str]) -> bool:
    """A body, country or office that a question does not name: it may chair, pay or decide as well as a person."""
    return any(fold(name) not in words for name in _OFFICES.findall(text)) or any(
        word.folded in institutional_words() and word.folded not in words and word.surface[:1].isupper()
        for word in find_words(text)
    )


def _countries_wanted(question: str) -> int:
    """How many countries an answer must name at least; 0 where the question does not ask which."""
    match = _COUNTRIES_ASKED.search(question)
    return 0 if match is None else 2 if match["several"] else 1


def _find_countries(text: str, question_words: frozenset[str], is_common: Callable[[str], bool]) -> set[str]:
    """Folded words of the countries that a text names and the question does not: those of the glossary, and likely others.

    A country may be a capitalised word that is neither of a body nor common in the collection, nor follows "in" as towns do.
    """

    def may_be_one(word: str, start: int) -> bool:
        return word not in institutional_words() and not is_common(word) and not _AFTER_IN.search(text, 0, start)

    names = {fold(name.group()): name.start() for name in _CAPITALISED.finditer(text)}
    return {
        word
        for word, start in names.items()
        if word not in question_words and (word in _country_words() or may_be_one(word, start))
    }


def _holds_place(text: str, question_words: frozenset[str], known: frozenset[str]) -> bool:
    """A place that is not `known`; where the text calls it a city, that the question does not name."""
    for match in _PLACE.finditer(text):
        place = fold((match[1] or match[2] or match[3]).removesuffix(" City"))
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
