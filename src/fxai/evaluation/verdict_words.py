"""Sentences on a verdict for people, the same on the terminal, on pages and in files."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fxai.evaluation.verdict_word import VerdictWord, noun
from fxai.formatting import counted

if TYPE_CHECKING:  # commands that only read do not load SciPy
    from fxai.evaluation.mean_difference import MeanDifference
    from fxai.evaluation.verdict import Verdict

_MEANINGS = {
    VerdictWord.WORSE: "The {noun} earns less than {others} on bars that the search did not use.",
    VerdictWord.NOT_ABOVE_FLAT: "The {noun} earns no more than doing nothing on bars that the search did not use.",
    VerdictWord.NOT_ABOVE_DEFAULT: (
        "The {noun} earns no more than the default configuration on bars that the search did not use."
    ),
    VerdictWord.BETTER: (
        "The {noun} earns more than the default configuration and more than doing nothing on bars that the search did "
        "not use."
    ),
    VerdictWord.LUCK: "The {noun} earns money on bars that the search did not use, but luck may explain the result.",
}
_FLAT, _DEFAULT = "doing nothing", "the default"


def headline(word: str, bars: int) -> str:
    """`Verdict on 1,221 bars: luck not excluded`."""
    return f"Verdict on {counted(bars, 'bar')}: {word}"


def meaning(verdict: "Verdict") -> str:
    """The word as a sentence."""
    if verdict.never_trades:
        return f"The {noun(verdict.word)} never trades on bars that the search did not use."
    below = [name for name, difference in _differences(verdict) if difference.is_below]
    return _MEANINGS[verdict.word].format(noun=noun(verdict.word), others=" and than ".join(below))


def deciding_figures(verdict: "Verdict") -> tuple[str, ...]:
    """The figures that decided the word, one sentence each."""
    if verdict.never_trades:
        return (f"The {noun(verdict.word)} holds no position in {counted(verdict.bars, 'bar')}.",)
    confidence = verdict.settings.confidence_of_look
    deciding = _differences(verdict)
    if verdict.word is VerdictWord.WORSE:
        deciding = [(name, each) for name, each in deciding if each.is_below]
    elif verdict.word is VerdictWord.NOT_ABOVE_FLAT:
        deciding = [(_FLAT, verdict.to_flat)]
    return tuple(_difference_text(name, each, confidence) for name, each in deciding)


def change_sentence(verdict: "Verdict") -> str:
    """How many further bars would change the word."""
    change = verdict.change
    if change is not None:
        means = "the same mean returns" if change.same_mean else "no difference in the mean returns"
        return f"About {change.bars:,} further bars with {means} would change the verdict to: {change.to}."
    if verdict.never_trades:
        return "The number of bars does not change this verdict."
    if verdict.to_default is not None and verdict.to_default.value == 0:
        return (
            f"The mean return of the {noun(verdict.word)} equals the default's, so further bars with the same mean "
            "returns change nothing."
        )
    if verdict.to_flat.error is None or verdict.to_default is None or verdict.to_default.error is None:
        return "It is unknown how many further bars would change the verdict, because figures are missing."
    return (
        "No number of further bars with the same mean returns would change the verdict, because of the error over "
        "seeds; use more seeds (verdict.seeds)."
    )


def missing_sentences(verdict: "Verdict") -> tuple[str, ...]:
    """The figures that cannot be given, one sentence each."""
    return tuple(each.sentence for each in verdict.missing)


def sentences(verdict: "Verdict") -> tuple[str, ...]:
    """All sentences in the order of reading."""
    lines = (
        headline(verdict.word, verdict.bars),
        meaning(verdict),
        *deciding_figures(verdict),
        change_sentence(verdict),
    )
    return (*lines, *looks_sentence(verdict), *missing_sentences(verdict))


def looks_sentence(verdict: "Verdict") -> tuple[str, ...]:
    """Why the confidence is higher than asked for; empty at the first look."""
    looks = verdict.settings.looks
    if looks == 1:
        return ()
    instead = f"{_percent(verdict.settings.confidence_of_look)} instead of {_percent(verdict.settings.confidence)}"
    return (f"This is look {looks} at these bars: each bound has a confidence of {instead}.",)


def earlier_verdict(word: str, trial: int, best: int) -> str:
    """What is known of a study that has a verdict on another trial than its best one."""
    return (
        f"The last verdict ({word}) is on trial {trial}. The best trial is trial {best} now, and no verdict is on it."
    )


def no_verdict(*, has_test_split: bool) -> str:
    """What the figures of a study of FxAI's agents are if it has no verdict."""
    of_validation = "These figures are of the validation split, on which the best trial was chosen."
    return f"{of_validation} The search used nothing of the test split." if has_test_split else of_validation


def _differences(verdict: "Verdict") -> Sequence[tuple[str, "MeanDifference"]]:
    found = [(_FLAT, verdict.to_flat)]
    return found if verdict.to_default is None else [*found, (_DEFAULT, verdict.to_default)]


def _difference_text(name: str, difference: "MeanDifference", confidence: float) -> str:
    text = f"Mean return per bar minus that of {name}: {_return(difference.value)}"
    if difference.lower is None or difference.upper is None:
        return f"{text}; its bounds are not available."
    low, high = _return(difference.lower), _return(difference.upper)
    return f"{text}, one-sided {_percent(confidence)} bounds {low} and {high}."


def _return(value: float) -> str:
    return f"{100 * value:+.3g} %"


def _percent(share: float) -> str:
    return f"{100 * share:.4g} %"
