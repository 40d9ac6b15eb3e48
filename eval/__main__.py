"""`python -m eval ...`: the same commands as `rcm-qa eval ...`."""

import sys

from eval.commands import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
