"""The errors of the corpus stage: what is wrong, with the value; what was expected; what to do."""


class CorpusError(Exception):
    """Base of everything that this stage raises for a cause outside the program."""


class UnreadableDocument(CorpusError):
    """One file cannot be read; the run skips it and goes on."""


class BadFrontMatter(UnreadableDocument):
    """The front matter or sidecar of a file does not parse or holds an unknown key."""


class BadData(CorpusError):
    """A data file of the project itself (glossary, lexicon) is malformed."""
