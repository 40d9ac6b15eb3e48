"""`python -m corpus DIR...`: the passages of documents, or what cleaning removed; `check`, `align` and `inflect` as first words."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from corpus.chunking import Chunker
from corpus.errors import CorpusError
from corpus.loading import BUNDLED, load_collection
from corpus.tokens import packaged_tokens


def main(argv: list[str] | None = None) -> int:
    """Run the stage alone; 0 done, 2 a mistake of the caller."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments[:1] == ["check"]:
        from corpus.checking import main as check

        return check(arguments[1:])
    if arguments[:1] == ["align"]:
        from corpus.aligning import main as align

        return align(arguments[1:])
    if arguments[:1] == ["inflect"]:
        from corpus.inflecting import main as inflect

        return inflect(arguments[1:])
    parser = argparse.ArgumentParser(prog="python -m corpus", description=__doc__)
    parser.add_argument(
        "paths", nargs="*", type=Path, default=[BUNDLED], help="files or folders; default: the bundled collection"
    )
    parser.add_argument("--removed", action="store_true", help="list what cleaning removed, and why")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse_args(arguments)
    try:
        collection = load_collection(options.paths)
        chunker = Chunker(packaged_tokens())
    except CorpusError as error:
        print(f"corpus: {error}", file=sys.stderr)
        return 2
    for skipped in collection.skipped:
        print(f"skipped {skipped.path}: {skipped.reason}", file=sys.stderr)
    if options.removed:
        for removed in collection.removed:
            print(
                json.dumps(asdict(removed), ensure_ascii=False)
                if options.json
                else f"{removed.path}\t{removed.reason}\t{removed.text}"
            )
        return 0
    for document in collection.documents:
        for passage in chunker.chunk_document(document):
            if options.json:
                print(json.dumps({"id": passage.id, **asdict(passage)}, ensure_ascii=False))
            else:
                print(f"[{passage.id}] {' > '.join(filter(None, (document.title, *passage.section)))}\n{passage.text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
