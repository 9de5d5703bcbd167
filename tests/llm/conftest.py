"""A small real model, made by the program of the examples, for all tests of the folder."""

import runpy
from pathlib import Path

import pytest

from fxai.llm.language_model import LanguageModel, load_language_model
from fxai.llm.model_settings import ModelSettings

PROGRAM = Path(__file__).parents[2] / "examples" / "llm_signal" / "make_model.py"
WORDS = ("profit", "loss", "record sales", "lawsuit", "upgrade", "downgrade", "new plant", "strike")
TASK = "Judge the news. Answer with a number from -5 to 5.\n"
PROMPTS = [
    f"{TASK}{word} at company {name} in week {week}\nSignal:" for word in WORDS for name in "ABC" for week in (1, 2)
]


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "small"
    runpy.run_path(str(PROGRAM))["make_model"](folder, PROMPTS)
    return folder


@pytest.fixture(scope="session")
def model(model_folder: Path) -> LanguageModel:
    """The loaded model. Tests do not change it: they remove the hooks of their adapters."""
    return load_language_model(ModelSettings(str(model_folder)))
