"""Warns of a reward that an agent can collect without a profit, where the study optimises that reward."""

from collections.abc import Iterator

from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.metrics import SYNONYMS
from fxai.spec.search.score import parse_score
from fxai.spec.search.study import StudySpec

_OF_REWARDS = frozenset({"mean_reward", "val_loss"})
_BONUSES = (
    "activity_bonus_per_trade",
    "quick_profit_bonus_coefficient",
    "profit_closing_bonus_coefficient",
    "clean_trade_coefficient",
)
"""Coefficients of terms that reward trades, not the return of the account."""


def reward_advice(study: StudySpec, config: TrainingConfig) -> Iterator[str]:
    """Yields a warning if the trials are judged by a reward that has bonuses for trades.

    A search that was judged by a reward with 0.5 for each trade found a winner with a mean reward of 0.48 and a return
    of -13.5 %.
    """
    metrics = {goal.metric for goal in study.goals} | set(parse_score(study.score).names if study.score else ())
    judged = sorted(_OF_REWARDS & {SYNONYMS.get(name, name) for name in metrics})
    values = {name: getattr(config.env.reward, name) for name in _BONUSES}
    bonuses = [f"{name} {value:g}" for name, value in values.items() if value]
    if judged and bonuses:
        yield (
            f"{' and '.join(judged)} includes bonuses for trades ({', '.join(bonuses)}), which an agent can collect "
            "while it loses money; optimise total_return or sharpe, or set the bonuses to 0 under "
            "training_config.env.reward (a bonus that the study searches is never part of the score)"
        )
