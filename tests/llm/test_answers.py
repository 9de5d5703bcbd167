"""Scores of the answers: those of the tree are those of each answer alone."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.errors import InputError
from fxai.llm.answer_tree import TreeTensors, answer_tree, tree_of
from fxai.llm.answers import answer_prior, answer_scores, check_answers, log_probabilities, most_probable
from fxai.llm.language_model import LanguageModel
from fxai.llm.prompt_tokens import prompt_tokens
from llm.conftest import PROMPTS

END = 1


def score_alone(model: LanguageModel, prompt: list[int], answer: list[int]) -> float:
    """Log-probability of an answer with its end token after a prompt, in a pass of its own."""
    text = torch.tensor([[*prompt, *answer]])
    with torch.no_grad():
        logits = model.network(input_ids=text).logits[0, len(prompt) - 1 :]
    return float(logits.log_softmax(-1)[range(len(answer) + 1), [*answer, END]].sum())


@st.composite
def prompts_and_answers(draw: st.DrawFn) -> tuple[list[list[int]], int, list[list[int]]]:
    """Two groups of prompts of one length, tokens that each group shares, and an odd number of answers."""

    def tokens(length: int) -> list[int]:
        return draw(st.lists(st.integers(2, 400), min_size=length, max_size=length))

    shared, own, members = draw(st.integers(0, 9)), draw(st.integers(1, 5)), draw(st.integers(1, 2))
    begins = [tokens(shared) for _ in range(2)]
    prompts = [begin + tokens(own) for begin in begins for _ in range(members)]
    answer = st.lists(st.integers(2, 5), min_size=1, max_size=4)
    answers = draw(st.lists(answer, min_size=3, max_size=9, unique_by=tuple))
    return prompts, shared, answers[: len(answers) - 1 + len(answers) % 2]


@given(prompts_and_answers())
@settings(max_examples=20)
def test_the_tree_scores_each_answer_as_it_is_scored_alone(
    model: LanguageModel, drawn: tuple[list[list[int]], int, list[list[int]]]
) -> None:
    prompts, shared, answers = drawn
    tree = tree_of(answers, END, "a model")
    with torch.no_grad():
        scores = answer_scores(model.network, torch.tensor(prompts), tree, shared, groups=2)
    alone = torch.tensor([[score_alone(model, prompt, answer) for answer in answers] for prompt in prompts])
    probable = log_probabilities(scores[None], tree, torch.tensor([tree.strength]))[0]
    assert (probable - alone.log_softmax(-1)).abs().max() < 1e-5 * (1 + alone.abs().max())
    assert probable.exp().sum(-1).numpy() == pytest.approx(1.0, abs=1e-6)
    prefixes = {tuple(answer[:length]) for answer in answers for length in range(1, len(answer) + 1)}
    assert len(tree.nodes) == len(prefixes)  # a shared prefix is computed once


def test_the_answers_of_a_tokenizer(model: LanguageModel) -> None:
    tree = answer_tree(model, 17)
    assert list(tree.answers) == list(range(-17, 18))
    assert len(tree.nodes) == 36  # a digit is a token: -, -1 to -9, -10 to -17, 0 to 9, 10 to 17
    check_answers(model, tree)


def test_answers_beyond_a_lanes_strength_have_no_probability(model: LanguageModel) -> None:
    tree = answer_tree(model, 9)
    scores = answer_scores(model.network, torch.tensor([[5, 6, 7]]), tree)
    both = log_probabilities(scores.expand(2, 1, -1), tree, torch.tensor([9, 2]))
    assert both[1, 0, [0, 6, 12, 18]].isinf().all()
    small = answer_tree(model, 2)
    own = answer_scores(model.network, torch.tensor([[5, 6, 7]]), small)
    alone = log_probabilities(own[None], small, torch.tensor([2]))[0, 0]
    assert torch.allclose(both[1, 0, 7:12], alone, atol=1e-5)
    assert most_probable(both, tree)[1, 0] == most_probable(alone, small)


def test_answers_that_the_tokenizer_cannot_tell_apart_are_refused() -> None:
    with pytest.raises(InputError, match="the answer 1 with the tokens of another answer"):
        tree_of([[4], [5], [4]], END, "a model")
    for tokens in ([], [END]):
        with pytest.raises(InputError, match="cannot write the answer 0"):
            tree_of([[4], tokens, [5]], END, "a model")


def test_a_model_that_ignores_the_mask_is_refused(model: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = TreeTensors.attention
    monkeypatch.setattr(TreeTensors, "attention", lambda *given: torch.zeros_like(seen(*given)))
    with pytest.raises(InputError, match="other probabilities"):
        check_answers(model, answer_tree(model, 5))


def test_with_the_prior_the_answers_begin_about_equally_probable(model: LanguageModel) -> None:
    tree = answer_tree(model, 5)
    tokens = prompt_tokens(model, PROMPTS, tree)
    prior = answer_prior(model, tokens, tree)
    assert float(prior.max() - prior.min()) > 3  # "5" and "-5" have two and three tokens
    scores = torch.cat([answer_scores(model.network, each[None], tree) for each in tokens])[None]
    begun = log_probabilities(scores, tree, torch.tensor([5]), prior[None]).exp().mean((0, 1))
    assert begun.min() > 1 / 22
    assert begun.max() < 2 / 11
