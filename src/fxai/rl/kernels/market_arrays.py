"""The arrays of the market's environments that compiled loops read and change."""

from typing import NamedTuple

from fxai.market.rules.compiled import Array


class MarketArrays(NamedTuple):
    """The market and its rules, which do not change."""

    quotes: Array  # [bar, 7]
    features: Array  # [bar, feature]; the window of one of the first bars begins with zeros
    scales: Array  # factors of the account's features [lane, 4]
    sessions: Array  # codes of `market/rules/sessions.py` [bar]; empty without sessions
    book: Array  # levels that orders take, as `book_levels`; empty if no order takes them
    rules: Array  # records [lane, instrument]
    stops: Array  # the bar after the last one of each instrument, [instrument]
    rewards: Array  # records [lane]
    targets: Array  # target positions in increasing order, [position]
    gaps: Array  # bars of a step, [lane]
    half_held: float  # bars after which the feature of the holding time is one half
    in_units: bool  # whether a position is a number of units
    increments: bool  # whether an action is a step along the positions
    close_at_end: bool  # whether a position that is open at the end of an episode is closed


class Environments(NamedTuple):
    """The state of all environments, which a step changes."""

    bars: Array  # current bars [lane, env]
    last_bars: Array  # of the current episodes, [lane, env]
    accounts: Array  # records [lane, env]
    figures: Array  # numbers of the last step, records [lane, env]
    marks: Array  # booleans of the last step, records [lane, env]
