"""`python -m web messages`: bring the catalogues of the pages up to date and list what is not translated."""

import sys

from web.messages import update_catalogues


def main(arguments: list[str]) -> int:
    """0 when every message is translated, 1 when some are not, 2 for a wrong call."""
    if arguments != ["messages"]:
        print("web: the only command is `python -m web messages`", file=sys.stderr)
        return 2
    missing = update_catalogues()
    for message in missing:
        print(message)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
