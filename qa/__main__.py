"""`python -m qa`: the same as `rcm-qa`."""

from qa.cli import entry

if __name__ == "__main__":
    entry()
