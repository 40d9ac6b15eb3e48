import numpy as np
import pytest

from corpus.tokens import packaged_model
from eval.judging import Judge
from eval.needing import Pair, learn_need, load_pairs
from eval.questions import JudgedQuestion, Judgement, resolve
from eval.sets import QuestionSet, open_index
from eval.tokens import Tokens
from index.embedders import SentenceTransformerEmbedder
from index.generations import Home

pytest.importorskip("torch")
WIDTH = 8
NAME, ATTRIBUTE = np.eye(WIDTH, dtype=np.float32)[:2]


def pair(lacks_name: bool, lacks_attribute: bool, answers: bool) -> Pair:
    lacking = np.asarray([[lacks_name] * 2, [lacks_attribute] * 2], np.float32)
    return Pair(np.stack((NAME, ATTRIBUTE)), np.ones(2, np.float32), lacking, answers)


@pytest.mark.slow
def test_a_word_that_answers_never_lack_is_needed_more_than_one_that_they_may_lack() -> None:
    judged = [pair(False, True, False), pair(True, False, True), pair(False, False, True)] * 20
    need = learn_need(judged, [])
    assert need.shape == (WIDTH,)
    assert ATTRIBUTE @ need > 0.1 > NAME @ need
    assert learn_need(judged, [pair(True, False, False), pair(False, True, True)] * 200) @ ATTRIBUTE < ATTRIBUTE @ need


@pytest.mark.slow
@pytest.mark.model
def test_pairs_are_first_passages_and_for_contrast_the_first_that_answers_and_the_first_that_does_not(bundled_home: Home) -> None:
    with open_index(bundled_home.path) as index:
        [passage] = index.store.passages_at([0])
        words = index.store.document(passage.document_id).text[passage.sentences[0][0] : passage.sentences[0][1]]
        asked = JudgedQuestion("a", "en", "fact", words, True, (Judgement(3, document=passage.document_id, quote=words),))
        unasked = JudgedQuestion("b", "en", "near-miss", "How much did the hotel of the XV RCM in Tapachula cost?", False)
        questions = [asked, unasked]
        part = QuestionSet("set", questions, resolve(questions, index.store), index, Judge(index))
        tokens = Tokens(SentenceTransformerEmbedder(packaged_model()).model)
        judged = load_pairs(part, questions, tokens, contrasts=False)
        assert [one.answers for one in judged] == [True, False]
        assert all(len(one.words) == len(one.rarity) == len(one.lacking) for one in judged)
        assert judged[0].lacking.mean() < judged[1].lacking.mean()
        assert [one.answers for one in load_pairs(part, [asked], tokens, contrasts=True)] == [True, False]
