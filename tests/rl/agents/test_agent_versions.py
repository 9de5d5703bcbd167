"""The versions in files of agents."""

from importlib.metadata import Distribution
from pathlib import Path

import pytest
import torch

import fxai
from fxai.rl.agents import agent_versions
from fxai.rl.agents.agent_versions import torch_version, versions


def test_the_versions_are_those_that_the_programs_state() -> None:
    assert versions() == {"fxai": fxai.__version__, "torch": torch.__version__}


@pytest.mark.parametrize(("text", "version"), [("__version__ = '2.9.0+cu130'\n", "2.9.0+cu130"), (None, "2.9.0")])
def test_the_version_is_that_of_torchs_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, version: str
) -> None:
    """Or that of the metadata, if there is no such file."""
    metadata = tmp_path / "torch-2.9.0.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: torch\nVersion: 2.9.0\n")
    if text is not None:
        (tmp_path / "torch").mkdir()
        (tmp_path / "torch" / "version.py").write_text(f"debug = False\n{text}")
    monkeypatch.setattr(agent_versions, "distribution", lambda _: Distribution.at(metadata.parent))
    assert torch_version.__wrapped__() == version
