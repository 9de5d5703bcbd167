"""Names that lead to folders and to code."""

import pytest
from pydantic import ValidationError

from fxai.spec.objective import name_of
from fxai.spec.parameters import FloatParameter
from fxai.spec.study import StudySpec


def study(**fields: str) -> StudySpec:
    parameter = FloatParameter(name="training.gamma", low=0.9, high=0.99)
    return StudySpec(parameters=(parameter,), **{"study_name": "s", **fields})


@pytest.mark.parametrize("name", ["fx_trading", "my_objective:run", "package.module:run_trial"])
def test_an_objective_is_shipped_or_the_users_function(name: str) -> None:
    assert name_of(study(objective=name).objective) == name


@pytest.mark.parametrize("name", ["fx", "", "package.module", "module:", ":run", "a b:run", "os.system:rm -rf"])
def test_other_objectives_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match=r"package\.module:function"):
        study(objective=name)


@pytest.mark.parametrize("name", ["", "..", "../up", "a/b", "a\\b", ".hidden", "-flag", "x" * 300, "tab\t", "a:b"])
def test_a_study_name_is_a_plain_folder_name(name: str) -> None:
    with pytest.raises(ValidationError):
        study(study_name=name)
