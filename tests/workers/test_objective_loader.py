"""From names to objectives."""

import subprocess
import sys

import pytest
import trial_objectives

from fxai.errors import InputError
from fxai.workers import load_objective


def test_a_function_of_a_module_is_loaded_as_named():
    assert load_objective("trial_objectives:counts") is trial_objectives.counts


@pytest.mark.parametrize(
    "name", ["fx_tradng", "", "os.path", "../fx_trading", "trial_objectives:", "trial_objectives:x"]
)
def test_what_is_no_objective_is_refused_by_name(name: str):
    with pytest.raises(InputError, match="no"):
        load_objective(name)


def test_the_room_loads_neither_torch_nor_optuna():
    code = "import sys, fxai.workers; sys.exit(bool({'torch', 'optuna', 'pandas'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True)
