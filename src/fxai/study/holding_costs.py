"""Warning of `fxai check` about positions that are held overnight without costs."""

from fxai.errors import DataError
from fxai.market.bars import TimeArray
from fxai.market.rules.rule_records import IN_SESSION
from fxai.market.rules.sessions import session_codes
from fxai.market.timestamps.calendar import nights_held
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.embargo import with_embargo
from fxai.spec.search.study import StudySpec
from fxai.study.check_bars import bars_of_trials

_SWAPS = ("swap_long_rate", "swap_short_rate")


def holding_cost_advice(study: StudySpec) -> tuple[str, ...]:
    """The warning, if no position pays swap and the bars span nights. Data that cannot be read have none."""
    config = with_embargo(study).training_config
    searched = {parameter.path for parameter in study.parameters}
    if not isinstance(config, TrainingConfig) or not searched.isdisjoint(f"env.{name}" for name in _SWAPS):
        return ()
    try:
        bars = bars_of_trials(study, config)
    except DataError:
        return ()
    nights = sum(_nights(each.time, config.env) for name, each in bars.items() if not _pays(config.env, name))
    if not nights:
        return ()
    line = (
        f"env.swap_long_rate and env.swap_short_rate are 0, and the bars span {nights} nights, so positions that are "
        "held overnight cost nothing; set the rates of the broker, per night as a fraction of the notional"
    )
    return (line,)


def _nights(time: TimeArray, env: EnvConfig) -> int:
    """The nights over which a position can be held: with `flat_by_close`, those within a session."""
    nights = nights_held(time)
    if env.flat_by_close and env.sessions is not None:
        nights = nights[session_codes(time, env.sessions) == IN_SESSION]
    return int(nights.sum())


def _pays(env: EnvConfig, instrument: str) -> bool:
    costs = env.of_instrument(instrument)
    return any(getattr(costs, name) for name in _SWAPS)
