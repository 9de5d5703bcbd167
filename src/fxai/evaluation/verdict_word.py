"""The five words of a verdict. Loads no library, so every command can name them."""

from enum import StrEnum


class VerdictWord(StrEnum):
    """The result of the test of a search's best trial on the test split."""

    WORSE = "worse"
    NOT_ABOVE_FLAT = "no better than doing nothing"
    NOT_ABOVE_DEFAULT = "no better than the default"
    BETTER = "better than the default and than doing nothing"
    LUCK = "luck not excluded"


def noun(word: VerdictWord | None) -> str:
    """What texts call the best trial of a search: a winner only after the verdict "better"; None without a verdict."""
    return "winner" if word is VerdictWord.BETTER else "best trial"


CAUTION = "the language model may have read what came next"
"""Follows the word of a verdict on a model whose own texts may be later than judged bars; see `ModelKnowledge`."""


def word_text(word: str, *, weakened: bool) -> str:
    """The word for people."""
    return f"{word}; {CAUTION}" if weakened else word
