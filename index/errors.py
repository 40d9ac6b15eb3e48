"""The errors of the index stage: what is wrong, with the value; what was expected; what to do."""


class IndexError_(Exception):
    """Base of everything that this stage raises for a cause outside the program."""


class NoIndex(IndexError_):
    """There is no index yet in the home folder."""


class IndexMismatch(IndexError_):
    """An index and what is to read it do not belong together: format, model or files differ."""


class BuildRefused(IndexError_):
    """A build cannot start or cannot finish; the live generation is as it was."""


class BadModel(IndexError_):
    """The embedder named cannot be loaded."""


class UnknownId(IndexError_):
    """A document or passage id that the index does not hold."""
