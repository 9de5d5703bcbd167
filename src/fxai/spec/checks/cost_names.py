"""Compares the names of `env.costs` with the instruments that the data have."""

from collections.abc import Iterator, Sequence

from fxai.errors import DataError
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.findings import Finding


def check_cost_names(env: EnvConfig, instruments: Sequence[str]) -> None:
    """Checks that the data have each instrument of `env.costs`.

    Args:
        env: The environment.
        instruments: Names of the instruments of the data; empty for data of one instrument without a name.

    Raises:
        DataError: An instrument does not exist.
    """
    for name, problem in _problems(env, instruments):
        raise DataError(f"env.costs.{name}: {problem}")


def cost_name_problems(config: TrainingConfig) -> Iterator[Finding]:
    """Yields the names of `env.costs` that are no instruments, as far as the configuration names the instruments."""
    names = _given_names(config.data)
    if names is not None:
        for name, problem in _problems(config.env, names):
            yield Finding(("training_config", "env", "costs", name), problem)


def _given_names(data: DataConfig) -> Sequence[str] | None:
    """The names of the instruments; empty for one without a name, None if only the files have them."""
    if not isinstance(data.source, str):
        return tuple(data.source)
    if data.instruments is None:
        return ()
    return data.instruments if isinstance(data.instruments, tuple) else None


def _problems(env: EnvConfig, instruments: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in env.costs or {}:
        if not instruments:
            yield name, "the data have one instrument without a name; write its costs directly under env"
        elif name not in instruments:
            yield name, f"the data have the instruments {', '.join(instruments)}{did_you_mean(name, instruments)}"
