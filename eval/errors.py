"""The errors of the eval stage: what is wrong, with the value; what was expected; what to do."""

from qa.errors import QaError


class EvalError(QaError):
    """Base of everything that this stage raises for a cause outside the program."""


class BadQuestions(EvalError):
    """A file of judged questions is malformed, or a judgement does not fit the documents."""


class BadRun(EvalError):
    """A run folder is missing, incomplete, or cannot be compared with another."""


class BadBeir(EvalError):
    """A folder is no BEIR collection."""


class BadOption(EvalError):
    """A value on the command line that makes no sense."""


class CheckFailed(EvalError):
    """The answers are worse than the reference, beyond chance. The work failed, not the caller."""

    status = 1
