"""Studies of own code in which a text that looks like a list is stored as a list, as earlier releases did."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxai.spec.checks.earlier_texts import earlier_texts, with_stored_lists
from fxai.spec.reading.load import spec_of
from fxai.spec.reading.standalone_spec import standalone_spec
from fxai.spec.search.configure import trial_settings
from fxai.spec.search.fingerprint import Fingerprint, difference, fingerprint
from fxai.spec.search.study import StudySpec
from fxai.spec.yaml.yaml_source import parse_yaml


def study(text: str, more: str = "") -> StudySpec:
    """A study with that text among the choices, in a condition, among the fixed values and enqueued."""
    quoted = json.dumps(text)
    document = (
        "name: x\nstudies:\n- study_name: s\n  objective: m:f\n  parameters:\n"
        f"    net: {{type: choice, values: [other, {quoted}, 3]}}\n"
        f"    deep: {{low: 1, high: 3, when: {{net: [{quoted}, other]}}}}\n"
        f"  enqueue: [{{net: {quoted}}}]\n  fixed: {{shape: {quoted}}}\n{more}"
    )
    return spec_of(parse_yaml(document, "x.yaml")).studies[0]


def begun(text: str) -> dict[str, Any]:
    """The fingerprint of `study(text)` as the release stored it that took such texts for lists."""
    stored: dict[str, Any] = json.loads(json.dumps(fingerprint(study("TEXT"))).replace("TEXT", json.dumps(text)[1:-1]))
    return stored


@pytest.mark.parametrize("text", ["[64, 64]", "[64,64]", "[]", '["a", "b"]'])
def test_a_study_continues_with_lists_in_their_first_form(text: str) -> None:
    made = study(text)
    assert difference(begun(text), fingerprint(made))
    taken = with_stored_lists(made, begun(text))
    assert difference(begun(text), fingerprint(taken)) == ()
    value = json.loads(text)
    assert trial_settings(taken, {"net": text, "deep": 2}) == {"shape": value, "net": value, "deep": 2}
    assert taken.enqueue == ({"net": text},)
    net, shape = earlier_texts(made, taken)
    assert net.startswith(f"net: {text} is given to your code as a list, as in the earlier trials of this study; ")
    assert shape.startswith(f"shape: {text} is given to your code as a list")


def test_what_it_writes_as_it_ran_loads_as_it_ran() -> None:
    taken = with_stored_lists(study("[64, 64]"), begun("[64, 64]"))
    again = spec_of(parse_yaml(standalone_spec(taken), "y.yaml")).studies[0]
    assert (again.parameters, again.fixed, again.enqueue) == (taken.parameters, taken.fixed, taken.enqueue)


def test_another_change_is_a_difference_still() -> None:
    made = study("[64, 64]", "  seeds_per_trial: 2\n")
    (change,) = difference(begun("[64, 64]"), fingerprint(with_stored_lists(made, begun("[64, 64]"))))
    assert change == "seeds_per_trial: 1 -> 2"
    assert difference(begun("[64, 32]"), fingerprint(with_stored_lists(made, begun("[64, 32]"))))


def test_a_study_of_today_stays_as_it_is() -> None:
    made = study("[64, 64]")
    assert with_stored_lists(made, json.loads(json.dumps(fingerprint(made)))) is made
    assert with_stored_lists(made, {}) is made
    plain = study("relu")
    assert with_stored_lists(plain, begun("relu")) is plain


def test_a_condition_on_a_text_of_the_configuration_stays_with_it() -> None:
    more = '  training_config: {body: "[1]"}\n'
    made = study("[64, 64]", more)
    stored = begun("[64, 64]")
    conditional = made.model_copy(
        update={
            "parameters": (made.parameters[0], made.parameters[1].model_copy(update={"when": {"body": ('"[1]"',)}}))
        }
    )
    stored["parameters"]["deep"]["when"] = {"body": ["[1]"]}
    assert with_stored_lists(conditional, stored).parameters[1].when == {"body": ('"[1]"',)}


JSON = st.recursive(
    st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(st.fixed_dictionaries({"parameters": JSON | st.dictionaries(st.just("net"), JSON), "fixed": JSON}))
def test_any_content_of_an_edited_database_is_accepted(stored: Fingerprint) -> None:
    made = study("[64, 64]")
    assert with_stored_lists(made, stored).study_name == made.study_name
