"""The shipped `quick_search` whole, with confirmation and verdict, on markets whose answer is known.

- `shuffled`: EURUSD in random order. There is no edge, so the word must not be "better".
- `10 updates`, `4 updates`: a planted pattern, and so many updates in place of 50 for all trials. The default's agents
  learn less, but a committee of them may still be good.
- `slow default`: 10 updates, and the least learning rate of the search space for the default. The word should be
  "better".
- `long`: as `slow default`, with four times the bars, so that the error of a difference on the test bars is half.
- `planted`: the same pattern with the spec as shipped. The default is good there, so any word may be right.

For the planted markets the true gap is stated: the difference of the two committees' mean returns on 60,000 further
bars of the same process, by `fxai verdict --data`. Members: the difference of the interquartile means over the members
of the two committees on the test bars. A committee can be good although its members are poor.

    python benchmarks/verdict_markets.py [--seeds 3] [--case shuffled] [--set KEY=VALUE] [--smoke]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fxai.evaluation.mean_difference import MeanDifference
from fxai.evaluation.verdict import Verdict
from fxai.evaluation.verdict_word import VerdictWord
from fxai.evaluation.verdict_words import sentences
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.results.paths import StudyPaths
from fxai.results.study_verdict import StudyVerdict, read_study_verdict
from lanes_search import REPOSITORY, SHORTEST, SPEC, STUDY
from market_files import write_bars
from smoke import parse

TRUE_BARS = 60_000
TRUE_SEED = 1_000  # of the further bars; the searches have small seeds
BASIS_POINT = 1e-4
SMALLEST = {**SHORTEST, "confirm": "{candidates: 2}", "verdict": "{seeds: 2}"}


@dataclass(frozen=True, slots=True)
class Case:
    """A market, and what is set in the spec."""

    source: str  # the seed of the search follows
    planted: bool
    settings: Mapping[str, str]
    bars: int | None = None  # of a planted market; by default those of the named source


SLOW = {"training.total_updates": "10", "training.learning_rate": "5e-5"}
CASES: Mapping[str, Case] = {
    "shuffled": Case("shuffled_1h", planted=False, settings={}),
    "10 updates": Case("planted_1h", planted=True, settings={"training.total_updates": "10"}),
    "4 updates": Case(
        "planted_1h", planted=True, settings={"training.total_updates": "4", "training.eval_frequency": "2"}
    ),
    "slow default": Case("planted_1h", planted=True, settings=SLOW),
    "long": Case("planted_1h", planted=True, settings=SLOW, bars=24_000),
    "planted": Case("planted_1h", planted=True, settings={}),
}


@dataclass(frozen=True, slots=True)
class JudgedSearch:
    """The verdict of one search, and the true gap between winner and default."""

    verdict: StudyVerdict
    gap: MeanDifference | None
    seconds: float


def judge(case: Case, seed: int, changes: Mapping[str, str], folder: Path, true_bars: int) -> JudgedSearch:
    """Run the search to its end with the command line, in `folder`."""
    source = f"{case.source}:{seed}"
    if case.bars is not None:
        source = str(write_bars(synthetic_market(seed, case.bars), folder))
    settings = {**case.settings, **changes, "data.source": source, "seed": str(seed)}
    began = time.monotonic()
    fxai(folder, "run", "--quiet", "--spec", str(SPEC), *(f"--set={name}={value}" for name, value in settings.items()))
    seconds = time.monotonic() - began
    paths = StudyPaths(folder / "optuna_results", STUDY)
    found = read_study_verdict(paths.verdict)
    if found is None:
        sys.exit(f"the search left no {paths.verdict.name}")
    return JudgedSearch(found, true_gap(paths, seed, folder, true_bars) if case.planted else None, seconds)


def true_gap(paths: StudyPaths, seed: int, folder: Path, bars: int) -> MeanDifference | None:
    """The difference of the committees' mean returns on further bars of the planted market."""
    file = write_bars(synthetic_market(TRUE_SEED + seed, bars), folder)
    fxai(folder, "verdict", STUDY, "--data", str(file), "--json", "--seeds", str(len(read(paths.verdict).seeds)))
    (written,) = [path for path in paths.verdict.parent.glob("verdict_*.json") if path != paths.verdict]
    return read(written).verdict.to_default


def read(path: Path) -> StudyVerdict:
    found = read_study_verdict(path)
    assert found is not None
    return found


def fxai(folder: Path, *arguments: str) -> None:
    command = [sys.executable, str(REPOSITORY / "optuna_optimization.py"), *arguments]
    subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)


def points(difference: MeanDifference | None) -> str:
    """A difference in basis points per bar, with its standard error."""
    if difference is None:
        return "-"
    error = "" if difference.error is None else f" ± {difference.error / BASIS_POINT:.2f}"
    return f"{difference.value / BASIS_POINT:.2f}{error}"


def members(verdict: Verdict) -> float:
    """Interquartile mean return of the trial's members minus that of the default's, in basis points per bar."""
    assert verdict.default is not None
    return (verdict.agent.interquartile_mean_return - verdict.default.interquartile_mean_return) / BASIS_POINT


def show(name: str, seed: int, judged: JudgedSearch) -> None:
    """Print a row, and the sentences of the verdict below it."""
    found = judged.verdict
    differences = [points(each) for each in (found.verdict.to_flat, found.verdict.to_default, judged.gap)]
    figures = (*differences, f"{members(found.verdict):.2f}")
    row = f"{name:<13}{seed:>5}{found.trial:>7}" + "".join(f"{figure:>15}" for figure in figures)
    print(f"{row}{judged.seconds:>8.0f}  {found.verdict.word}")
    print("".join(f"      {line}\n" for line in sentences(found.verdict)), end="", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="searches of each case")
    parser.add_argument("--first", type=int, default=0, help="seed of the first search of each case")
    parser.add_argument("--case", choices=CASES, action="append", help="all unless given")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as in `fxai run`")
    parser.add_argument("--true-bars", type=int, default=TRUE_BARS)
    given = parse(parser, {"seeds": 1, "case": ["shuffled", "planted"], "true_bars": 2000})
    changes = dict(each.split("=", 1) for each in given.set) | (SMALLEST if given.smoke else {})
    columns = ("to flat", "to default", "true gap", "members")
    header = "".join(f"{column:>15}" for column in columns)
    print(f"{'bp per bar':<13}{'seed':>5}{'trial':>7}{header}{'seconds':>8}  word")
    words: dict[str, list[VerdictWord]] = {}
    for name in given.case or CASES:
        for seed in range(given.first, given.first + given.seeds):
            with tempfile.TemporaryDirectory() as folder:
                judged = judge(CASES[name], seed, changes, Path(folder), given.true_bars)
            show(name, seed, judged)
            words.setdefault(name, []).append(judged.verdict.verdict.word)
    print(json.dumps({name: counts(found) for name, found in words.items()}))


def counts(words: Sequence[VerdictWord]) -> Mapping[str, int]:
    return {str(word): count for word, count in Counter(words).most_common()}


if __name__ == "__main__":
    main()
