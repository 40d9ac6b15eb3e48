"""A question as asked to a question as searched: language, spelling, follow-ups, quoted phrases, kind of answer."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

from corpus.glossary import load_glossary
from corpus.records import LANGS, Lang
from corpus.words import STOP_WORDS_OF_EITHER, Word, find_words, folded_words
from index.analysis import stem
from index.filters import Filters
from index.searching import Index
from index.vocabulary import one_slip_away, slips
from qa.answers import Question
from qa.dating import MONTHS
from qa.errors import BadQuestion
from qa.exchanging import EVENT
from qa.following import complete_from_history
from qa.kinds import find_defined, kind_of
from qa.language import guess_question_lang
from qa.requests import asks_nothing, strip_request
from qa.rewording import accent_question_word, ask_directly, date_today, leave_out_vague_time, reword, write_years

MAX_QUESTION_CHARS = 1000
MAX_HISTORY = 20

_SHORT = 5  # letters of a word that is one slip from too many others
_LONGEST_ACRONYM = 5  # letters of one that the collection does not know, in a question all in capitals
_ENOUGH = 8  # passages that tell how two words are written
_FEW = 3  # verbs at the beginnings of sentences: "Terminaron"
# As in a quick message.
_SHORTHAND: dict[Lang, dict[str, str]] = {
    "en": {
        "wich": "which", "whats": "what is", "whos": "who is", "wheres": "where is", "whens": "when is", "hows": "how is",
        "pls": "please", "plz": "please", "b4": "before", "u": "you", "r": "are",
    },
    "es": {"q": "que", "xq": "por qué", "pq": "por qué", "tb": "también", "tmb": "también", "EU": "Estados Unidos", "x": "por", "d": "de"},
}  # fmt: skip
_MEETING = rf"(?i:{EVENT.pattern}|edici[oó]n|crm|rcm|grcm|rcgm)"


def _after(words: str) -> str:
    return "(?:" + "|".join(rf"(?<=\b(?i:{word}) )" for word in words.split()) + ")"


def _not_after(words: str) -> str:
    return "".join(rf"(?<!\b(?i:{word}) )" for word in words.split())


_ASKING = _after("who how what where why")
# Letters name things ("a u visa", "anexo d") or are points of a list, and "x" before a meeting is its number.
_LABELLED = _not_after(
    """anexo anexos art[ií]culo art[ií]culos p[aá]rrafo p[aá]rrafos inciso incisos literal literales opci[oó]n opciones apartado apartados
    formulario formularios grupo grupos secci[oó]n secciones cap[ií]tulo numeral letra vitamina vitaminas rayos"""
)
_BEFORE_NO_PREPOSITION = r"(?= (?!(?:a|ante|con|contra|del?|desde|en|entre|hasta|para|por|seg[uú]n|sin|sobre|tras|[yeo])\b)\w)"
_LETTERS = {
    "u": rf"(?:(?<=\br )u|{_after('can could do did will would should are have')}u(?= (?!(?:s|visas?|turns?|status)\b)[^\W\d])|u(?= r\b))",
    "r": rf"(?:r(?= (?:u|you|we|they|there)\b)|{_after('u you we they')}r|{_ASKING}r(?= (?:the|its|their|your|these|those)\b))",
    "q": rf"{_LABELLED}q",
    "EU": rf"{_not_after('la')}EU",  # the European Union
    "x": rf"(?<!\d ){_LABELLED}{_not_after('el la al del un crm rcm')}x{_BEFORE_NO_PREPOSITION}(?! (?:{_MEETING}\b|\d))",
    "d": rf"{_LABELLED}{_not_after('el la')}d{_BEFORE_NO_PREPOSITION}",
}
_SHORT_FOR = {
    lang: re.compile(rf"(?<![\w@./-])(?:{'|'.join(_LETTERS.get(short, short) for short in written)})(?![\w@/-])")
    for lang, written in _SHORTHAND.items()
}

# May has no short form, and "mar" is the Spanish sea; all stand for months beside a number only.
_SHORT_MONTHS = {
    lang: {month[:3].lower(): month for month in months if month not in ("May", "mayo", "marzo")}
    for lang, months in MONTHS.items()
}
_SHORT_MONTH = {
    lang: re.compile(rf"(?<=\d )(?:{short})\b\.?|\b(?:{short})\b\.?(?=,? (?:(?:del?|of) )?['’]?\d)", re.IGNORECASE)
    for lang, short in {lang: "|".join(months).replace("sep", "sept?") for lang, months in _SHORT_MONTHS.items()}.items()
}

_ACCENTED = re.compile("[áéíóú]", re.IGNORECASE)
_VERB_SLOT = re.compile(
    r"\b(?:quien(?:es)?|cuando|donde|como|por que|(?:que|cuant[oa]s|cual(?:es)?) [^\W\d]+)(?: (?:se|lo|la|le|les|nos))? ([^\W\d]{2,}(?:o|ia))\b",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\S+@\S+|\b(?:https?://|www\.)\S+", re.IGNORECASE)
# A person: what a collection writes more often is the secretariat.
_SECRETARY = re.compile(
    r"\b(?:quien(?:es)? (?:es|era|fue)|como se llama(?:ba)?|nombre de) la (?P<who>secretaria)\b", re.IGNORECASE
)
_NAME_ASKED = re.compile(
    r"\b(?:names?|terms?|called|coined|mean(?:s|ing)?|nombres?|t[eé]rminos?|llam\w+|significa\w*)\b", re.IGNORECASE
)
_QUOTED = re.compile(r"[\"“«]([^\"“”«»]{3,200})[\"”»]")


def clean_question(text: str) -> str:
    """NFC, one line, bounded. Raises BadQuestion when nothing is left or it is too long."""
    if len(text) > MAX_QUESTION_CHARS * 4:
        raise BadQuestion(f"the question has {len(text):,} characters; ask in at most {MAX_QUESTION_CHARS:,}")
    text = unicodedata.normalize("NFC", text)
    text = " ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in text).split())
    if len(text) > MAX_QUESTION_CHARS:
        raise BadQuestion(f"the question has {len(text):,} characters; ask in at most {MAX_QUESTION_CHARS:,}")
    if not re.search(r"\w", text):
        raise BadQuestion("the question is empty; write what you want to know")
    return text


def understand(
    text: str, index: Index, *, lang: Lang | None = None, history: Sequence[str] = (), filters: Filters | None = None
) -> Question:
    """The question as it will be searched. Raises BadQuestion."""
    asked = clean_question(text)
    earlier_texts = [clean_question(item) for item in history[-MAX_HISTORY:] if re.search(r"\w", item)]  # bounded before all else
    before = [item for item in earlier_texts if not asks_nothing(item)]
    earlier: Lang | None = guess_question_lang(before[-1], index, None) if before else None
    plain, language = _write_out(asked, index, lang, earlier)
    in_full = plain.lower() == asked.lower()
    if language == "es":
        plain = restore_accents(plain, index)
    search, search_lang = strip_request(plain), language
    shown = None if in_full else search
    carries = False
    if before and not asks_nothing(asked):
        written = [strip_request(_write_out(item, index, None, language)[0]) for item in before]
        completed = complete_from_history(search, written, index, language)
        if completed is not None:
            carries = _carries(completed[0], search)
            search, search_lang = completed
            shown = search
    corrected = correct_spelling(search, index, search_lang)
    if corrected != search:
        search = shown = corrected
    if (dated := write_years(search)) != search:
        search = shown = dated
    if (named := name_countries(search, index, search_lang)) != search:
        search = shown = named
    if search_lang == "es":
        search = accent_question_word(search)
        shown = shown and search
    if (dated := date_today(search, int(index.manifest.built_at[:4]), lambda year: index.english.frequency(year) > 0)) != search:
        search = shown = dated
    else:
        search = leave_out_vague_time(search)
        if search_lang == "en":
            search = ask_directly(search)
            shown = shown and search
        if reworded := reword(search, search_lang):
            search = shown = reworded
    filters = filters or Filters()
    phrases = tuple(m[1].strip() for m in _QUOTED.finditer(asked) if re.search(r"\w", m[1]))
    if phrases:
        filters = replace(filters, phrases=phrases)
    carries = carries and search.endswith(")?")
    return Question(asked, language, search, search_lang, shown, kind_of(search), filters, tuple(before), carries)


def _carries(completed: str, asked: str) -> bool:
    """Whether a question completed from the history is the one asked, with what that is about in brackets; it may as well be the
    one before with something exchanged.
    """
    return set(folded_words(completed.rpartition("(")[0])) <= set(folded_words(asked)) and completed.endswith(")?")


def name_countries(text: str, index: Index, lang: Lang) -> str:
    """A question with the countries of a group that the collection does not call by its name: "the Northern Triangle".

    Not where it asks of the group itself, what or who it is or why it is called so, or quotes the name.
    """
    groups = [
        term for term in index.analyzer.concepts(text) if term.term in index.groups and not index.english.frequency(term.term)
    ]
    if not groups or find_defined(text) or reword(text, lang) or _NAME_ASKED.search(text) or _QUOTED.search(text):
        return text
    for term in reversed(groups):
        article = re.search(r"(?:\b(?:the|el|las?|los) |(?<=\bal )|(?<=\bdel ))$", text[: term.start], re.IGNORECASE)
        countries = index.groups[term.term].countries(lang)
        text = text[: article.start() if article else term.start] + countries + text[term.end :]
    return re.sub(r"\b(a|de)l (?=Guatemala\b)", r"\1 ", text)


def write_in_full(text: str, lang: Lang) -> str:
    """A text in a language with the shorthand of quick messages written out: "q" is "que", "pls" is "please", "Oct 2015" has a month."""

    def month(short: re.Match[str]) -> str:
        name = _SHORT_MONTHS[lang][short.group()[:3].lower()]
        return (
            name.lower() if short.group().islower() else name
        )  # a question in small letters stays so until it gets its capitals

    text = _SHORT_MONTH[lang].sub(month, text)
    return _SHORT_FOR[lang].sub(lambda short: _SHORTHAND[lang][short.group()], text)


def _write_out(text: str, index: Index, lang: Lang | None, before: Lang | None) -> tuple[str, Lang]:
    """A text in full with its capitals, and its language, if none is stated."""
    cased = restore_case(text, index)
    lang = lang or guess_question_lang(cased, index, before)
    full = write_in_full(text, lang)
    return (cased if full == text else restore_case(full, index)), lang


def restore_case(text: str, index: Index) -> str:
    """A question all in small letters or all in capitals, with capitals where the collection, or the glossary, always has them.

    Names and acronyms are known by their capitals in what follows (Lita et al. 2003, tRuEcasIng, ACL).
    """
    loud = text.isupper()
    if not loud and not text.islower():
        return text
    words = find_words(text)
    names = _glossary_names(text, index)
    addresses = _addresses(text)
    cased: list[str] = []
    for word in words:
        surface, form = word.surface, word.folded
        little = form in STOP_WORDS_OF_EITHER
        if word.start in addresses:
            pass
        elif word.start in names:
            surface = _in_case_of(names[word.start], surface)
        elif form.isalpha():
            usual = index.vocabulary.spelling(form) if form in index.vocabulary else ""
            if not little and _is_name(form, index):
                surface = _in_case_of(usual.upper() if usual.isupper() else usual.capitalize(), surface)
            elif loud and (usual or len(form) > _LONGEST_ACRONYM or little):
                surface = surface.lower()
        cased.append(surface)
    for at in range(len(words) - 1):
        if _is_half_a_name(words[at : at + 2], cased[at : at + 2], text, index):
            cased[at : at + 2] = [half.capitalize() for half in cased[at : at + 2]]
    pieces: list[str] = []
    end = 0
    for word, surface in zip(words, cased, strict=True):
        pieces += [text[end : word.start], surface]
        end = word.end
    return "".join((*pieces, text[end:]))


def _in_case_of(written: str, word: str) -> str:
    return word.upper() if written.isupper() else word.capitalize() if written[:1].isupper() else word.lower()


@lru_cache(maxsize=1)
def _written_names() -> dict[tuple[str, ...], list[str]]:
    """The words of each name of a country, group or body of the glossary as it writes them, by the same folded."""
    bodies = [term for term in load_glossary() if term.kind == "country" or term.countries_en or term.abbr_en or term.abbr_es]
    forms = [
        find_words(form) for term in bodies for lang in LANGS for form in term.forms(lang) if term.proper and not form.islower()
    ]
    return {tuple(word.folded for word in words): [word.surface for word in words] for words in forms}


def _glossary_names(text: str, index: Index) -> dict[int, str]:
    """Where the words of such names begin in a text, and how the glossary writes them."""
    found: dict[int, str] = {}
    every = find_words(text)
    for term in index.analyzer.concepts(text):
        words = [word for word in every if term.reaches_over(word.start, word.end)]
        folded = tuple(word.folded for word in words)
        if len(folded) > 1 or folded[0] not in STOP_WORDS_OF_EITHER:
            found |= zip([word.start for word in words], _written_names().get(folded, ()), strict=False)
    return found


def _is_half_a_name(words: Sequence[Word], cased: Sequence[str], text: str, index: Index) -> bool:
    """Whether of two words one is a name, and the collection writes both with capitals wherever they stand together: "Cindy Portal"."""
    first, second = words
    if cased[0].istitle() == cased[1].istitle() or text[first.end : second.start] != " ":
        return False
    pair = (first.folded, second.folded)
    if not all(form in index.vocabulary and form not in STOP_WORDS_OF_EITHER for form in pair):
        return False
    written: list[bool] = []
    for passage in index.store.passages_at(index.store.passages_saying(pair)[:_ENOUGH]):
        told = find_words(passage.text)
        written += [a.surface.istitle() and b.surface.istitle() for a, b in pairwise(told) if (a.folded, b.folded) == pair]
    return len(written) > 1 and all(written)


def _is_name(form: str, index: Index) -> bool:
    """Whether the collection writes a folded word with capitals, and not only because it begins a sentence.

    What it writes but once or, of an inflected verb, a few times is no name where the lexicon knows it as a common word.
    """
    if form not in index.vocabulary or index.vocabulary.is_common(form):
        return False
    entry = index.gloss.entry(form)
    common = entry is not None and bool(entry.senses) and entry.senses[0].english.islower()
    few = _FEW if entry is not None and entry.verb_form else 1
    return not common or index.vocabulary.count(form) > few or index.vocabulary.spelling(form).isupper()


def restore_accents(text: str, index: Index) -> str:
    """A Spanish question written without any accent, its words as the collection usually writes them: "presidio" as "presidió".

    Words that fold alike are told apart by their accents alone, and many people type none. Where a question has its verb, a
    word that may be one is one, whatever the collection writes: "cuantos dias duro" as "duró".
    """
    if _ACCENTED.search(text):
        return text
    if (verb := _VERB_SLOT.search(text)) and (told := index.gloss.entry(_as_verb(verb[1].lower()))) and told.senses:
        text = text[: verb.start(1)] + _as_verb(verb[1]) + text[verb.end() :]
    pieces: list[str] = []
    end = 0
    person = _SECRETARY.search(text)
    for word in find_words(text):
        form = word.folded
        if person is not None and word.start == person.start("who"):
            continue
        usual = index.vocabulary.spelling(form) if form in index.vocabulary and form not in STOP_WORDS_OF_EITHER else ""
        if len(usual) == len(word.surface) and _ACCENTED.search(usual):
            accents = zip(usual.upper() if word.surface.isupper() else usual.lower(), word.surface, strict=True)
            accented = [new if _ACCENTED.match(new) else old for new, old in accents]
            pieces += [text[end : word.start], "".join(accented)]
            end = word.end
    return "".join((*pieces, text[end:]))


def _as_verb(word: str) -> str:
    """A word in o or ia as a verb of the past: "duró", "venía"."""
    return word[:-1] + "ó" if word.endswith("o") else word[:-2] + "ía"


def correct_spelling(text: str, index: Index, lang: Lang) -> str:
    """The text with words unknown to everything replaced by the collection's nearest word; known words stay."""
    pieces: list[str] = []
    end = 0
    addresses = _addresses(text)
    for word in find_words(text):
        if word.start in addresses or _known(word, index, lang):
            continue
        if meant := _mend(word, index, lang):
            pieces += [text[end : word.start], meant]
            end = word.end
    pieces.append(text[end:])
    return "".join(pieces)


def _addresses(text: str) -> set[int]:
    """The places of a text that lie in an address of the web or of mail."""
    return {at for match in _ADDRESS.finditer(text) for at in range(*match.span())}


def _mend(word: Word, index: Index, lang: Lang) -> str | None:
    """The word that a misspelt one most likely is: the nearest of the collection, in an English question no Spanish one.

    Where that is two slips away, the only known word one slip away comes before it, whether the collection has it or not.
    """
    vocabulary, gloss = index.vocabulary, index.gloss

    def unwanted(form: str) -> bool:
        entry = gloss.entry(form)
        foreign = lang == "en" and entry is not None and bool(entry.senses) and not gloss.is_english(form)
        return foreign or _comes_from(word.folded, form, index)

    def familiar(form: str) -> bool:
        return gloss.is_english(form) if lang == "en" else bool((entry := gloss.entry(form)) and entry.senses)

    better = vocabulary.nearest(word.folded, unwanted)
    if (better is None or slips(word.folded, better) > 1) and len(word.folded) > _SHORT:
        known = [form for form in one_slip_away(word.folded) if familiar(form) and not unwanted(form)]
        if len(known) == 1:
            return known[0]
    if better is None:
        return None
    usual = vocabulary.spelling(better)
    return usual if not word.surface.islower() or usual.isupper() or _is_name(better, index) else usual.lower()


def _comes_from(form: str, place: str, index: Index) -> bool:
    """Whether a folded word says who comes from a place of the collection: "Paraguayan", which is no slip of "Paraguay"."""
    ending = re.sub(r"s$", "", form)
    return ending in (place + "an", place + "n", place[:-1] + "n", place + "ian", place[:-1] + "ian") and _is_name(place, index)


def _known(word: Word, index: Index, lang: Lang) -> bool:
    form = word.folded
    if len(form) < 4 or not form.isalpha() or form in index.vocabulary:
        return True
    if word.surface.isupper() and len(form) <= 6:
        return True  # an acronym is not a slip
    if form in STOP_WORDS_OF_EITHER or index.gloss.is_english(form):
        return True
    stemmed = stem(form, "en")
    if len(form) - len(stemmed) <= 1 and index.synonyms.near(stemmed):
        return True  # of the synonyms; a longer ending may hide a slip
    if index.gloss.entry(form) is not None or index.analyzer.concepts(word.surface):
        return True  # of the lexicon; of the glossary, as "Honduran"
    # Inflections of known English words ("renewing", "passports").
    for ending in ("s", "es", "ed", "d", "ing", "ly", "er", "ers", "est"):
        stands = form[: -len(ending)]
        if form.endswith(ending) and any(
            index.gloss.is_english(whole) or whole in index.vocabulary
            for whole in ((stands, stands + "e") if len(ending) > 1 else (stands,))
        ):
            return True
    return bool(lang == "es" and index.gloss.resolve(form))
