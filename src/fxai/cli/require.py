"""`--require better`: the exit code of a run depends on the verdicts of its studies."""

from collections.abc import Sequence
from typing import Annotated, TypeAlias

import typer

from fxai.errors import InputError
from fxai.evaluation.verdict_word import CAUTION, VerdictWord
from fxai.spec.checks.study_parts import parts_of
from fxai.spec.checks.winner_checks import no_verdict
from fxai.spec.search.study import StudySpec

BETTER = "better"

RequireVerdict: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--require",
        metavar=BETTER,
        help=f"Exit with 1 unless the verdict of each study is: {VerdictWord.BETTER}.",
    ),
]


def check_required(require: str | None, studies: Sequence[StudySpec]) -> None:
    """Check the value of `--require`, and that each study has a verdict.

    Raises:
        InputError: The value is unknown, or a study has no verdict.
    """
    if require is None:
        return
    if require != BETTER:
        raise InputError(f"--require {require}: the only value is {BETTER}")
    for study in studies:
        if study.verdict == "off":
            raise InputError(f"--require {BETTER}: {study.study_name} has verdict: off; remove this key from the spec")
        if reason := next(no_verdict(parts_of(study)), None):
            raise InputError(f"--require {BETTER}: {study.study_name} cannot have a verdict, which {reason}")


def missed(studies: Sequence[str]) -> str:
    """The reason of exit code 1, by the names of the studies whose verdict is another one."""
    return f"--require {BETTER}: the verdict is not better: {', '.join(studies)}"


def cautioned(studies: Sequence[str]) -> str:
    """What a run warns of that passes, by the names of the studies whose verdict says less."""
    return f"--require {BETTER}: the verdict is better, but {CAUTION}: {', '.join(studies)}"
