"""The sort of answer that a question asks for, told by its words: patterns of both languages, no meaning."""

import re
from itertools import pairwise

from qa.answers import Question, QuestionKind

_OFFICES = (
    "(vice-?)?minister|official|ambassador|director|coordinator|president|expert|representative|delegate|secretary|chancellor"
)
_OFFICES_ES = (
    "(vice)?ministr[oa]|funcionari[oa]|embajador[a]?|canciller|director[a]?|coordinador[a]?|president[ea]|expert[oa]|"
    "representante|delegad[oa]|secretari[oa]"
)
# Sorts of "when" of their own: what answers them differs.
TIME_ASKED = re.compile(r"\b(what time|qu[eé] hora)\b", re.IGNORECASE)
FREQUENCY_ASKED = re.compile(r"\b(how (often|frequently|regularly)|cada cu[aá]nto|frecuencia|frequency)\b", re.IGNORECASE)
DEADLINE_ASKED = re.compile(r"\b(deadlines?|(?<!corto )(?<!mediano )(?<!largo )plazo|fecha l[ií]mite)\b", re.IGNORECASE)
# What is said as a number.
_QUANTITIES = (
    "(budget|cost|price|salary|salaries|fee|amount|figure|percentage|proportion|share|score|mark|toll|population|attendance|age|"
    "length|duration|(tele)?phone( number)?|presupuesto|coste|costo|precio|salario|sueldo|monto|cifra|porcentaje|proporci[oó]n|"
    "poblaci[oó]n|edad|asistencia|duraci[oó]n|cantidad|tel[eé]fono)"
)
_PATTERNS: tuple[tuple[QuestionKind, str], ...] = (
    ("who", rf"\b((names?|nombres?) (of|de|del) (the |la |el |los |las )?([\w'’-]+ ){{0,3}}({_OFFICES}|{_OFFICES_ES})|c[oó]mo se llama(ba)? (el|la) (\w+ )?({_OFFICES_ES}))\b"),
    ("definition", r"\b(stands? for|short for|abbreviation|acronym|mean(s|ing)? of|what does \S+ mean|significa|siglas?|definici[oó]n|definition|(other|another|alternative) names?|also (called|known)|otro nombre|otros nombres|tambi[eé]n se (llama|conoce|denomina)|c[oó]mo se (conoce|denomina))\b|^\W*(what|qu[eé]) (is|are|es|son) (the |a |an |el |la |los |las |un |una )?[\w-]*\w\W*$"),
    ("name", r"\bnames? (of|for) (?!the (organi[sz]ation|body|process)\b)|\b(what|how) (is|was|are|were) .*\b(called|titled|entitled|named)\b|\bwhat['’]s .* called\b|\bnombres? (de|del)\b|^\W*c[oó]mo se (llam|titul|denomin)aba[n]?\b|^\W*c[oó]mo se (llam|titul)an? (el|la|los|las)\b"),
    ("how_many", r"\b(how many|how much|(?<!cada )cu[aá]nt[oa]s?|(?<!about the )(?<!on the )number of|(?<!sobre el )n[uú]mero de|how (long|large|big|old))\b"),
    ("how_many", rf"\b(what|which|qu[eé]|cu[aá]l (es|era|fue|son) (el|la|su)) (is the |are the |was the |were the )?(\w+ ){{0,2}}{_QUANTITIES}\b"),
    *(("when", asked.pattern) for asked in (TIME_ASKED, FREQUENCY_ASKED, DEADLINE_ASKED)),
    ("when", r"\b(when|cu[aá]ndo|(what|which) (exact )?(years?|dates?|months?|days?)|since when|qu[eé] (año|fecha|d[ií]a|mes(es)?)s?|desde cu[aá]ndo|fechas?)\b"),
    ("where", r"\b(where|d[oó]nde|ad[oó]nde|(which|what) (\w+ ){0,2}(city|cities|place|venue|hotel|building|town|capital)|qu[eé] (\w+ )?(ciudad|lugar|sede|hotel|edificio|capital)(es)?|sede)\b"),
    ("why", r"\b(why|por qu[eé]|what reason|for what reason|motivo|raz[oó]n)\b"),
    ("which", r"\b(who|qui[eé]n(es)?) (is|are|were|es|son|eran|fueron) (an? |the |los |las |its |sus )?([\w'’]+ )?(members?|observers?|partners?|participants|founders|donors|miembros?|integrantes?|observador(es)?|socios|participantes|fundadores|donantes)\b"),
    ("who", rf"\b(who|whom|whose|qui[eé]n(es)?|(which|what) (\w+ )?(person|{_OFFICES}|country chaired)|qu[eé] (persona|{_OFFICES_ES}))\b"),
    ("how", r"^\W*(how|c[oó]mo|de qu[eé] (manera|forma))\b"),
    ("which", r"\b(which|list(a|ado)?|name the|cu[aá]les|qu[eé] (pa[ií]ses|organizaciones|temas|objetivos|medidas|instituciones|organismos)|what (are|were) the|enumer[ae]|menciona)\b"),
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
_CLAUSE = re.compile(
    r"(?<=[\w)] )(?:when|cuando|donde)\s+(?!(?:is|are|was|were|did|does|do|has|have|had|will|se|es|son|fue|fueron|era|hubo|hay)\b)\w+\s+\w+",
    re.IGNORECASE,
)
_ASKED_LATER = re.compile(r"¿\s*[^\W\d]+\s+[^\W\d]+[^¿]*$")  # not "¿no?"
_JOINS = frozenset(["when", "where", "who", "whom", "whose", "cuando", "donde", "quien", "quienes"])
# Before such a word: it asks after all, as one of several questions, of what somebody may know, or of a date or place.
_ASKED_BEFORE = re.compile(
    rf"(?:\b(?:and|or|y|e|o)\s+(?:\w{{1,4}}\s)?|[¿;?]\s*|\b{_ASKING},\s*|"
    r"\b(?:know|tell|say|remember|known|saber|sabe[ns]?|decir|deci[rd](?:me|nos)|diga(?:me|nos)?|recuerda)\s+(?:me\s+|us\s+)?|"
    r"\b(?:date|day|year|month|time|moment|place|city|town|fecha|d[ií]a|año|mes|momento|lugar|ciudad)\s+)¿?$",
    re.IGNORECASE,
)
_ASKED_AFTER = re.compile(rf"\s*(?:,|\band\b|\bor\b|\by\b|\bo\b)\s+{_ASKING}\b", re.IGNORECASE)
# Where another question begins; Spanish question words are known by their accents, where any are written.
_PART = re.compile(
    r"(?:[,;]?\s+(?:and|or|y|e|o)\s+|[?]\s*[¿]?\s*|,\s+(?=(?:when|where|who|how|cuándo|dónde|quién(?:es)?|cómo)(?:\s+(?:and|or|y|e|o)\b|\W*$)))(?P<part>(?:(?:in|on|at|to|for|from|by|with|of|since|en|a|de|por|para|con|desde|hasta|sobre)\s+)?"
    r"(?:(?:what|which|who|whom|whose|when|where|why|how|qué|cuál(?:es)?|quién(?:es)?|cuándo|dónde|cómo|cuánt[oa]s?)\b|(?<=\w\s)que\s|"
    r"(?:is|are|was|were|did|does|has|have|can)\s+(?:the|it|they|he|she|there)\b))",
    re.IGNORECASE,
)
_KINDS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _PATTERNS)
# Who asks without question word or verb names the thing: "fee of observers", "regional coordinator 2019".
_QUANTITY = re.compile(rf"\b{_QUANTITIES}\b", re.IGNORECASE)
_DATE, _PLACE = (
    re.compile(rf"\b({words})\W*$|^\W*({words})\b", re.IGNORECASE)  # at either end
    for words in (
        "dates?|year|fechas?|año",
        "place|venue|location|city|headquarters|lugar|sede|ubicaci[oó]n|ciudad",
    )
)
_ASKED_FOR = re.compile(
    r"\b((?:exact )?dates?|place|based|deadlines?|percentage|fechas?( l[ií]mite| exactas?)?|lugar|porcentaje)\b", re.IGNORECASE
)
# No secretary: "secretaria" is as often a body.
_OFFICE = re.compile(
    r"\b(speaker|moderator|author|ambassador|president|director|coordinator|delegate|(vice-?)?minister|"
    r"(ponente|moderador|autor|embajador|presidente|coordinador|delegado|(vice)?ministro)a?)\b",
    re.IGNORECASE,
)
# What there are several of is wanted as a list: "RCM members", "países observadores de la CRM".
_SEVERAL = (
    r"(members|observers|partners|participants|signatories|miembros|integrantes|observador[ae]s|socios|participantes|firmantes)"
)
_LISTED = re.compile(
    rf"^\W*((the|los|las|all|todos los) )?((\w+ ){{0,2}}{_SEVERAL}( (states|countries|organi[sz]ations))?( (of|de|del|en|in) .*)?"
    r"|(member|observer) (states|countries|organi[sz]ations)( (of|in) .*)?)\W*$",
    re.IGNORECASE,
)
_ANY_ASKING = re.compile(rf"[?¿]|\b{_ASKING}\b", re.IGNORECASE)
# A presidency pro tempore is held by a country, and a "secretaria técnica" is a body.
_PERSON_ASKED = re.compile(
    rf"\b(names?|nombres?|llama(ba)?|person|persona|{_OFFICES}|{_OFFICES_ES})\b(?! pro[ -]t[eé]mpore| t[eé]cnica)", re.IGNORECASE
)
# What only a person does; to chair, to pay, to organise or to support is as well done by a country or a body.
_PERSON_ACTS = re.compile(
    r"\b(spoke|speaks?|said|says?|told|tells?|argu\w+|sign(?:ed|s)|open(?:ed|s)|clos(?:ed|es)|inaugurat\w+|moderat\w+|head(?:ed|s)?|"
    r"led|leads?|taught|teach\w*|won|wins?|translat\w+|sat|succeed\w*|replac\w+|elected|current(?:ly)?|appointed|named|born|died|"
    r"habl\w+|dijo|dijeron|dice|afirm\w+|firm[oóa]\w*|inaugur\w+|clausur\w+|moder\w+|encabez\w+|impart\w+|gan[oóa]\w*|tradu\w+|"
    r"contest\w+|represent\w+|suced\w+|sustitu\w+|reemplaz\w+|relev\w+|elegid[oa]s?|actual(?:mente)?|nombr\w+|ley[oó]|naci[oó]|muri[oó])\b",
    re.IGNORECASE,
)
# To whom something is said, given or open may be anybody.
_TO_WHOM = re.compile(r"\b(whom|(?:a|ante|con|para|por|de) qui[eé]n(?:es)?)\b", re.IGNORECASE)
# What may be an acronym.
CAPITALS = re.compile(r"\b[A-ZÁÉÍÓÚÑ]{2,8}\b")
# A question what something is, does or serves for; the something is the group that matched.
_ARTICLE = r"(?:the |an? |el |la |los |las |una? )?"
_SAY_WHAT = re.compile(
    rf"^\W*(?:what(?:['’]s| is| are| was| were) {_ARTICLE}(.+?)(?: for)?|what (?:does|do|did) {_ARTICLE}(.+?) (?:do|mean)|"
    rf"qu[eé] (?:es|son|era|eran|fue|hacen?|hac[ií]an?|se entiende por) {_ARTICLE}(.+?)|para qu[eé] sirven? {_ARTICLE}(.+?))(?<=\w)\W*$",
    re.IGNORECASE,
)


def kinds_of(text: str) -> list[tuple[QuestionKind, str]]:
    """What sort of answer each part of a question asks for, with the part: those of which a text can be seen to hold it; the
    first part where there is none.
    """
    if _ASKED_LATER.search(text, 1):
        text = text[text.rindex("¿") :]  # what stands before only tells of what
    bounds = [0, *(match.start("part") for match in _PART.finditer(text)), len(text)]
    parts = [(_kind_of(text[a:b]), text[a:b]) for a, b in pairwise(bounds)]
    return [part for part in parts if part[0] not in ("what", "how", "yes_no")] or parts[:1]


def kind_of(text: str) -> QuestionKind:
    """What sort of answer a question asks for, by its words; of several questions the first of which a text can be seen to
    hold the answer.
    """
    return kinds_of(text)[0][0]


def _kind_of(text: str) -> QuestionKind:
    opening = _OPENING.match(text)
    after = opening.end() if opening else len(text)
    for kind, pattern in _KINDS:
        for match in pattern.finditer(text):
            # An accent tells Spanish question words. Where none opens the text, one that a clause follows joins it.
            joins = match.group().lower() in _JOINS and (
                match.start() >= after or (opening is None and _CLAUSE.match(text, match.start()) is not None)
            )
            if not joins or _ASKED_BEFORE.search(text, 0, match.start()) or _ASKED_AFTER.match(text, match.end()):
                return kind
    if not _ANY_ASKING.search(text):
        if _DATE.search(text):
            return "when"
        if _PLACE.search(text):
            return "where"
        if _QUANTITY.search(text):
            return "how_many"
        if _OFFICE.search(text):
            return "who"
        if _LISTED.search(text):
            return "which"
    return "what"


def speaks_for_an_answer(question: Question) -> bool:
    """Whether what holds the sort of thing asked for comes before what does not.

    Not where "who" may as well be a body or a country: half of the passages that answer name no person. That no person is
    named still speaks against an answer.
    """
    return question.kind != "who" or asks_for_person(question.search_text)


def asks_for_person(text: str) -> bool:
    """Whether a question with "who" wants a person: it asks for a name or an office, or for one who did what only persons do."""
    return bool(_PERSON_ASKED.search(text) or (_PERSON_ACTS.search(text) and not _TO_WHOM.search(text)))


def leave_out_asking(text: str) -> str:
    """A question with blanks for words that ask for a date or a place, which no answer need say; every other stays in its place."""
    left = _ASKED_FOR.sub(lambda match: " " * len(match.group()), text)
    return left if re.search(r"\w{3}", left) else text


def find_defined(text: str) -> tuple[int, int] | None:
    """The span of what a question wants defined: "What is the SACM?", "¿Para qué sirve el fondo?"; None in other questions."""
    match = _SAY_WHAT.match(text)
    return match.span(match.lastindex) if match is not None and match.lastindex else None
