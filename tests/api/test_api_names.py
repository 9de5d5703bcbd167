"""The names of the Python API are there, and cost nothing until they are used."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import fxai

SEEDS = {  # every name of the guides' examples, but the contest's own
    "HPOptimizer",
    "TrainingEngine",
    "HPOVisualizer",
    "ConfigLoader",
    "MinimalTuner",
    "HPOAnalyzer",
    "HPOConfig",
    "HPOResultsManager",
    "create_sqlite_storage",
    "create_hpo_dashboard",
    "compare_multiple_studies",
    "load_specs",
    "run_study",
    "load_results",
}


@pytest.mark.parametrize("name", fxai.__all__)
def test_a_name_loads_and_is_documented(name: str) -> None:
    assert getattr(fxai, name).__doc__


def test_all_names_of_the_guides_are_there() -> None:
    assert set(fxai.__all__) >= SEEDS
    assert dir(fxai) == fxai.__all__ == sorted(fxai.__all__)


def test_the_version_is_that_of_the_installed_package() -> None:
    assert fxai.__version__ == version("fxai")


def test_the_version_has_one_source() -> None:
    readers = [path.name for path in Path(fxai.__file__).parent.rglob("*.py") if 'version("fxai")' in path.read_text()]
    assert readers == ["__init__.py"]


def test_a_function_is_no_module() -> None:
    assert callable(fxai.run_study)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Task3HPOOptimizer'"):
        _ = fxai.Task3HPOOptimizer


def test_importing_takes_no_heavy_library() -> None:
    heavy = {"torch", "optuna", "pandas", "plotly", "numpy", "wandb", "mlflow"}
    code = f"import fxai, sys; fxai.__all__; sys.exit(', '.join({heavy!r} & set(sys.modules)) or 0)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
