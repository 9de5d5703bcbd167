"""Verdicts of searches on planted news, whose words decide the next day's returns, and on the same news shuffled.

Each search has other prices and news, other weights of the small model, and fresh seeds for confirmation and verdict.
The default's learning rate is so small that it learns nothing. On planted news the word should be "better", on shuffled
news it must not be, but for the error rate of the bounds.

    python benchmarks/signal_verdicts.py [--seeds 8] [--days 300] [--steps 60] [--smoke]
"""

import argparse
import json
import runpy
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fxai import run_study
from fxai.market.news.planted_news import planted_news, write_planted_news
from fxai.results.paths import StudyPaths
from fxai.results.study_verdict import StudyVerdict, read_study_verdict
from smoke import parse

MAKE_MODEL = Path(__file__).parents[1] / "examples" / "llm_signal" / "make_model.py"
TEMPLATE = "{headlines}\nSignal up to {signal_strength}: "
STUDY = "signals"
GOOD_RATE, DEFAULT_RATE = 0.005, 1e-5
SPLIT = {"train": 0.4, "validation": 0.25}


def spec_of(folder: Path, seed: int, steps: int) -> dict[str, Any]:
    """A search of two trials: the default, and one whose learning rate is good."""
    return {
        "study_name": STUDY,
        "objective": "llm_signal",
        "metric_name": "mean_reward",
        "n_trials": 2,
        "n_jobs": 1,
        "seed": seed,
        "storage": f"sqlite:///{folder}/signals.db",
        "confirm": {"candidates": 2, "seeds": 2, "budget": 100},
        "verdict": {"seeds": 3, "neighbours": 0},
        "parameters": {"training.learning_rate": {"type": "float_log", "low": DEFAULT_RATE, "high": 0.02}},
        "enqueue": [{"training.learning_rate": GOOD_RATE}],
        "training_config": {
            "data": {"source": str(folder / "prices.csv"), "instruments": "all", "split": SPLIT},
            "news": {"file": str(folder / "news.csv")},
            "decisions": {"lookahead": 1, "gap": 3, "template": TEMPLATE},
            "baskets": {"size": 1, "hold": 1},
            "model": {"path": str(folder / "model")},
            "lora": {"r": 4},
            "training": {
                "max_train_steps": steps,
                "eval_frequency": steps,
                "learning_rate": DEFAULT_RATE,
                "signal_strength": 3,
                "batch_size": 8,
            },
        },
    }


def judge(folder: Path, seed: int, days: int, steps: int, *, shuffled: bool) -> StudyVerdict:
    """The verdict of one search."""
    planted = planted_news(seed, instruments=2, days=days, shuffled=shuffled)
    write_planted_news(planted, folder)
    lines = [f"- {title}\nSignal up to 10: -3" for title in planted.news.titles]
    runpy.run_path(str(MAKE_MODEL))["make_model"](folder / "model", lines, seed=seed)
    run_study(spec_of(folder, seed, steps), results_dir=folder, plots=False)
    found = read_study_verdict(StudyPaths(folder, STUDY).verdict)
    if found is None:
        raise RuntimeError(f"the search of seed {seed} has no verdict")
    return found


def main() -> None:
    """Print a row for each search, then one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=8, help="searches of each kind of news")
    parser.add_argument("--days", type=int, default=300)
    parser.add_argument("--steps", type=int, default=60, help="training steps of a trial")
    given = parse(parser, {"seeds": 1, "days": 100, "steps": 2})
    words: Mapping[str, list[str]] = {"planted": [], "shuffled": []}
    print(f"{'news':>9} {'seed':>4} {'bars':>4} {'mean per bar':>12} {'to default':>10} {'seconds':>7}  word")
    for seed in range(given.seeds):
        for kind, found in words.items():
            began = time.monotonic()
            with tempfile.TemporaryDirectory() as folder:
                judged = judge(Path(folder), seed, given.days, given.steps, shuffled=kind == "shuffled").verdict
            found.append(str(judged.word))
            gap = 0.0 if judged.to_default is None else judged.to_default.value
            print(
                f"{kind:>9} {seed:>4} {judged.bars:>4} {judged.to_flat.value:>+12.3%} {gap:>+10.3%} "
                f"{time.monotonic() - began:>7.1f}  {judged.word}",
                flush=True,
            )
    print(json.dumps({kind: dict(Counter(found).most_common()) for kind, found in words.items()}))


if __name__ == "__main__":
    main()
