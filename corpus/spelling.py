"""English words as one spelling and one form, where a stemmer sees two: labour and labor, organised and organized, women and woman."""

import re

from corpus.lexicon import irregular_forms

# Towards s: of words in -ize the stemmer takes that off, so that "authorized" would be an author.
_ISE = re.compile(r"(?<=[a-z]{3})([iy])z(?=(?:e|ed|er|ers|es|ing|able|ation|ations|ational)$)")
_OR = re.compile(
    r"^((?:dis|un|mis)?(?:arm|behavi|cand|clam|col|endeav|fav|flav|harb|hon|hum|lab|neighb|od|parl|rig|rum|sav|savi|tum|val|vap|vig))our"
)
_ER = re.compile(r"^(cent|theat|fib|lit|met|kilomet|centimet|millimet|calib|spect|meag|somb|lust)re(?=(?:s|d)?$)")
_ENSE = re.compile(r"^(def|off|lic|pret)ence(?=(?:s|d|less)?$)")


def unify(word: str) -> str:
    """A folded English word in the one spelling, and as the word that an irregular form belongs to."""
    word = irregular_forms().get(word, word)
    for pattern, other in ((_ISE, r"\1s"), (_OR, r"\1or"), (_ER, r"\1er"), (_ENSE, r"\1ense")):
        word = pattern.sub(other, word)
    return word
