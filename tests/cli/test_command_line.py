"""The guide's options without a command."""

import pytest

from fxai.cli.command_line import with_command


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ([], ["--help"]),
        (["--help"], ["--help"]),
        (["--version"], ["--version"]),
        (["--spec", "a.yaml"], ["run", "--spec", "a.yaml"]),
        (["--n-jobs", "8", "--spec", "a.yaml"], ["run", "--n-jobs", "8", "--spec", "a.yaml"]),
        (["--study", "x"], ["run", "--study", "x"]),
        (["--show-best", "x"], ["best", "x"]),
        (["--show-best=x"], ["best", "x"]),
        (["--storage", "sqlite:///a.db", "--show-best", "x"], ["best", "--storage", "sqlite:///a.db", "x"]),
        (["--show-results"], ["results"]),
        (["--dashboard", "--port", "80"], ["dashboard", "--port", "80"]),
        (["best", "--show-best"], ["best", "--show-best"]),
        (["check", "a.yaml"], ["check", "a.yaml"]),
    ],
)
def test_options_without_a_command(given: list[str], meant: list[str]) -> None:
    assert with_command(given) == meant
