"""Characters as every text of the product has them: composed (NFC), visible, plain spaces; done before any offset exists."""

import unicodedata

_SPACES = str.maketrans(
    {
        **dict.fromkeys("\t\u00a0\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B))), " "),
        **dict.fromkeys("\r\f\u0085\u2028\u2029", "\n"),
    }
)
_UNREADABLE = ("Cc", "Cf", "Cs", "Cn")  # control, invisible (soft hyphens, marks of direction), surrogate, unassigned


def normalise(text: str) -> str:
    """NFC, Unix line ends, plain spaces, no control or invisible characters."""
    text = text.replace("\r\n", "\n")
    characters = set(text)
    if not _SPACES.keys().isdisjoint(map(ord, characters)):  # seldom, and a table is slow for all but ASCII
        text = text.translate(_SPACES)
    unreadable = [ord(c) for c in characters if unicodedata.category(c) in _UNREADABLE and c != "\n"]
    # Composed last: what stood between a letter and its accent is gone by now.
    return unicodedata.normalize("NFC", text.translate(dict.fromkeys(unreadable)) if unreadable else text)


def one_line(text: str) -> str:
    """A text on one line, normalised, with one space between words."""
    return " ".join(normalise(text).split())
