"""The options `--join` and `--join-address` of `fxai run`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from fxai.errors import InputError
from fxai.spec.search.study import Spec

if TYPE_CHECKING:
    from fxai.study.join.listen_address import ListenAddress

JoinStudies: TypeAlias = Annotated[
    bool,
    typer.Option("--join", help="Run the studies together with other runs that have the same database on a server."),
]
JoinAddress: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--join-address",
        metavar="HOST[:PORT]",
        help="Address of this machine at which the other runs of --join reach it.",
    ),
]


@dataclass(frozen=True, slots=True)
class Joining:
    """How a run joins other runs."""

    listen: "ListenAddress | None"  # None: the address by which it reaches the database


def joining_of(plan: Spec, *, join: bool, address: str | None, fresh: bool, replay: Path | None) -> Joining | None:
    """How the run joins other runs; None without `--join`.

    Raises:
        InputError: The studies cannot be joined, or an option does not go with `--join`.
    """
    if not join:
        if address is not None:
            raise InputError("--join-address is of a run with --join; add --join, or leave out the address")
        return None
    if fresh:
        raise InputError("--join: --fresh would archive the study of the other runs; give the study another study_name")
    if replay is not None:
        raise InputError("--join: --replay repeats the decisions of a study in a single run; leave out --join")
    from fxai.search.study_lease import check_joinable  # noqa: PLC0415 - SQLAlchemy, as below
    from fxai.study.join.listen_address import parse_listen_address  # noqa: PLC0415

    for study in plan.studies:
        check_joinable(study.storage)
    return Joining(None if address is None else parse_listen_address(address))
