"""The observation that several agents share, whose features may be standardized differently."""

from collections.abc import Sequence

from fxai.market.features.standardizer import Standardizer
from fxai.rl.environment.account_features import ACCOUNT_FEATURES


def distinct(standardizers: Sequence[Standardizer]) -> list[Standardizer]:
    """The different ones of several standardizers, in their order."""
    return list(dict.fromkeys(standardizers))


def columns_of(standardizers: Sequence[Standardizer]) -> tuple[tuple[int, ...], ...]:
    """The columns of a joint observation that each of several agents reads, from their standardizers.

    A joint observation has the features once for each different standardizer, then the account.
    """
    parts = distinct(standardizers)
    return tuple(_columns(parts.index(each), len(parts), len(each.names)) for each in standardizers)


def _columns(part: int, parts: int, features: int) -> tuple[int, ...]:
    """Columns of an observation with `parts` sets of features that belong to one set, and those of the account."""
    account = range(parts * features, parts * features + len(ACCOUNT_FEATURES))
    return (*range(part * features, (part + 1) * features), *account)
