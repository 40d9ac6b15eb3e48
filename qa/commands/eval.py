"""`rcm-qa eval` and `rcm-qa bench`: the evaluation stage is to the right, so it is loaded by name."""

from collections.abc import Sequence
from importlib import import_module


def run(name: str, arguments: Sequence[str]) -> int:
    """Run `eval ...` or `bench ...`."""
    module = "eval.commands" if name == "eval" else "eval.bench"
    status: int = import_module(module).run(list(arguments))
    return status
