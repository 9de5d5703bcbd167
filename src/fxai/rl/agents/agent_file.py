"""Reads agents, committees and ensembles from their files."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue, ValidationError

from fxai.errors import InputError
from fxai.rl.agents.agent import Agent, agent_of
from fxai.rl.agents.agent_header import AgentHeader, CommitteeHeader, Weights
from fxai.rl.agents.committee import Committee
from fxai.rl.agents.ensemble import EnsembleHeader
from fxai.rl.agents.tensor_file import read_tensors

_AGENT, _COMMITTEE, _ENSEMBLE = "fxai agent ", "fxai committee ", "fxai ensemble "  # begin the names of the formats
_SHOWN = 3  # number of faults that a message names


def load_agent(path: Path | str) -> Agent:
    """The agent of a file, or the committee or ensemble, which is an agent too.

    Raises:
        InputError: If the file is missing, damaged, or of another format.
    """
    if Path(path).is_dir():
        raise InputError(
            f"{path} is a folder, and an agent of fx_trading is a safetensors file; `fxai evaluate` scores a folder of "
            "adapters of llm_signal"
        )
    content, arrays = read_tensors(Path(path))
    kind = str(content.get("format"))
    if not kind.startswith((_AGENT, _COMMITTEE, _ENSEMBLE)) or not ("weights" in arrays or kind.startswith(_ENSEMBLE)):
        raise InputError(
            f"{path} is not an agent file of this version of FxAI; its format is {content.get('format')!r}"
        )
    try:
        members = _members(content, arrays)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:_SHOWN])
        raise InputError(f"{path} cannot be read by this version of FxAI: {faults}") from error
    if members is None or any(member.weights.shape != (1, member.size) for member in members):
        raise InputError(f"{path} is damaged: the shape of the weights does not match the configuration")
    return Committee.of(members) if kind.startswith(_COMMITTEE) or len(members) > 1 else members[0]


def _members(content: dict[str, JsonValue], arrays: Mapping[str, Weights]) -> tuple[Agent, ...] | None:
    """The agents of a file; None if it has other numbers of weights and members."""
    kind = str(content["format"])
    if kind.startswith(_ENSEMBLE):
        return EnsembleHeader.model_validate(content).ensembles(arrays)
    weights = arrays["weights"]
    if kind.startswith(_AGENT):
        return (agent_of(AgentHeader.model_validate(content), weights),)
    header = CommitteeHeader.model_validate(content)
    return _of_committee(header, weights) if weights.shape[:1] == (len(header.members),) else None


def _of_committee(header: CommitteeHeader, weights: Weights) -> tuple[Agent, ...]:
    """The members with weights [member, size]."""
    return tuple(
        Agent(
            header.config,
            each.seed,
            each.standardizer,
            header.data_hash,
            row[None],
            header.scoring_env,
            each.instruments,
        )
        for each, row in zip(header.members, weights, strict=True)
    )
