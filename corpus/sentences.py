"""Sentence boundaries for English and Spanish, as spans that cover the text's words."""

import re

# Words before a full stop that do not end a sentence; lower case, without the stop.
_ABBREVIATIONS = frozenset(
    """mr mrs ms dr dra drs prof prof sr sra srta srs sres lic ing arq gral gen col cap sgto sto sta hon rev st jr
    vs etc eg e.g ie i.e cf al art arts fig figs vol vols no nos núm num nums núms pág pag págs pags p pp ed eds cap
    caps approx dept est inc ltd co corp tel ext apdo av avda ave blvd ee uu ee.uu u.s u.k u.n s.a a.c d.c d.f p.ej
    ej aprox ss depto dpto jan feb mar apr jun jul aug sep sept oct nov dec ene abr ago dic min máx max n.º nº
    amb embajador.a exc excmo excma univ""".split()
)
# After these the next word being a number or a name makes the stop certainly no boundary; elsewhere it may be one.
_MAY_END = frozenset("etc co inc ltd corp no est uu ee.uu u.s u.k u.n s.a a.c d.c d.f jr".split())
_END = re.compile(r"""(?P<stop>\.{3,}|…|[.!?]+)(?P<close>["'”’»)\]]*)(?P<gap>\s+)(?=(?P<next>\S))""")
_LABEL = re.compile(r"(?:^|\n)[ \t]*\(?(?:\d{1,2}|[a-zA-Z]|[ivxIVX]{2,5})$")  # of an item of a list: "3.", "d.", "iv."
# How a sentence begins that tells the particulars of what the one before announces.
_GOES_ON = re.compile(
    r"(?:Among (?:them|these)|One (?:was|is|of them|concerns)|The (?:first|one) (?:was|is|concerns)|These (?:are|were|include)|"
    r"They (?:are|were|include|concern|cover)|(?:It|They|He|She) also|Another|In addition|Furthermore|Moreover|"
    r"(?:Figuran? )?[Ee]ntre (?:ell[ao]s|est[ao]s)|Un[oa] (?:era|es|trata|se refiere)|(?:El|La) primer[oa]? (?:era|es|fue)|"
    r"(?:Est[ao]s|Ell[ao]s) (?:son|eran|incluyen)|Incluyen?|Se (?:ocupan|refieren)|Con ell[ao]s|Adem[aá]s|Otr[oa]|(?:[^\W\d]+ )?[Tt]ambi[eé]n)\b"
)
_OPENERS = "\"'“‘«([¿¡-–—•*"


def _ends_here(text: str, match: re.Match[str]) -> bool:
    stop, following = match["stop"], match["next"]
    rest = text[match.end() : match.end() + 40].lstrip(_OPENERS + " ")
    first = rest[:1]
    if "\n" in match["gap"] and match["gap"].count("\n") > 1:
        return True
    if stop in ("…",) or (len(stop) >= 3 and set(stop) == {"."}):
        return first.isupper() or following in '¿¡“«"'
    if stop[-1] in "!?":
        return not first.islower()
    if first.islower() or _LABEL.search(text[max(0, match.start() - 20) : match.start()]):
        return False
    before = re.search(r"[\w.ºª]+$", text[max(0, match.start() - 20) : match.start()])
    if before is None or match["close"]:
        return True
    word = before.group().lower()
    if word in _MAY_END:
        # "No. 4" goes on, "and that means no. Officials" does not; "EE. UU." goes on, "EE. UU. La" does not.
        if word == "no":
            return not first.isdigit()
        return True
    if word in _ABBREVIATIONS:
        return False
    if len(word) == 1 and word.isalpha() and not word.isdigit():
        # An initial ("William L. Swing"), unless the letter stands alone as a list label or the pronoun.
        return before.group() in ("y", "a", "o", "I") or not before.group().isupper()
    return not re.fullmatch(r"(?:[a-z]\.)+[a-z]", word) or word.replace(".", "") in ("us", "uk", "un", "eu")


def split_sentences(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Spans (code points, half-open) of the sentences of `text[start:end]`; only white space lies between them."""
    end = len(text) if end is None else end
    piece = text[start:end]
    spans: list[tuple[int, int]] = []
    at = 0
    for match in _END.finditer(piece):
        if match.start() < at or not _ends_here(piece, match):
            continue
        stop = match.start("gap")
        spans.append((at, stop))
        at = match.end("gap")
    if piece[at:].strip():
        spans.append((at, len(piece)))
    out: list[tuple[int, int]] = []
    for a, b in spans:
        while a < b and piece[a].isspace():
            a += 1
        while b > a and piece[b - 1].isspace():
            b -= 1
        if a < b:
            out.append((start + a, start + b))
    return out


def goes_on(text: str, start: int) -> bool:
    """Whether the sentence that begins here tells the particulars of what the one before announces."""
    return _GOES_ON.match(text, start) is not None
