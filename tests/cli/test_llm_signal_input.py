"""Wrong prices, news and models of a study of signals: one message before the first trial."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from cli.conftest import call_fxai
from inline_workers import train_in_this_process
from signal_story import signal_settings, write_signal_story


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("signals")
    write_signal_story(folder, days=60)
    return folder


@pytest.fixture
def folder(story: Path, tmp_path: Path) -> Iterator[Path]:
    """A folder with `mine.yaml`, a search on sound files, which a test damages."""
    shutil.copytree(story, tmp_path, dirs_exist_ok=True)
    study = {
        "study_name": "mine",
        "objective": "llm_signal",
        "n_trials": 1,
        "verdict": "off",
        "parameters": {"training.learning_rate": {"type": "float_log", "low": 1e-3, "high": 1e-1}},
        "training_config": signal_settings(tmp_path),
    }
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({"name": "mine", "studies": [study]}))
    with train_in_this_process():
        yield tmp_path


def refused(folder: Path, *settings: str) -> str:
    """The message of a run that does not start a trial."""
    words = [word for setting in settings for word in ("--set", setting)]
    finished = call_fxai(folder, "run", "--spec", "mine.yaml", "--quiet", *words)
    assert finished.code == 2, finished
    assert "Traceback" not in finished.err
    assert not list((folder / "optuna_results").rglob("checkpoint*"))
    return " ".join(finished.err.split())


@pytest.mark.parametrize(
    ("file", "lack"), [("model.safetensors", "weights"), ("tokenizer.json", "a tokenizer"), ("config.json", "config")]
)
def test_a_model_without_a_part(folder: Path, file: str, lack: str) -> None:
    (folder / "model" / file).unlink()
    message = refused(folder)
    assert "is not the folder of a language model: it lacks" in message
    assert lack in message


def test_a_prompt_longer_than_the_context(folder: Path) -> None:
    message = refused(folder, f"decisions.template={'word ' * 600}{{headlines}}")
    assert "is longer than the" in message
    assert "use fewer or shorter headlines" in message


def test_news_without_an_instrument(folder: Path) -> None:
    rows = (folder / "news.csv").read_text().splitlines()
    without = [",".join(cell for place, cell in enumerate(row.split(",")) if place != 1) for row in rows]
    (folder / "news.csv").write_text("\n".join(without))
    assert "news.instrument" in refused(folder)


def test_prices_that_end_before_the_news(folder: Path) -> None:
    news = (folder / "news.csv").read_text()
    (folder / "news.csv").write_text(news.replace("2021-", "2025-"))
    assert "the prices end before the news: prices are from 2021-01-04" in refused(folder)
