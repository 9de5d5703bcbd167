"""Objectives are loaded by name."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import lane_objectives
from drive_workers import request_for
from fxai.errors import InputError
from fxai.objectives.loader import load_lanes, load_signature, training_modules
from fxai.process_tree import ProcessTrees
from fxai.protocol import LanePlan, Report, Slot


def test_a_generator_function_is_opened_as_lanes_of_width_one(tmp_path: Path):
    name = "trial_objectives:counts"
    lanes = load_lanes(name, ProcessTrees())(LanePlan(name, {}, lanes=8), Slot(0))
    assert lanes.width == 1
    assert not lanes.busy
    lanes.admit(request_for("counts", 1, tmp_path))
    assert lanes.busy
    (report,) = lanes.advance()
    assert isinstance(report, Report)
    assert not lanes.busy, "the report waits for its decision"


def test_an_objective_of_lanes_is_opened_with_the_planned_width():
    name = "lane_objectives:counters"
    lanes = load_lanes(name, ProcessTrees())(LanePlan(name, {}, lanes=8), Slot(0))
    assert isinstance(lanes, lane_objectives.CounterLanes)
    assert lanes.width == 8


@pytest.mark.parametrize(
    "name",
    [
        "fx_tradng",
        "",
        "os.path",
        "../fx_trading",
        "trial_objectives:",
        "trial_objectives:x",
        "positions of trial_objectives:x",
    ],
)
def test_a_name_of_no_objective_is_refused(name: str):
    with pytest.raises(InputError, match="no"):
        load_lanes(name, ProcessTrees())


def test_the_users_code_is_not_imported_for_its_signature():
    assert load_signature("no_such_module:function") is None
    with pytest.raises(InputError, match="no objective"):
        load_signature("fx_tradng")


def test_the_loader_imports_neither_torch_nor_optuna():
    code = "import sys, fxai.objectives.loader; sys.exit(bool({'torch', 'optuna', 'pandas'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("device", ["cpu", "cuda:0"])
def test_a_worker_that_waits_for_its_plan_can_import_what_trains_agents(device: str) -> None:
    modules = training_modules("fx_trading", device)
    assert all(find_spec(module) is not None for module in modules)
    assert ("numba" in modules) == (device == "cpu")
    assert training_modules("my_module:train", device) == ()
