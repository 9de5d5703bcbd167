"""`fxai transfer` and what `fxai run` makes of it."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from cli.conftest import SMALL_SPEC, Fxai, call_fxai

pytestmark = pytest.mark.usefixtures("inline_workers")

NEXT = SMALL_SPEC.replace("small", "next").replace(
    "{name: training.learning_rate, type: float_log, low: 1e-4, high: 1e-2}",
    "{name: training.gamma, type: float, low: 0.9, high: 0.99}",
)
QUICK = ("--n-jobs", "1", "--quiet", "--set", "resources.lanes_per_worker=4")


@pytest.fixture(scope="module")
def finished_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished study `small` and the specs of two to follow."""
    folder = tmp_path_factory.mktemp("first")
    (folder / "small.yaml").write_text(SMALL_SPEC)
    (folder / "next.yaml").write_text(NEXT)
    (folder / "again.yaml").write_text(SMALL_SPEC.replace("small", "again"))
    finished = call_fxai(folder, "run", "--spec", "small.yaml", "--set", "seeds_per_trial=2", *QUICK)
    assert finished.code == 0, finished
    return folder


@pytest.fixture
def first(finished_study: Path, fxai: Fxai, folder: Path) -> Fxai:
    """The command line in a copy of that folder."""
    shutil.copytree(finished_study, folder, dirs_exist_ok=True)
    return fxai


def test_a_transfer_leaves_the_spec_and_is_picked_up_by_the_run(first: Fxai, folder: Path) -> None:
    best = json.loads(first("best", "small", "--json").out)
    made = first("transfer", "small", "--to", "next.yaml")
    assert made.code == 0, made
    assert made.out.endswith("Written to optuna_results/next/transfer.yaml\n\nNext:\n  fxai run next.yaml\n")
    assert (folder / "next.yaml").read_text() == NEXT
    rate = best["best_params"]["training.learning_rate"]
    plan = first("run", "--spec", "next.yaml", "--dry-run")
    assert f"Takes over from small, trial {best['best_trial']}" in plan.out
    run = first("run", "--spec", "next.yaml", "--set", "seeds_per_trial=2", "--n-jobs", "1")
    assert run.code == 0, run
    assert "trains with training.learning_rate=" in run.out
    assert "has changed since" not in run.out
    config = yaml.safe_load((folder / "optuna_results" / "next" / "next_best_config.yaml").read_text())
    assert config["training_config"]["training"]["learning_rate"] == rate
    (found,) = json.loads(first("results", "next", "--json").out)
    assert found["gain"]["over"] == "small"
    assert found["gain"]["gain"] >= 0
    assert found["gain"]["standard_error"] > 0
    updates = 4 * config["training_config"]["training"]["total_updates"]
    longer = f"fxai train optuna_results/next/next_best_config.yaml --set training.total_updates={updates} --output "
    assert found["next"].startswith(longer)
    told = first("results", "next").out
    assert "Difference to small: " in told
    assert "trial 0 (the best trial of small)" in told
    assert "importance above chance" not in told  # of too few trials


def test_a_repeated_transfer_changes_nothing_and_a_stale_one_has_a_notice(first: Fxai, folder: Path) -> None:
    transfer_spec = folder / "optuna_results" / "next" / "transfer.yaml"
    first("transfer", "small", "--to", "next.yaml")
    before = transfer_spec.read_bytes()
    first("transfer", "small", "--to", "next.yaml")
    assert transfer_spec.read_bytes() == before
    first("run", "--spec", "small.yaml", "--set", "seeds_per_trial=2", "--n-trials", "3", *QUICK)
    plan = first("run", "--spec", "next.yaml", "--dry-run")
    assert "small has changed since (then 2 trials, now 3" in plan.out
    transfer_spec.unlink()
    assert "Takes over" not in first("run", "--spec", "next.yaml", "--dry-run").out


def test_a_study_that_was_begun_otherwise_is_refused_and_fresh_keeps_the_overlay(first: Fxai, folder: Path) -> None:
    assert first("run", "--spec", "next.yaml", *QUICK).code == 0
    first("transfer", "small", "--to", "next.yaml")
    refused = first("run", "--spec", "next.yaml", *QUICK)
    assert refused.code == 2
    assert "fixed: added, training.learning_rate" in refused.err
    assert "optuna_results/next/transfer.yaml" in refused.err
    fresh = first("run", "--spec", "next.yaml", "--fresh", *QUICK)
    assert fresh.code == 0, fresh
    assert (folder / "optuna_results" / "next" / "transfer.yaml").is_file()
    assert first("run", "--spec", "next.yaml", *QUICK).code == 0


def test_a_deleted_transfer_is_named_too(first: Fxai, folder: Path) -> None:
    first("transfer", "small", "--to", "next.yaml")
    assert first("run", "--spec", "next.yaml", *QUICK).code == 0
    (folder / "optuna_results" / "next" / "transfer.yaml").unlink()
    refused = first("run", "--spec", "next.yaml", *QUICK)
    assert refused.code == 2
    assert "fixed: removed, was training.learning_rate" in refused.err
    assert "It was begun with a transfer from small (trial" in refused.err


def test_a_stopped_chain_resumes_from_its_first_command(first: Fxai, folder: Path) -> None:
    """Each command again, after the next study had one of its trials."""
    first("transfer", "small", "--to", "next.yaml")
    assert first("run", "--spec", "next.yaml", "--n-trials", "1", *QUICK).code == 0
    before = {path: path.read_bytes() for path in folder.rglob("*.yaml")}
    for command in (
        ("run", "--spec", "small.yaml", "--set", "seeds_per_trial=2", *QUICK),
        ("transfer", "small", "--to", "next.yaml"),
        ("run", "--spec", "next.yaml", *QUICK),
    ):
        finished = first(*command)
        assert finished.code == 0, finished
        assert "has changed since" not in finished.out
    transfer_spec = folder / "optuna_results" / "next" / "transfer.yaml"
    assert transfer_spec.read_bytes() == before[transfer_spec]
    (found,) = json.loads(first("results", "next", "--json").out)
    assert [trial["number"] for trial in found["trials"]] == [0, 1]
    (small,) = json.loads(first("results", "small", "--json").out)
    assert small["summary"]["trials"]["total"] == 2
    assert small["next"] is None


def test_the_command_line_overrides_a_transfer(first: Fxai, folder: Path) -> None:
    first("transfer", "small", "--to", "next.yaml")
    given = ("--set", "training.learning_rate=0.05")
    assert "trains with" not in first("run", "--spec", "next.yaml", *given, "--dry-run").out
    assert first("run", "--spec", "next.yaml", *given, *QUICK).code == 0
    config = yaml.safe_load((folder / "optuna_results" / "next" / "next_best_config.yaml").read_text())
    assert config["training_config"]["training"]["learning_rate"] == 0.05


def test_the_source_is_searched_in_the_storage_of_the_spec(fxai: Fxai, folder: Path) -> None:
    for name in ("small", "again"):
        spec = SMALL_SPEC.replace("small", name).replace("n_trials: 2", "n_trials: 2\n    storage: sqlite:///my.db")
        (folder / f"{name}.yaml").write_text(spec)
    assert fxai("run", "--spec", "small.yaml", *QUICK).code == 0
    made = json.loads(fxai("transfer", "small", "--to", "again.yaml", "--json").out)
    assert made["overlay"]["source"]["storage"] == "sqlite:///my.db"
    assert len(made["overlay"]["spec_hash"]) == len(made["overlay"]["data_hash"]) == 64
    refused = fxai("transfer", "small", "--to", "again.yaml", "--storage", "sqlite:///elsewhere.db")
    assert refused.code == 2
    assert "elsewhere.db" in refused.err


def test_copies_are_not_among_the_best(first: Fxai, folder: Path) -> None:
    refused = first("transfer", "small", "--to", "again.yaml", "--mode", "warm")
    assert "nothing to learn from: small and again differ in seeds_per_trial" in refused.out
    again = folder / "again.yaml"
    again.write_text(again.read_text().replace("n_trials: 2", "n_trials: 2\n    seeds_per_trial: 2"))
    made = first("transfer", "small", "--to", "again.yaml", "--mode", "warm")
    assert "uses 2 trials of the source for the sampler only" in made.out
    assert first("run", "--spec", "again.yaml", *QUICK).code == 0
    (found,) = json.loads(first("results", "again", "--json").out)
    assert [trial["state"] for trial in found["trials"]].count("transferred") == 2
    assert found["summary"]["trials"]["total"] == 2
    assert found["gain"]["over_winner"] is False
    leading = first("results", "again").out.partition("Leading trials:")[2]
    numbers = {trial["number"] for trial in found["trials"] if trial["state"] == "transferred"}
    assert not any(f"│ {number} " in leading for number in numbers)


def test_modes_narrow_enqueue_and_warm_the_same_space(first: Fxai, folder: Path) -> None:
    modes = "narrow,enqueue,warm"
    made = first("transfer", "small", "--to", "again.yaml", "--mode", modes, "--width", "0.5", "--json")
    assert made.code == 0, made
    transfer_spec = json.loads(made.out)["overlay"]
    assert transfer_spec["modes"] == ["enqueue", "narrow", "warm"]
    assert len(transfer_spec["enqueue"]) == 1  # the other is the default, trial 0
    (range_,) = transfer_spec["narrowed"]
    assert 1e-4 <= range_["low"] < range_["high"] <= 1e-2
    run = first("run", "--spec", "again.yaml", *QUICK)
    assert run.code == 0, run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("small", "--to", "small.yaml"), "small cannot be its own target"),
        (("smal", "--to", "next.yaml"), "Study 'smal' not found"),
        (("small", "--to", "nxt.yaml"), "there is no spec 'nxt.yaml'"),
        (("small", "--to", "next.yaml", "--mode", "fixx"), "there is no mode 'fixx'; did you mean 'fix'? Modes: fix,"),
        (("small", "--to", "next.yaml", "--mode", "fix", "--top", "0"), "--top"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(
    first: Fxai, folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    finished = first("transfer", *arguments)
    assert finished.code == 2
    assert message in finished.err
    assert not (folder / "optuna_results" / "next").exists()


def test_an_overlay_that_somebody_edited_is_checked_by_its_lines(first: Fxai, folder: Path) -> None:
    first("transfer", "small", "--to", "next.yaml")
    path = folder / "optuna_results" / "next" / "transfer.yaml"
    path.write_text(path.read_text().replace("fixed:", "fixd:"))
    finished = first("run", "--spec", "next.yaml", *QUICK)
    assert finished.code == 2
    assert "transfer.yaml:" in finished.err
    assert "fixd: unknown key; did you mean 'fixed'?" in finished.err
