"""Makes the file of a committee from the files of its members."""

from collections.abc import Sequence
from pathlib import Path


def write_committee(members: Sequence[Path], path: Path) -> None:
    """Write or replace the committee of some agents' files, in their order.

    Raises:
        FxaiError: An agent cannot be read, the agents differ in more than seed, standardizer and weights, or the file
            cannot be written.
    """
    from fxai.rl.agents.agent_file import load_agent  # noqa: PLC0415 - slow to load
    from fxai.rl.agents.committee import Committee  # noqa: PLC0415

    Committee.of([load_agent(each) for each in members]).save(path)


def write_first_member(agent: Path, path: Path) -> None:
    """Write or replace the first member of a committee's file.

    Raises:
        FxaiError: The committee cannot be read, or the file cannot be written.
    """
    from fxai.rl.agents.agent_file import load_agent  # noqa: PLC0415 - slow to load
    from fxai.rl.agents.committee import Committee  # noqa: PLC0415

    loaded = load_agent(agent)
    (loaded.members[0] if isinstance(loaded, Committee) else loaded).save(path)
