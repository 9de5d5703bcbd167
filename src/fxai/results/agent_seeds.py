"""The seeds of the agent that a study leaves, from the header of its file, and which trainings they are of."""

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open

from fxai.formatting import counted
from fxai.llm.signal_agent import signal_seeds
from fxai.results.paths import StudyPaths
from fxai.search.confirmed import Confirmed


def study_agent(paths: StudyPaths) -> Path:
    """The agent of a study, which may be missing: a file, of `llm_signal` a folder of adapters."""
    return paths.signal_agent if paths.signal_agent.is_dir() else paths.best_agent


def agent_seeds(path: Path) -> tuple[int, ...]:
    """The seeds of the members of an agent's file or folder, in their order. The weights are not read.

    Returns:
        The seeds, one for a single agent; empty if the agent is missing, damaged, or of another program.
    """
    if path.is_dir():
        return signal_seeds(path)
    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {})["fxai"])
        if "seeds" in header:  # of ensembles, whose members have different kinds
            return tuple(header["seeds"])
        return tuple(each["seed"] for each in header.get("members", (header,)))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, AttributeError):
        return ()


def judged_seeds(trial: int, paths: StudyPaths) -> tuple[int, ...]:
    """The seeds of the committee that the verdict on the test split judged; empty if there is none on this trial."""
    try:
        document = json.loads(paths.verdict.read_text(encoding="utf-8"))
        return tuple(document["seeds"]) if document["trial"] == trial else ()
    except (OSError, KeyError, TypeError, ValueError):
        return ()


def agent_origin(trial: int, confirmed: Confirmed | None, seeds_per_trial: int, paths: StudyPaths) -> str:
    """Which of a trial's trainings the agent of `best_agent.safetensors` is of.

    Args:
        trial: The best trial.
        confirmed: The study's confirmation.
        seeds_per_trial: Seeds of a trial in the search.
        paths: Of the study.

    Returns:
        For example `the committee of the 8 fresh seeds of the verdict`; empty if there is no agent, or the trial was
        trained from one seed.
    """
    seeds = agent_seeds(study_agent(paths))
    if seeds and seeds == judged_seeds(trial, paths):
        trained, trainings = len(seeds), f"the {counted(len(seeds), 'fresh seed')} of the verdict"
    elif seeds and confirmed is not None and set(seeds) <= set(confirmed.seeds):
        trained = len(confirmed.seeds)
        trainings = f"the {counted(trained, 'fresh seed')} of the confirmation"
    else:
        trained, trainings = seeds_per_trial, f"the trial's {counted(seeds_per_trial, 'seed')}"
    if not seeds or trained == 1:
        return ""
    return f"the committee of {trainings}" if len(seeds) > 1 else f"that of the first of {trainings}"
