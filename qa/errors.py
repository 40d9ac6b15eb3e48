"""The errors of the qa stage: what is wrong, with the value; what was expected; what to do."""


class QaError(Exception):
    """Base of everything that this stage raises for a cause outside the program."""

    status = 2  # with which a command ends: a mistake of the caller


class BadQuestion(QaError):
    """A question that cannot be asked: empty, too long, or with a filter that makes no sense."""


class BadSettings(QaError):
    """A setting that does not exist or has no sensible value."""


class BadRequest(QaError):
    """Another mistake of the caller: an unknown citation style, a file that is no answer."""
