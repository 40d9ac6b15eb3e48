import gzip
from pathlib import Path

import pytest

from corpus import aligning
from corpus.lexicon import FOLDER

PAIRS = [
    ("green lamp", "lámpara verde", "big"),
    ("green field", "campo verde", "big"),
    ("lamp and field", "lámpara y campo", "small"),
]


def pairs_file(folder: Path, repeated: int) -> Path:
    path = folder / "pairs.tsv.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for english, spanish, source in PAIRS * repeated:
            file.write(f"{english}\t{spanish}\t{source}\n")
    return path


def test_pairs_of_a_small_source_count_more_and_those_of_a_large_one_are_thinned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aligning, "SMALL", 15)
    found = list(aligning.read_pairs(pairs_file(tmp_path, 10), most=5))
    assert found.count(("lamp and field", "lámpara y campo")) == 5 * aligning.EMPHASIS
    assert sum(found.count(pair) for pair in [("green lamp", "lámpara verde"), ("green field", "campo verde")]) == 5


def test_translations_are_learnt_from_pairs_but_for_the_words_that_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(aligning, "bundled_pairs", lambda: iter(()))
    monkeypatch.setattr(aligning, "UNLEARNT", tmp_path / "unlearnt.txt")
    (tmp_path / "unlearnt.txt").write_text("campo\n", encoding="utf-8")
    output = tmp_path / "weights.tsv"
    assert aligning.main(["--pairs", str(pairs_file(tmp_path, 10)), "--output", str(output)]) == 0
    learnt = dict(line.split("\t") for line in output.read_text(encoding="utf-8").splitlines())
    assert learnt.keys() == {"lampara", "verde"}
    assert learnt["lampara"].startswith("lamp:") and learnt["verde"].startswith("green:")
    assert "2 words" in capsys.readouterr().out


def test_no_word_that_is_left_out_has_learnt_weights() -> None:
    left_out = set(aligning.UNLEARNT.read_text(encoding="utf-8").split())
    with (FOLDER / "weights.tsv").open(encoding="utf-8") as lines:
        assert not left_out & {line.split("\t")[0] for line in lines}
