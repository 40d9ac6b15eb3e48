"""Which of the two languages a text is in, from function words, letters and endings."""

import re

from corpus.records import Lang

_ENGLISH = frozenset(
    """the of and to in is was were for on with by at from that which who what when where why how did does do are be
    been has have had it its their this these those an as or not but will would can about into between during after
    before than more most other such there they he she his her we our you your many much list give tell me any all
    since under over against only also whose whom may might shall should could if while where's what's who's held
    meeting meetings country countries year tell show name find between because""".split()
)
_SPANISH = frozenset(
    """el la los las de del y en que es fue fueron era para por con al desde un una unos unas su sus se lo le les como
    qué quién quiénes cuál cuáles cuándo dónde cómo cuánto cuánta cuántos cuántas porqué quien quienes cual cuales
    cuando donde cuanto cuantos cuantas este esta estos estas ese esa esos esas aquel más mas pero no sin sobre entre
    hasta hacia durante según segun contra ya también tambien ha han había habia hay ser estar son está están estan
    país paises países pais año años ano anos reunión reunion reuniones migración migracion sobre e o u ni si sí
    dime dame muéstrame lista nombre hizo tiene tienen puede pueden cada todo todos toda todas otro otra otros otras
    quisiera quiero hubo tuvo donde cuya cuyo dicho dijo sede tema lema""".split()
)
_WORDS = re.compile(r"[^\W\d_]+")
_SPANISH_ENDINGS = ("ción", "cion", "ciones", "dad", "dades", "miento", "mientos", "ando", "iendo", "aron", "ieron")
_ENGLISH_ENDINGS = ("tion", "tions", "ing", "ness", "ity", "ities", "ly", "ship", "ed")


def language_evidence(text: str) -> tuple[float, float]:
    """How much speaks for English and how much for Spanish; a function word counts 1."""
    english = spanish = 0.0
    if re.search("[¿¡ñÑ]", text):
        spanish += 1.5
    for match in _WORDS.finditer(text[:20_000]):
        written = match.group()
        if len(written) == 1 and (text[match.end() : match.end() + 1] == "-" or text[match.start() - 1 : match.start()] == "-"):
            continue  # "e-mail", "F-1"
        word = written.lower()
        if word in _SPANISH:
            spanish += 1.0
        if word in _ENGLISH:
            english += 1.0
        if word in _SPANISH or word in _ENGLISH or len(word) < 5:
            continue
        if written == word and re.search("[áéíóúü]", word):  # with a capital it may be a name
            spanish += 0.4
        if word.endswith(_SPANISH_ENDINGS):
            spanish += 0.4
        elif word.endswith(_ENGLISH_ENDINGS):
            english += 0.3
    return english, spanish


def spanish_share(text: str) -> float:
    """How Spanish a text is: 0 all English, 1 all Spanish, 0.5 no evidence."""
    english, spanish = language_evidence(text)
    total = english + spanish
    return spanish / total if total else 0.5


def guess_lang(text: str, default: Lang = "en") -> Lang:
    """The language of a text; `default` where it gives no evidence either way."""
    share = spanish_share(text)
    if share == 0.5:
        return default
    return "es" if share > 0.5 else "en"
