"""Reads agents and committees from their files."""

from pathlib import Path

from pydantic import JsonValue, ValidationError
from torch import Tensor

from fxai.errors import InputError
from fxai.rl.agents.agent import Agent, AgentHeader
from fxai.rl.agents.committee import Committee, CommitteeHeader
from fxai.rl.agents.tensor_file import read_tensors

_AGENT, _COMMITTEE = "fxai agent ", "fxai committee "  # begin the names of the formats
_SHOWN = 3  # number of faults that a message names


def load_agent(path: Path | str) -> Agent:
    """The agent of a file, or the committee, which is an agent too.

    Raises:
        InputError: If the file is missing, damaged, or of another format.
    """
    content, tensors = read_tensors(Path(path))
    if not str(content.get("format")).startswith((_AGENT, _COMMITTEE)) or "weights" not in tensors:
        raise InputError(
            f"{path} is not an agent file of this version of FxAI; its format is {content.get('format')!r}"
        )
    try:
        members = _members(content, tensors["weights"])
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:_SHOWN])
        raise InputError(f"{path} cannot be read by this version of FxAI: {faults}") from error
    if members is None or any(member.weights.shape != (1, member.policy.size) for member in members):
        raise InputError(f"{path} is damaged: the shape of the weights does not match the configuration")
    return Committee.of(members) if str(content["format"]).startswith(_COMMITTEE) else members[0]


def _members(content: dict[str, JsonValue], weights: Tensor) -> tuple[Agent, ...] | None:
    """The agents of a file; None if it has other numbers of weights and members."""
    if str(content["format"]).startswith(_AGENT):
        return (AgentHeader.model_validate(content).agent(weights),)
    header = CommitteeHeader.model_validate(content)
    return header.agents(weights) if weights.shape[:1] == (len(header.members),) else None
