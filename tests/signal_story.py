"""A small study of signals: planted prices and news, and a language model made of the headlines."""

import runpy
from pathlib import Path
from typing import Any

from fxai.market.news.planted_news import planted_news, write_planted_news
from fxai.spec.fields.llm_signal_config import with_signal_defaults

PROGRAM = Path(__file__).parents[1] / "examples" / "llm_signal" / "make_model.py"
TEMPLATE = "{headlines}\nSignal up to {signal_strength}: "


def write_signal_story(folder: Path, *, days: int = 100, shuffled: bool = False) -> None:
    """Write `prices.csv`, `news.csv` and the folder `model`."""
    planted = planted_news(3, instruments=2, days=days, shuffled=shuffled)
    write_planted_news(planted, folder)
    lines = [f"- {title}\nSignal up to 10: -3" for title in planted.news.titles]
    runpy.run_path(str(PROGRAM))["make_model"](folder / "model", lines)


def signal_settings(folder: Path, **sections: Any) -> dict[str, Any]:
    """A `training_config` with these keys of its sections; paths are below `folder`."""
    config: dict[str, Any] = {
        "data": {"source": str(folder / "prices.csv"), "instruments": "all"},
        "news": {"file": str(folder / "news.csv")},
        "decisions": {"lookahead": 1, "gap": 3, "template": TEMPLATE},
        "baskets": {"size": 1, "hold": 1},
        "model": {"path": str(folder / "model")},
        "lora": {"r": 4},
        "training": {
            "max_train_steps": 4,
            "eval_frequency": 2,
            "learning_rate": 0.02,
            "signal_strength": 3,
            "batch_size": 8,
        },
    }
    for name, keys in sections.items():
        config[name] = {**config.get(name, {}), **keys}
    return with_signal_defaults(config)
