"""Questions of common forms in words that answers use: what a text tells of a beginning is that something "was created".

By form alone: what a question is about is carried over as it stands.
"""

import re
from collections.abc import Callable

from corpus.dates import MONTH_NAMES
from corpus.records import Lang
from corpus.words import STOP_WORDS_OF_EITHER, folded_words
from qa.kinds import CAPITALS

_UNACCENTED = re.compile(
    r"\W*(?:(?:a|de|en|con|por|para|desde|hasta|sobre) )?(que|quien(?:es)?|cual(?:es)?|cuando|donde|como|cuant[oa]s?)\b(?![^(]*[,¿])",
    re.IGNORECASE,
)
_ACCENTED = re.compile(r"\b(?:qué|quién(?:es)?|cuál(?:es)?|cuándo|dónde|cómo|cuánt[oa]s?)\b", re.IGNORECASE)
_ACCENTS = {"que": (2, "é"), "qui": (3, "é"), "cua": (2, "á"), "don": (1, "ó"), "com": (1, "ó")}
# Time as seen from today, of what happens again and again or is held for a while; "IOM's latest profile" is not dated by it.
_NUMBERED = re.compile(r"\d|\b[IVX]{2,}\b")
_EVENT = (
    r"(?:meeting|conference|presidency|chair(?:manship)?|workshop|declaration|forum|congress|plenary|edition|summit|"
    r"reuni[oó]n(?:es)?|conferencia|presidencia|taller(?:es)?|declaraci[oó]n|foro|congreso|plenaria|edici[oó]n|cumbre|(?-i:RCM|CRM|RCGM|GRCM))"
)
_FEW = r"(?:(?!(?:among|of|in|at|on|to|for|by|the|a|an|and|or|de|del|en|por|para|el|la|los|las|un|una|y|o) )[^\W\d]+ ){0,2}?"
_NOW_WORDS = re.compile(
    r"\b(?:currently|right now|now|today(?:['’]s)?|at present|actualmente|ahora|hoy(?: en d[ií]a)?)\b ?", re.IGNORECASE
)
# Words that place a question in time without a date, which no text says of what holds for a while.
_VAGUE = re.compile(
    rf"(?:,? )?(?:\b(?:until|up to|hasta) )?(?:{_NOW_WORDS.pattern[:-2]}|\b(?:nowadays|these days|back then|at (?:the|that) time(?! of)|in those days|(?:en )?(?:aquel|ese) entonces)\b)|"
    r" back(?= in \d{4})",
    re.IGNORECASE,
)
_SHORTLY = r"(?: [^\W\d]+){0,6}\W*$"
_NOW = re.compile(
    rf"\b(?P<when>current|present) {_FEW}{_EVENT}\b|\b{_EVENT} {_FEW}(?P<when_es>actual)\b|"
    rf"\b(?:who|which country|qui[eé]n|qu[eé] pa[ií]s) .*{_NOW_WORDS.pattern}|"
    r"^\W*(?:who|which country) (?:is )?(?:chair(?:s|ing)|presid(?:es|ing) over|(?:has|holds|holding) the (?:\w+ ){0,2}presidency|lead(?:s|ing)|head(?:s|ing))"
    + _SHORTLY
    + "|"
    r"^\W*(?:qui[eé]n|qu[eé] pa[ií]s) (?:preside|encabeza|lidera|(?:tiene|ejerce|ocupa) la presidencia)" + _SHORTLY,
    re.IGNORECASE,
)
_LAST = re.compile(
    rf"\b(?P<when>last|latest|most recent|newest|[uú]ltim[ao]s?) {_FEW}{_EVENT}\b|\b{_EVENT} {_FEW}(?P<when_es>m[aá]s recientes?|pasad[ao]s?)\b",
    re.IGNORECASE,
)
_NEXT = re.compile(
    rf"\b(?P<when>next|upcoming|pr[oó]xim[ao]s?) {_FEW}{_EVENT}\b|\b{_EVENT} {_FEW}(?P<when_es>siguientes?)\b", re.IGNORECASE
)
# Years with two digits: "2008-09", "'99", "in May 98", "del 99", "en el 05". What else is counted or dated with "del" is below 32.
_DAY = rf"(?:,? (?:al?|y|e|o|hasta)(?: el)? \d\d?)*(?: de)? (?:{MONTH_NAMES})\b"  # "del 05 al 09 de mayo"
_SECOND_YEAR = re.compile(r"\b((?:19|20)\d)(\d)([-–/])(\d\d)\b(?![-–/\d])")
_SHORT_YEAR = re.compile(
    rf"(?:(?<![\w’'])['’](?P<marked>\d\d)\b(?!['’])|\b(?:{MONTH_NAMES})(?: del?)? (?P<month>9\d)\b|"
    rf"\b(?:del|en el|desde el|hasta el|el del|año) (?P<article>9\d|0\d)\b)(?! ?%| por ciento|[-–/.]\d|{_DAY})",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"(?:(?<=\bde)l| el) $", re.IGNORECASE)  # of a short year; a full one has none
# What is asked of an acronym: the words that ask, which no answer need say.
_SPELL_OUT = re.compile(
    r"\b(stands? for|short for|abbreviations?|acronyms?|means?|meaning|siglas?|abreviatura|significan?|significado|quieren? decir)\b",
    re.IGNORECASE,
)
# A body has an acronym or an article, and no number or year, which would make it a meeting.
_ACRONYM = r"(?-i:(?![IVXLC]+\b)[A-ZÁÉÍÓÚÑ]{2,8})"
_WORD = r"[^\W\d]+"
_NAMED = rf"(?:(?:the|el|la|los|las) )?{_WORD}(?: {_WORD}){{0,3}}?"
_SHORT = rf"((?:the |la |el )?{_ACRONYM})"
_BODY = rf"((?:the )?(?:{_WORD} ){{0,6}}?{_ACRONYM}|the {_WORD}(?: {_WORD}){{0,5}}?)"
# Function words that a name has; a rest with others ("from the very beginning", "in the first years") asks for more than the form.
_IN_NAMES = frozenset("the of on for and with la las el los lo de del para sobre con y e a".split())
_NOT_IN_NAMES = (STOP_WORDS_OF_EITHER - _IN_NAMES) | frozenset("since yet still already again ever ago".split())
_ASKS_ON = re.compile(
    r" (?:and|y|e) (?:what|which|who|when|where|why|how|qu[eé]|cu[aá]l|qui[eé]n|cu[aá]ndo|d[oó]nde|c[oó]mo)\b.*", re.IGNORECASE
)
_NAME_ES = rf"(?:el |la )?(?:{_WORD} ){{0,6}}?{_ACRONYM}|(?:el|la) {_WORD}(?: {_WORD}){{0,5}}?"
_BODY_ES = rf"({_NAME_ES})"
_OF_BODY_ES = rf"(?:de |(?=del ))({_NAME_ES}|del {_WORD}(?: {_WORD}){{0,5}}?)"
_STATE = r"(?-i:(?:[Tt]he )?[A-ZÁÉÍÓÚÑ][\w.]+(?: (?:(?:of|the|de|del|y|and) )?[A-ZÁÉÍÓÚÑ][\w.]+){0,3})"
_ALSO = r"(?: (?:also|still|now|currently|tambi[eé]n|todav[ií]a|a[uú]n))?"
_MEMBER = r"(?:(?:an? |one of the )?(?:full )?(?:members?|part)(?: states?| country| countries)?)"
_MEMBER_ES = r"(?:(?:un |uno de los )?(?:pa[ií]s(?:es)? |estados? )?(?:miembros?|parte|integrante))"
# What an English question asks indirectly, or as learners put it: "(tell me) why the RCM is called ...", "who its members are".
_VERB = "is|are|was|were|has|have|had|can|could|will|would|should"
# A subject has no conjunction and no question word in it: "when and where was it" asks twice.
_SUBJECT_WORD = rf"(?!(?:{_VERB}|and|or|but|that|who|whom|whose|what|when|where|why|which|how|do|does|did)\b){_WORD}"
_SUBJECT = rf"(?!(?:many|much|long|often|old|far|big|to|else|exactly)\b)(?P<subject>{_SUBJECT_WORD}(?: {_SUBJECT_WORD}){{0,5}})"
# "How solid was the evidence", "how common are raids", "how solid the evidence was" ask directly of what degree: after the verb
# stands a noun, no participle.
_DETERMINER = r"(?:the|an?|its|their|his|her|our|your|my|this|that|these|those|it|they|he|she|we|you|i|there)\b"
_PARTICIPLE = r"(?:\w+(?:ed|en|wn)|made|held|paid|set|run|done|built|sent|kept|led|told|put|not|to|be|been|being)\b"
_OF_DEGREE = (
    rf"(?!how (?!{_DETERMINER})(?:(?-i:[a-z])\w+(?: [a-z]+)? (?:{_VERB}) {_DETERMINER}|"
    rf"(?-i:[a-z])\w*(?<![^us]s) (?:is|are|was|were) (?!\w+ly )(?!{_PARTICIPLE})|\w+ {_DETERMINER}))"
)
_END = r"[\s?!.]*"
_INDIRECT = (
    re.compile(
        rf"\W*{_OF_DEGREE}(?P<asks>why|when|where|how) {_SUBJECT} (?P<verb>{_VERB}) (?P<rest>[^,;]+?){_END}", re.IGNORECASE
    ),
    re.compile(
        rf"\W*{_OF_DEGREE}(?P<asks>who|what|where|how) {_SUBJECT} (?P<verb>is|are|was|were)(?P<rest>){_END}", re.IGNORECASE
    ),
)
# In what an acronym or word means something; it goes without saying.
_IN_THIS = re.compile(
    r" (?:here|in (?:this|the|these) (?:context|conference|process|collection|documents?|texts?)|aqu[ií]|"
    r"en (?:este|esta|estos|el|la|los) (?:contexto|conferencia|proceso|colecci[oó]n|documentos?|textos?))(?=\W*$)",
    re.IGNORECASE,
)
_COMES_FROM_ES = r"de d[oó]nde (?:sale|sali[oó]|viene|vino|proviene|surge|surgi[oó])"
# How answers say what is asked, in both languages; the questions that ask it, each with one group: what they are about.
_FORMS: tuple[tuple[dict[Lang, str], tuple[str, ...]], ...] = (
    (
        {"en": "What is {}?", "es": "¿Qué es {}?"},
        (
            rf"(?:(?:the )?(?:meaning|definition) of |define |(?:el |la )?(?:significado|definici[oó]n) de )({_NAMED})",
            rf"({_NAMED}) (?:meaning|definition|significado|definici[oó]n)",
            rf"what means ({_NAMED})",
            rf"what is (?:meant|understood) by ({_NAMED})",
            rf"how is ({_NAMED}) defined",
            rf"qu[eé] se entiende por ({_NAMED})",
            rf"c[oó]mo se define ({_NAMED})",
            rf"what (?!do(?:es)?\b|did\b)({_NAMED}) means",
            _SHORT,
            rf"what {_SHORT} is",
            rf"what is {_SHORT} about",
            rf"de qu[eé] (?:se )?trata {_SHORT}",
        ),
    ),
    (
        {"en": "Why is it called {}?", "es": "¿Por qué se llama {}?"},
        (
            rf"(?:from where|where) (?:does|did) (?:the )?name (?:of )?({_NAMED}) (?:come|stem|originate)(?: from)?",
            rf"(?:(?:what is )?the )?origins? of the name (?:of )?({_NAMED})",
            rf"(?:what|who) is ({_NAMED}) named (?:after|for)",
            rf"{_COMES_FROM_ES} (?:el )?nombre (?:de )?({_NAMED})",
            rf"(?:(?:cu[aá]l es )?el )?or[ií]gen del nombre (?:de )?({_NAMED})",
            rf"a qu[eé] se debe el nombre (?:de )?({_NAMED})",
            rf"where (?:does|did) (?:its|the|that|this) name come from \(({_NAMED})\)",
            rf"{_COMES_FROM_ES} (?:el|ese|este|su) nombre \(({_NAMED})\)",
        ),
    ),
    (
        {"en": "How and when was {} created?", "es": "¿Cómo y cuándo se creó {}?"},
        (
            rf"(?:(?:what (?:is|was) )?the )?(?:history|origins?|beginnings?|birth) of {_BODY}",
            rf"{_BODY} (?:history|origins?)",
            rf"how did {_BODY} (?:begin|start|originate|arise|emerge|come about|come into being)",
            r"(?:cu[aá]l(?:es)? (?:es|fue|son|fueron) )?(?:la |el |los )?"
            rf"(?:historia|or[ií]gen(?:es)?|inicios?|nacimiento|surgimiento) {_OF_BODY_ES}",
            rf"historia {_BODY_ES}",
            rf"c[oó]mo (?:se )?(?:naci[oó]|surgi[oó]|empez[oó]|comenz[oó]|origin[oó]|inici[oó]) {_BODY_ES}",
        ),
    ),
    (
        {"en": "When was {} created?", "es": "¿Cuándo se creó {}?"},
        (
            rf"(?:when|in (?:what|which) year) (?:was|did) {_BODY} (?:set up|formed|born|come into (?:being|existence))",
            rf"since when (?:does|has) {_BODY} exist(?:ed)?",
            rf"how (?:old is|long has) {_BODY}(?: existed| been around)?",
            rf"(?:desde cu[aá]ndo existe|cu[aá]ndo (?:naci[oó]|surgi[oó]|se form[oó])|cu[aá]ntos años (?:tiene|lleva)) {_BODY_ES}",
        ),
    ),
    (
        {"en": "What is {} for?", "es": "¿Para qué sirve {}?"},
        (
            rf"(?:why|what for|for what(?: purpose)?) (?:does|did) {_BODY} exist",
            rf"what (?:does|did) {_BODY} (?:exist|do it) for",
            rf"what (?:is|was) {_BODY} (?:created|set up|founded|established) for",
            rf"(?:para|por) qu[eé] existe {_BODY_ES}",
            rf"para qu[eé] (?:se (?:cre[oó]|fund[oó]|estableci[oó])|fue (?:cread[oa]|fundad[oa]|establecid[oa])) {_BODY_ES}",
        ),
    ),
    (
        {"en": "Where is the seat of {}?", "es": "¿Dónde tiene su sede {}?"},
        (
            rf"(?:where|in (?:what|which) (?:city|town|country|place))(?:'s|’s| is) {_BODY}(?: located| based| situated| headquartered)?",
            rf"(?:d[oó]nde|en qu[eé] (?:ciudad|lugar|sitio|pa[ií]s)) (?:est[aá]|queda|se encuentra|se ubica)(?: ubicad[oa]| situad[oa])? {_BODY_ES}",
        ),
    ),
    (
        {"en": "Which countries are members of {}?", "es": "¿Qué países son miembros de {}?"},
        (
            rf"(?:which|what) countries (?:are in|make up|form|compose|constitute|belong to|are part of|participate in|take part in) {_BODY}",
            rf"(?:qu[eé]|cu[aá]les) pa[ií]ses (?:est[aá]n en|forman|conforman|componen|pertenecen a|forman parte de|son parte de|participan en) {_BODY_ES}",
            rf"who is in {_BODY}",
            rf"qui[eé]nes est[aá]n en {_BODY_ES}",
            rf"(?:(?:is|are|was) {_STATE}|(?:if |whether )?{_STATE} (?:is|are|was)){_ALSO} {_MEMBER} (?:of|in) {_BODY}",
            rf"(?:does {_STATE}{_ALSO} belong|(?:if |whether )?{_STATE}{_ALSO} belongs) to {_BODY}",
            rf"(?:si )?(?:(?:es|son) {_STATE}|{_STATE} (?:es|son)|es){_ALSO} {_MEMBER_ES} {_OF_BODY_ES}",
            rf"(?:si )?(?:(?:forma parte|hace parte|es parte|es miembro) {_STATE}|{_STATE}{_ALSO} (?:forma|hace) parte) {_OF_BODY_ES}",
            rf"(?:si )?(?:{_STATE}{_ALSO} pertenece|pertenece {_STATE}) a {_BODY_ES}",
        ),
    ),
)
_PATTERNS = [(re.compile(rf"\W*{pattern}\W*", re.IGNORECASE), asked) for asked, patterns in _FORMS for pattern in patterns]


def accent_question_word(text: str) -> str:
    """A Spanish question with the accent of the question word that it opens with: "que es" asks, whoever leaves it out."""
    match = None if _ACCENTED.search(text) else _UNACCENTED.match(text)
    if match is None:
        return text
    word = match[1]
    accented = _ACCENTS[word.lower()[:3]]
    return text[: match.start(1)] + word[: accented[0]] + accented[1] + word[accented[0] + 1 :] + text[match.end(1) :]


def date_today(text: str, year: int, is_known: Callable[[str], bool]) -> str:
    """A question about the last, the present or the next of something with the years that this means, seen from `year`.

    Years that the collection knows nothing of are left out. A question that names a number itself, a year or an edition, stays
    as it is.
    """
    if _NUMBERED.search(text):
        return text
    for pattern, years in ((_LAST, (year - 2, year - 1, year)), (_NOW, (year,)), (_NEXT, (year, year + 1))):
        if match := pattern.search(text):
            name = next((name for name, word in match.groupdict().items() if word), None)
            left = text if name is None else text[: match.start(name)] + text[match.end(name) :].lstrip()
            left = _NOW_WORDS.sub("", left)
            known = [meant for meant in map(str, years) if is_known(meant)]
            return f"{left.rstrip(' ?!.')} ({', '.join(known)})?" if known else text
    return text


def write_years(text: str) -> str:
    """A question with its years in full: "2008-09" as "2008-2009", "del 99" as "de 1999", "en el 05" as "en 2005"."""

    def in_full(match: re.Match[str]) -> str:
        short = next(found for found in match.groups() if found)
        at = match.group().rindex(short)
        return _ARTICLE.sub(" ", match.group()[:at].rstrip("'’")) + ("19" if int(short) > 50 else "20") + short

    def second(match: re.Match[str]) -> str:
        first, last = match[1] + match[2], match[1][:2] + match[4]
        # "2010-12" may be a month or the number of a resolution; "2008-09" is rather the year after.
        is_year = int(first) + 1 == int(last) or (int(first) < int(last) and int(match[4]) > 12)
        return f"{first}{match[3]}{last}" if is_year else match.group()

    return _SHORT_YEAR.sub(in_full, _SECOND_YEAR.sub(second, text))


def leave_out_vague_time(text: str) -> str:
    """A question without "now", "back then", "hoy", where at least two words of meaning are left."""
    left = re.sub(r"¿[ ,]+", "¿", _VAGUE.sub("", text).lstrip(" ,"))
    return left if len(set(folded_words(left)) - STOP_WORDS_OF_EITHER) >= 2 else text


def reword(text: str, lang: Lang) -> str | None:
    """A question of a common form as answers would say it; None where it is of none."""
    text = _IN_THIS.sub("", text) if asks_to_spell_out(text) else text
    if short := _acronym_asked(text):
        return _FORMS[0][0][lang].format(short)
    for pattern, asked in _PATTERNS:
        match = pattern.fullmatch(text)
        if match is not None and _NOT_IN_NAMES.isdisjoint(folded_words(_ASKS_ON.sub("", match[1]))):
            return asked[lang].format(re.sub(r"^del ", "el ", match[1])).replace(" de el ", " del ")
    return None


def ask_directly(text: str) -> str:
    """An English question with its verb before its subject: "why the RCM is called so" as "Why is the RCM called so?"."""
    for pattern in _INDIRECT:
        if match := pattern.fullmatch(text):
            rest = f" {match['rest']}" if match["rest"] else ""
            return f"{match['asks'].capitalize()} {match['verb']} {match['subject']}{rest}?"
    return text


def asks_to_spell_out(text: str) -> bool:
    """Whether a question about an acronym wants to know what it stands for."""
    return _SPELL_OUT.search(text) is not None


def _acronym_asked(text: str) -> str | None:
    """The acronym that a question wants spelt out and nothing else: "What does SACM stand for?", "siglas OIM"."""
    found = sorted({match.group() for match in CAPITALS.finditer(text)})
    rest = set(folded_words(CAPITALS.sub(" ", _SPELL_OUT.sub(" ", text))))
    only = len(found) == 1 and _SPELL_OUT.search(text) is not None and rest <= STOP_WORDS_OF_EITHER
    return found[0] if only else None
