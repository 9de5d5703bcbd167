"""`signal_agent.json` of a folder of adapters: the model, the prompt, the answers and the members. Loads no torch.

Each member is an adapter in peft's own format, in a folder of its own, or in the agent's folder if it is the only one.
"""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from fxai.atomic_write import copy, write_text
from fxai.errors import InputError
from fxai.spec.fields.llm_signal_config import LlmSignalConfig
from fxai.spec.fields.record import Record

SIGNAL_AGENT = "signal_agent.json"
ADAPTER_FILES = ("adapter_config.json", "adapter_model.safetensors")
HERE = "."  # the agent's own folder
TRAINED = "agent"
"""Folder of the agent in an output folder of `fxai train`."""


class SignalMember(Record):
    """An adapter of one seed."""

    seed: int
    folder: Annotated[str, Field(pattern=r"^(\.|seed_\d+)$")]  # of the adapter, in the agent's folder


class SignalAgent(Record):
    """Adapters of one configuration and several seeds, which decide together."""

    format: Literal["fxai signal agent 1"] = "fxai signal agent 1"
    config: LlmSignalConfig  # of the training: model, prompt, largest answer
    scoring_config: LlmSignalConfig  # of the study: data, news, splits, baskets, costs and look-ahead that score
    prior: tuple[float, ...]  # score of each answer without an adapter, from the least answer on; see `answer_prior`
    members: Annotated[tuple[SignalMember, ...], Field(min_length=1)]
    data_hash: str  # of the prices and the news
    versions: dict[str, str]

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(member.seed for member in self.members)

    def write(self, folder: Path) -> None:
        """Write or replace the file; the adapters are written before it.

        Raises:
            FxaiError: The file cannot be written.
        """
        write_text(folder / SIGNAL_AGENT, self.model_dump_json(indent=2) + "\n")


def member_folder(seed: int) -> str:
    """The folder of one of several members, in the agent's folder."""
    return f"seed_{seed}"


def read_signal_agent(folder: Path) -> SignalAgent:
    """The agent of a folder.

    Raises:
        InputError: The folder has no such file, it cannot be read, or files of an adapter are missing.
    """
    path = folder / SIGNAL_AGENT
    try:
        agent = SignalAgent.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise InputError(f"{folder} is not a folder of adapters: it has no {SIGNAL_AGENT}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{path} cannot be read: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    for member in agent.members:
        if missing := [name for name in ADAPTER_FILES if not (folder / member.folder / name).is_file()]:
            raise InputError(f"{folder / member.folder}: the adapter lacks {', '.join(missing)}")
    return agent


def agent_folder(folder: Path) -> Path:
    """The folder of the agent: `folder` itself, or `agent` in an output folder of `fxai train`."""
    trained = folder / TRAINED
    return trained if (trained / SIGNAL_AGENT).is_file() and not (folder / SIGNAL_AGENT).is_file() else folder


def has_signal_agent(folder: Path) -> bool:
    """Whether a folder has an agent that can be read."""
    try:
        read_signal_agent(folder)
    except InputError:
        return False
    return True


def signal_seeds(folder: Path) -> tuple[int, ...]:
    """The seeds of the members; empty if the folder has no agent that can be read."""
    try:
        return read_signal_agent(folder).seeds
    except InputError:
        return ()


def join_signal_agents(folders: Sequence[Path], most: int | None = None) -> tuple[SignalAgent, tuple[Path, ...]]:
    """The agent of the members of several agents, or of the first `most`, and the folder of each member's adapter.

    Raises:
        InputError: An agent cannot be read, or the agents differ in more than their members.
    """
    read = [(folder, read_signal_agent(folder)) for folder in folders]
    first = read[0][1]
    for folder, agent in read[1:]:
        if _shared(agent) != _shared(first):
            raise InputError(f"{folder} is an agent of another configuration or other data than {read[0][0]}")
    found = [(member.seed, folder / member.folder) for folder, agent in read for member in agent.members]
    adapters = dict(found[:most])
    places = [HERE] if len(adapters) == 1 else [member_folder(seed) for seed in adapters]
    members = tuple(SignalMember(seed=seed, folder=place) for seed, place in zip(adapters, places, strict=True))
    return first.model_copy(update={"members": members}), tuple(adapters.values())


def write_signal_committee(agents: Sequence[Path], folder: Path, most: int | None = None) -> None:
    """Write one agent of the members of several agents, or of the first `most`, in place of what the folder has.

    Raises:
        InputError: As `join_signal_agents`.
        FxaiError: A file cannot be written.
    """
    joined, adapters = join_signal_agents(agents, most)
    shutil.rmtree(folder, ignore_errors=True)
    for source, member in zip(adapters, joined.members, strict=True):
        for name in ADAPTER_FILES:
            copy(source / name, folder / member.folder / name)
    joined.write(folder)


def _shared(agent: SignalAgent) -> str:
    configs = [agent.config.model_dump(mode="json"), agent.scoring_config.model_dump(mode="json")]
    return json.dumps([*configs, agent.prior, agent.data_hash])
