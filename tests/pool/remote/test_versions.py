"""The versions that a host and its parent compare."""

from dataclasses import replace

from fxai.pool.remote.messages import PROTOCOL, HostHello
from fxai.pool.remote.versions import difference, own_versions

HELLO = HostHello("a", 1, PROTOCOL, own_versions(), ())


def test_equal_versions_have_no_difference() -> None:
    assert {"Python", "FxAI", "torch"} == own_versions().keys()
    assert not any("+" in version for version in own_versions().values())
    assert difference(HELLO, own_versions()) is None


def test_a_program_that_one_side_lacks_is_not_compared() -> None:
    assert difference(replace(HELLO, versions={**own_versions(), "Ray": "2.60.0"}), own_versions()) is None
    assert difference(replace(HELLO, versions={}), own_versions()) is None


def test_both_versions_are_named() -> None:
    other = replace(HELLO, versions={**own_versions(), "FxAI": "0.1", "torch": "1.0"})
    own = {"Python": own_versions()["Python"], "FxAI": "0.2", "torch": "1.1"}
    assert difference(other, own) == (
        "it has FxAI 0.1 and torch 1.0, and this study runs with FxAI 0.2 and torch 1.1; "
        "install the same versions on both"
    )


def test_another_version_of_the_messages_is_named() -> None:
    reason = difference(replace(HELLO, protocol=PROTOCOL + 1), own_versions())
    assert reason is not None
    assert f"version {PROTOCOL + 1}, and those of this study have version {PROTOCOL}" in reason
