"""What is not content: menus, cookie bars, page headers, contact footers, lines repeated across documents.

Works on lines (of scraped text and PDF) or on the texts of blocks; everything that goes is reported with a reason.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

Line = tuple[str, int | None]  # text, page

_NAVIGATION = frozenset(
    """skip to main content|skip to content|skip to navigation|saltar al contenido|saltar al contenido principal|
    pasar al contenido principal|ir al contenido|ir al contenido principal|menu|menú|main menu|menú principal|search|
    buscar|home|inicio|who we are|quiénes somos|our work|nuestro trabajo|what we do|qué hacemos|where we work|
    dónde trabajamos|take action|actúe|get involved|participe|work with us|trabaje con nosotros|partnerships|
    highlights|data and research|2030 agenda|agenda 2030|contact us|contact|contacto|contáctenos|about us|
    log in|login|iniciar sesión|sign in|subscribe|suscríbase|newsletter|share|compartir|share this|tweet|print|
    imprimir|facebook|twitter|linkedin|whatsapp|youtube|instagram|follow us|síganos|read more|leer más|more information|
    más información|ver más|see more|next|previous|siguiente|anterior|back to top|volver arriba|breadcrumb|
    you are here|se encuentra usted aquí|related content|contenido relacionado|related news|noticias relacionadas|
    site map|mapa del sitio|privacy policy|política de privacidad|terms of use|términos de uso|language|idioma|
    english|español|close|cerrar|toggle navigation|back|volver|more|donate|donar|press|media|news|noticias""".replace(
        "\n", ""
    ).split("|")
)
_NAVIGATION = frozenset(phrase.strip() for phrase in _NAVIGATION)
_FOOTER = re.compile(
    r"(website |site |web )?(design(ed)?|developed|powered|diseño|diseñado|desarrollado) (by|por)\b.{0,60}(?<![.!?])$|"
    r"(copyright\W*(©|\(c\)|\d{4}|by\b)|©|\(c\) ?\d{4})|.{0,60}(all rights reserved|todos los derechos reservados)\W*$",
    re.IGNORECASE,
)
_COOKIES = re.compile(r"\b(cookies?)\b", re.IGNORECASE)
_COOKIE_WORDS = re.compile(
    r"\b(accept|aceptar?|policy|política|consent|consiente|uses?|utiliza|usa|settings|preferences|preferencias)\b",
    re.IGNORECASE,
)
EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
PHONE = re.compile(r"\+?\(?\d[\d\s().-]{6,}\d")
REPEATED = 3  # a line that so many documents hold is none of their content
_URL = re.compile(r"https?://|www\.|href=|mailto:", re.IGNORECASE)
_CONTACT_LABEL = re.compile(
    r"\b(e-?mail|tel|tel[eé]fono|telephone|phone|fax|correo( electr[oó]nico)?|m[oó]vil|mobile)\b\W*", re.I
)
_CONTACT_START = re.compile(
    r"^\W*((for|to obtain|to get) (any )?(more|further|additional)?\s?(information|details)|for (media|press) (inquiries|enquiries)|"
    r"(media|press) contacts?\b|contacto de prensa|para (obtener )?(mayor|más|mayores) (información|informes|detalles)|"
    r"please contact|contacts?\s*:|contactos?\s*:)",
    re.IGNORECASE,
)


def is_navigation(text: str) -> bool:
    """Whether a whole line is a menu entry, a footer or a cookie notice by its words."""
    line = text.strip(" -–—•*·|>»:.…\t").lower()
    if line in _NAVIGATION or _FOOTER.match(text.strip()):
        return True
    return bool(len(text) < 400 and _COOKIES.search(text) and _COOKIE_WORDS.search(text))


def _is_contact(text: str) -> bool:
    """Whether a line is nothing but a way to reach somebody."""
    rest = _CONTACT_LABEL.sub("", PHONE.sub("", EMAIL.sub("", text)))
    rest = re.sub(r"https?://\S+|www\.\S+|mailto:|href=|target=|title=|[\"<>]", "", rest)
    found = EMAIL.search(text) or PHONE.search(text) or _URL.search(text) or _CONTACT_LABEL.match(text.strip())
    return bool(found) and len(rest.split()) <= 3


def _menu_end(texts: Sequence[str]) -> int:
    """How many lines at the head are a menu: entries, bare bullets, entries said twice ("Our work / Our workAs the ...")."""
    strong = 0
    end = 0
    before = ""
    gap = 0
    for number, text in enumerate(texts):
        line = text.strip()
        if not line:
            continue
        bare = line in ("-", "–", "•", "*", "|")
        said_twice = bool(before) and len(before) > 2 and line.lower().startswith(before.lower())
        glued = said_twice and len(line) > len(before) and not line[len(before)].isspace()
        entry = is_navigation(line) or bare or (said_twice and (len(line) == len(before) or glued))
        if entry:
            strong += 1
            end = number + 1
            gap = 0
        else:
            gap += 1
            if gap > 2 or (len(line) > 60 and not strong):
                break
        if not bare:
            before = line.lstrip("-–•* ")
    return end if strong >= 3 else 0


def _contact_start(texts: Sequence[str]) -> int:
    """Where the contact footer begins: from there to the end nothing is content. `len(texts)` without one."""
    for number, text in enumerate(texts):
        if not _CONTACT_START.match(text):
            continue
        tail = [line for line in texts[number:] if line.strip()]
        joined = " ".join(tail)
        reach = EMAIL.search(joined) or PHONE.search(joined) or _URL.search(joined)
        if not reach or len(joined) > 1200:
            continue
        if all(
            len(line) <= 90 or (EMAIL.search(line) or PHONE.search(line) or _URL.search(line) or _CONTACT_START.match(line))
            for line in tail
        ):
            return number
    return len(texts)


def count_repeats(documents: Iterable[Sequence[str]]) -> Counter[str]:
    """In how many documents each line (folded) stands."""
    counts: Counter[str] = Counter()
    for texts in documents:
        counts.update({_fold(text) for text in texts if text.strip()})
    return counts


def may_repeat(line: str) -> bool:
    """Whether a folded line may go because other documents hold it: it is short and ends like no sentence."""
    return line.count(" ") < 12 and not re.search(r"[.!?:]\W*$", line)


def _fold(text: str) -> str:
    return " ".join(text.lower().split())


def _page_furniture(lines: Sequence[Line]) -> set[int]:
    """Numbers of lines that are running headers, footers or page numbers: at the edge of a page, on most pages."""
    pages: dict[int, list[int]] = {}
    for number, (text, page) in enumerate(lines):
        if page is not None and text.strip():
            pages.setdefault(page, []).append(number)
    edges: dict[str, list[int]] = {}
    drop: set[int] = set()
    for numbers in pages.values():
        for number in {*numbers[:2], *numbers[-2:]}:
            text = lines[number][0].strip()
            if re.fullmatch(r"\W*(page|página|pág\.?)?\s*\d{1,4}\s*((of|de|/)\s*\d{1,4})?\W*", text, re.IGNORECASE):
                drop.add(number)
            else:
                edges.setdefault(re.sub(r"\d+", "#", _fold(text)), []).append(number)
    for numbers in edges.values():
        if len(numbers) >= 3 and len(numbers) * 2 > len(pages):
            drop.update(numbers)
    return drop


def clean_lines(lines: Sequence[Line], repeats: Counter[str], *, keep: frozenset[int] = frozenset()) -> list[str | None]:
    """For each line the reason why it is not content, or None where it stays.

    `repeats` says in how many documents of the collection a line stands; `keep` are the numbers of lines that belong
    to a record (labelled fields), which no rule removes.
    """
    texts = [text for text, _ in lines]
    reasons: list[str | None] = [None] * len(lines)

    def mark(number: int, reason: str) -> None:
        if number not in keep and texts[number].strip() and reasons[number] is None:
            reasons[number] = reason

    for number in range(_menu_end(texts)):
        mark(number, "menu")
    for number in _page_furniture(lines):
        mark(number, "page header or footer")
    for number in range(_contact_start(texts), len(texts)):
        mark(number, "contact footer")
    for number, text in enumerate(texts):
        if is_navigation(text):
            mark(number, "navigation")
        elif _is_contact(text):
            mark(number, "contact line")
        elif repeats[folded := _fold(text)] >= REPEATED and may_repeat(folded):
            mark(number, "repeated across documents")
    return reasons
