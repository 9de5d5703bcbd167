"""Opens a language model for signals: loads it, makes the tree of its answers, and checks that it scores the tree."""

from fxai.llm.answer_tree import AnswerTree, answer_tree
from fxai.llm.answers import check_answers
from fxai.llm.language_model import LanguageModel, load_language_model
from fxai.llm.model_settings import ModelSettings


def open_model(settings: ModelSettings, strength: int, device: str = "cpu") -> tuple[LanguageModel, AnswerTree]:
    """The model, and its answers from -strength to strength.

    Args:
        settings: The model.
        strength: The largest `signal_strength` of the lanes that use it.
        device: "cpu" or "cuda:N".

    Raises:
        InputError: As of `load_language_model`, `answer_tree` and `check_answers`.
    """
    model = load_language_model(settings, device)
    tree = answer_tree(model, strength)
    check_answers(model, tree)
    return model, tree
