"""`rcm-qa`: a table of names that loads the command it is asked for."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

# No plugin of pydantic is of use here; looking for one in every installed package takes a tenth of a second at each start.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

# name -> (module, what it does); a module has `run(arguments) -> exit status`.
COMMANDS: dict[str, tuple[str, str]] = {
    "build": ("qa.commands.build", "read the documents, build a new index beside the live one, switch"),
    "add": ("qa.commands.library", "put documents into your library, then build"),
    "remove": ("qa.commands.library", "take documents out of your library, then build"),
    "ask": ("qa.commands.ask", "one question in the terminal, or a file of questions"),
    "serve": ("qa.commands.serve", "the chat page, the JSON API and MCP on one port"),
    "eval": ("qa.commands.eval", "the evaluation harness"),
    "bench": ("qa.commands.eval", "speed and memory on this machine"),
    "mcp": ("qa.commands.serve", "Model Context Protocol over stdio"),
    "rollback": ("qa.commands.manage", "back to the previous generation"),
    "verify": ("qa.commands.inspect", "is this quotation in the collection, word for word"),
    "cite": ("qa.commands.inspect", "the citation of a passage, ready to paste"),
    "documents": ("qa.commands.inspect", "what is inside"),
    "info": ("qa.commands.manage", "what the live index says about itself"),
    "doctor": ("qa.commands.manage", "checks of files, hashes, model, disk, threads"),
}


def usage() -> str:
    """The list of commands."""
    lines = ["Usage: rcm-qa COMMAND ...    (rcm-qa COMMAND --help tells its options)", ""]
    lines += [f"  {name:<10} {what}" for name, (_, what) in COMMANDS.items()]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 1 the work failed, 2 a mistake of the caller."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("--help", "-h", "help"):
        print(usage())  # noqa: T201
        return 0 if arguments else 2
    if arguments[0] in ("--version", "-V"):
        from importlib.metadata import version

        print(f"rcm-qa {version('rcm-qa')}")  # noqa: T201
        return 0
    name = arguments[0]
    if name not in COMMANDS:
        print(f"rcm-qa: there is no command {name[:60]!r}; the commands are {', '.join(COMMANDS)}", file=sys.stderr)  # noqa: T201
        return 2
    status: int = import_module(COMMANDS[name][0]).run(name, arguments[1:])
    return status


def entry() -> None:
    """The console script."""
    sys.exit(main())


if __name__ == "__main__":
    entry()
