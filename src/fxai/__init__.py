"""FxAI: hyperparameters for trading agents, found fast and judged honestly."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fxai.market.simulator import Action
    from fxai.market.track_record import TrackRecord, read_track_record
    from fxai.rl.agent import Agent, load_agent
    from fxai.rl.observation import AccountView

__all__ = ["AccountView", "Action", "Agent", "TrackRecord", "load_agent", "read_track_record"]

_HOMES = {
    "AccountView": "fxai.rl.observation",
    "Action": "fxai.market.simulator",
    "Agent": "fxai.rl.agent",
    "TrackRecord": "fxai.market.track_record",
    "load_agent": "fxai.rl.agent",
    "read_track_record": "fxai.market.track_record",
}


def __getattr__(name: str) -> object:
    """Each name is loaded when it is asked for: `import fxai` takes no torch."""
    if name not in _HOMES:
        raise AttributeError(f"module 'fxai' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
