"""What people say around a question: greetings, thanks, requests, who they are. It is not searched."""

import re

from corpus.words import STOP_WORDS_OF_EITHER, folded_words
from qa.kinds import CAPITALS

# What people say before a question and after it. What is only about something is asked for with "of", "about", "sobre", "de".
_ABOUT = r"(?: (?:more |something |everything |all )?(?:about|on))"
_SOBRE = r"(?: (?:m[aá]s |algo |todo )?(?:sobre|acerca de|respecto a|de(?! qu[eé]\b)|(?=del )))"
_SUMMARY = (
    r"(?: (?:an? |the |some |any |una? |el |la |alguna )?(?:short |brief |breve )?"
    r"(?:summary|overview|information|info|details|resumen|panorama|informaci[oó]n|datos) (?:of|about|on|sobre|acerca de|de|(?=del )))"
)
_TEXT = (
    r"(?: (?:an? |the |any |some |el |la |un |una |alg[uú]n |alguna )?(?:full )?"
    r"(?:text|copy|documents?|sources?|texto|copia|documentos?|fuentes?) (?:of|about|on|de|sobre|acerca de|(?=del )))"
)
_QUESTION_WORD_ES = r"(?: (?=(?:si|(?:a |de |en |con |por |para )?(?:qu[eé]|qui[eé]n|cu[aá]l|cu[aá]nd|d[oó]nd|c[oó]m|cu[aá]nt))))"
_FOR_HELP = r"(?: (?:a lot|so much|very much))?(?: (?:for (?:the|your|all) (?:help|information|answers?)|por (?:la|su|tu) (?:ayuda|informaci[oó]n|respuesta)))?"
# What people say to an answer before they ask on: "Interesting.", "Nice slogan.", "Otra cosa:"; only with a mark after it.
_COMMENT = (
    r"(?:interesting|nice|cool|good|wow|got it|understood|sure|right|true|fair enough|perfect|excellent|"
    r"interesante|bien|muy bien|claro|genial|excelente|qu[eé] (?:bien|interesante|raro)|ya veo|de acuerdo|entendido|cierto)"
    r"(?:(?: [^\W\d]+){1,2}(?=[.!…])|(?=[.!,;…]))"
)
_CHANGE = (
    r"(?:(?:bueno|pues|well|anyway|so|ok|okay),? )?(?:(?:a |an |una? )?(?:different|another|other|new|next|last) (?:question|thing|topic|matter)|one more (?:question|thing)|by the way|"
    r"changing (?:the )?(?:subject|topic)|otr[ao] (?:cosa|pregunta|duda|tema)|una (?:cosa|pregunta|duda) m[aá]s|cambiando de tema|por cierto|"
    r"pasando a otra cosa)(?=[:,.;])"
)
_REQUESTS = (
    rf"{_COMMENT}|{_CHANGE}",
    rf"(?:hi|hello|hey|good (?:morning|afternoon|evening)|greetings|thank(?:s| you){_FOR_HELP}|please|kindly|excuse me|sorry|ok(?:ay)?|i see|great|dear (?:team|all|friends|colleagues|sir or madam|sirs?|madam))(?: (?:there|all|everyone))?",
    rf"(?:hola|buen(?:os|as)? (?:d[ií]as?|tardes|noches)|saludos|disculpen?|perd[oó]n|(?:muchas |mil )?gracias(?! a ){_FOR_HELP}|por favor|vale|perfecto|entiendo|estimad[oa]s(?: (?:señores|amig[oa]s|colegas))?)(?: a todos)?",
    rf"(?:(?:can|could|would|will) you |(?:i|we)(?: would|['’]d) like (?:you )?to |(?:i|we) (?:want|need|wish)(?: you)? to |may i )(?:please |kindly )?"
    rf"(?:(?:tell|give|show|send|inform|help|ask) (?:me|us|you)(?: (?:to )?(?:find|find out|understand))?(?:{_SUMMARY}|{_ABOUT})?|"
    rf"explain(?: to (?:me|us))?|(?:let (?:me|us) know|know|learn|find out|ask|hear|understand){_ABOUT}?)",
    rf"(?:tell|give|show|send|get|find) (?:me|us)(?:{_SUMMARY}|{_ABOUT})?|(?:explain|describe) (?:to )?(?:me|us)|help me (?:find|understand)",
    rf"do you (?:happen to )?(?:know{_ABOUT}?|have{_SUMMARY})|what (?:do|can) you (?:know|tell (?:me|us)|say){_ABOUT}|(?:is|are) there{_SUMMARY}",
    rf"i(?: am|['’]m) (?:(?:looking|searching) for{_SUMMARY}?|interested in|wondering(?: about)?)|i wonder|(?:i|we) (?:need|want){_SUMMARY}",
    r"explain|describe|expl[ií](?:ca|que)|i have a question(?: about)?|my question is|tengo una (?:pregunta|duda)(?: sobre)?|mi pregunta es",
    r"(?:(?:me |nos )(?:podr[ií]a[sn]?|puede[ns]?)(?: por favor)? (?:decir|explicar|indicar|informar|dar|contar|hablar|mostrar)|"
    r"(?:podr[ií]a[sn]?|puede[ns]?)(?: usted(?:es)?)?(?: por favor)? (?:decir|explicar|indicar|informar|dar|contar|hablar|mostrar)(?:me|nos))"
    rf"(?:{_SUMMARY}|{_SOBRE})?",
    r"(?:quisiera|quiero|queremos|(?:me|nos) gustar[ií]a|necesito|necesitamos|deseo|desear[ií]a)"
    rf"(?: (?:saber|conocer|preguntar|entender|averiguar){_SOBRE}?|{_SUMMARY})",
    rf"(?:h[aá]ble?|h[aá]bla|cu[eé]nt[ae]|d[ií]|d[ií]ga|expl[ií](?:ca|que)|inf[oó]rm[ae]|mu[eé]str[ae]|d[aeé]|ind[ií](?:ca|que))(?:me|nos)(?:{_SUMMARY}|{_SOBRE})?",
    rf"(?:sabe[ns]?|conoce[ns]?|recuerda[ns]?)(?: usted(?:es)?)?{_QUESTION_WORD_ES}",
    rf"qu[eé] (?:sabe[ns]?|se sabe|(?:me|nos) puede[ns]? (?:decir|contar)){_SOBRE}|(?:busco|hay|existe){_SUMMARY}",
    r"(?:summary|overview|information|info|resumen|informaci[oó]n) (?:of|about|on|sobre|acerca de|de|(?=del ))",
    rf"(?:where (?:can|could|do|may) (?:i|we|one)|(?:can|could|may) (?:i|we)) (?:find|read|see|get|download|consult|access){_TEXT}?",
    rf"(?:d[oó]nde|c[oó]mo) (?:se )?(?:puedo|puede|podemos|podr[ií]a) (?:encontrar|leer|ver|obtener|descargar|consultar|conseguir){_TEXT}?",
    rf"(?:do you have|is there|are there|tiene[ns]?|hay|existen?){_TEXT}",
    r"(?:sources|documents?|texts?|quotes?|quotations?|fuentes|documentos?|textos?|citas?) (?:about|on|sobre|acerca de)",
    r"summari[sz]e(?: for (?:me|us))?|res[uú]m(?:e|a|eme|enos)|me recomiendas? (?:un documento|algo|una fuente) (?:sobre|de)",
    r"(?:which|what) (?:documents?|sources?|texts?) (?:talks?|speaks?|tells?|(?:is|are)|deals?)(?: (?:about|of|on|with))",
    r"qu[eé] (?:documentos?|fuentes?|textos?) (?:hablan?|tratan?) (?:de|sobre)|where does it say(?: that)?|d[oó]nde (?:se )?dice que",
)
# One by one: as a single pattern they take five times as long to compile, a twentieth of the start of `rcm-qa ask`.
_BEFORE = [re.compile(rf"\W*(?:{request})(?:(?<= )|(?!\w))[^\w¿¡]*", re.IGNORECASE) for request in _REQUESTS]
# "..., right?", "..., ¿verdad?" ask whether it is so.
_TAG = re.compile(
    r"(?<!\s)\s*[,;.]\s*¿?\s*(?:right|correct|yes|no|(?:is|was|did|does|do|are|were|has|have)n['’]t (?:it|he|she|they|there)|verdad|cierto|no es (?:as[ií]|cierto|verdad)|"
    r"no es as[ií]|correcto)\s*\?\W*$",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"(?<!\W)\W*\b(?:please|pl[sz]|(?:many )?thanks|thank you|por favor|porfa(?:vor)?|(?:muchas )?gracias)\W*?([?]?)\W*$",
    re.IGNORECASE,
)
# Who asks, in a sentence of its own.
_WHO_ASKS = re.compile(
    r"\W*(?:i|i['’]m|we|we['’]re|my|our|soy|somos|estoy|estamos|trabajo|trabajamos|escribo|estudio|preparo|preparamos|mi|nuestr[oa])\b"
    r"[^.?!¿¡:;\d]*(?:[.!:;] |,? ?(?=¿))",
    re.IGNORECASE,
)
_ABOUT_US = re.compile(
    r"\W*(?:help|(?:what|how) can (?:i|you) (?:ask|do|help)(?: here| you| me| for me)?|(?:who|what) are you|what(?: i|['’])s this|how does (?:this|it) work|"
    r"(?:are you|is this) (?:an? )?(?:robot|bot|human|person|ai|chatgpt)|"
    r"ayuda|qu[eé] (?:puedo|se puede) preguntar|(?:qu[eé]|c[oó]mo) puedes (?:hacer|responder|ayudar)(?:me)?|(?:qui[eé]n|qu[eé]) eres|qu[eé] es esto|"
    r"c[oó]mo funciona(?: esto)?|(?:eres|es esto) (?:una? )?(?:robot|bot|humano|persona|ia|chatgpt))\W*",
    re.IGNORECASE,
)
# One sentence, which asks nothing further; "sé" with its accent, since "se puede ..." begins questions.
_KNOWN = re.compile(
    r"\W*(?:(?:ya )?(?:conozco|sé|entiendo)|(?:i|we) (?:already )?(?:know|understand))\b"
    r"(?!.*\b(?:wh(?:o|at|en|ere|ich|y|om|ose)|how|qui[eé]n(?:es)?|qu[eé]|cu[aá]l(?:es)?|cu[aá]ndo|d[oó]nde|cu[aá]nt[oa]s?|c[oó]mo)\b)[^?¿.;]*\W*",
    re.IGNORECASE,
)
_LIGHT = frozenset("do make get go need hace hacer hago hacemos puedo puede podemos debo debe tengo tiene necesito".split())
_AT_MOST = 4  # of them before one question


def strip_request(text: str) -> str:
    """A question without the words that only ask for an answer: greetings, "can you tell me", "quisiera saber", "please"; and
    without a sentence on who asks, where the question can do without.
    """
    left = _TAG.sub("?", _AFTER.sub(r"\1", text))
    for _ in range(_AT_MOST):
        if match := _WHO_ASKS.match(left):
            if not _has_content(left[match.end() :]):
                break
        elif not (match := _match_request(left)) or not re.search(r"\w", left[match.end() :]):
            break
        left = left[match.end() :]
    return left if re.search(r"\w", left) else text


def asks_nothing(text: str) -> bool:
    """Whether a text is a greeting, thanks, a call for help or about this program, or says what somebody knows, and no question
    about documents.
    """
    left = text
    for _ in range(_AT_MOST):
        if not (match := _match_request(left)):
            break
        left = left[match.end() :]
        if not re.search(r"\w", left):
            return True
    stripped = strip_request(text)
    return any(pattern.fullmatch(stripped) for pattern in (_ABOUT_US, _KNOWN))


def _match_request(text: str) -> re.Match[str] | None:
    """The request that a text opens with."""
    return next((match for pattern in _BEFORE if (match := pattern.match(text))), None)


def _has_content(text: str) -> bool:
    words = set(folded_words(text)) - STOP_WORDS_OF_EITHER - _LIGHT
    return len(words) > 1 or CAPITALS.search(text) is not None
