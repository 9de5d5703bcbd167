from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxai.errors import InputError
from fxai.protocol import TrialPaths
from fxai.results.paths import StudyPaths


def test_the_files_have_the_names_of_the_guide():
    paths = StudyPaths(Path("optuna_results"), "fx_ai_quick")
    folder = Path("optuna_results/fx_ai_quick")
    assert paths.best_params == folder / "best_params.json"
    assert paths.results == folder / "fx_ai_quick_results.json"
    assert paths.best_config == folder / "fx_ai_quick_best_config.yaml"
    assert paths.best_agent == folder / "best_agent.safetensors"
    assert paths.plot("timeline") == folder / "timeline.html"
    assert paths.trial(7) == TrialPaths(folder / "trials" / "00007")


@pytest.mark.parametrize(
    "name", ["", " ", "..", ".", ".hidden", "a/b", "../x", "/etc", "a\\b", "a\0b", "a\nb", "x" * 201, "é" * 101]
)
def test_a_name_that_is_no_folder_name_is_refused(name: str):
    with pytest.raises(InputError, match="study name"):
        StudyPaths(Path("results"), name)


@given(st.text())
def test_no_name_leads_out_of_the_results_folder(name: str):
    root = Path("/results")
    try:
        paths = StudyPaths(root, name)
    except InputError:
        return
    for path in (paths.results, paths.best_config, paths.trial(0).log, paths.logs):
        assert path.resolve().parts[:3] == ("/", "results", name)


@pytest.mark.parametrize("name", ["fx_ai_quick", "my study", "étude-3", "a.b", "日本"])
def test_ordinary_names_are_taken(name: str):
    assert StudyPaths(Path("r"), name).directory == Path("r") / name
