"""The keys `walk_forward` and `combinatorial` of a study's `validation`: how a trial is trained on several folds."""

import math
from typing import Final, Literal

from pydantic import Field, model_validator

from fxai.spec.fields.defaults import MAX_COUNT
from fxai.spec.fields.record import Record

MOST_FOLDS: Final = 1_000  # trainings of a trial with one seed
_PURGE = "by default the longest window of data.features plus the longest env.observation_window minus 1"


class WalkForwardConfig(Record):
    """Walk-forward validation: the validation split is cut into equal test windows that follow each other.

    For each window a training uses bars before it. The first training uses the train split.
    """

    folds: int = Field(default=5, ge=2, le=MOST_FOLDS, description="number of test windows, and of trainings per seed")
    scheme: Literal["rolling", "anchored"] = Field(
        default="rolling",
        description="rolling: each training has as many bars as the train split; anchored: all bars before the window",
    )
    purge: int | None = Field(
        default=None,
        ge=0,
        le=MAX_COUNT,
        description=f"bars left out between the end of a training and its test window; {_PURGE}",
    )


class CombinatorialConfig(Record):
    """Combinatorial purged validation: the bars of train and validation split are cut into groups.

    Each choice of `test_groups` groups scores a training on the other groups.
    """

    groups: int = Field(default=6, ge=3, le=100, description="number of groups")
    test_groups: int = Field(default=2, ge=2, le=99, description="groups that score a training")
    purge: int | None = Field(
        default=None, ge=0, le=MAX_COUNT, description=f"bars left out at both sides of a test group; {_PURGE}"
    )
    embargo: int = Field(default=0, ge=0, le=MAX_COUNT, description="further bars left out after a test group")
    first_bar: int | None = Field(
        default=None,
        ge=0,
        le=MAX_COUNT,
        description="index of the first bar of the first group; by default the first bar whose windows are complete in "
        "every trial",
    )

    @model_validator(mode="after")
    def _are_trainings(self) -> "CombinatorialConfig":
        if self.test_groups >= self.groups:
            raise ValueError(f"test_groups {self.test_groups} leaves no group to train on; it must be below groups")
        if self.folds > MOST_FOLDS:
            raise ValueError(
                f"{self.groups} groups with test_groups {self.test_groups} are {self.folds:,} trainings per seed, more "
                f"than {MOST_FOLDS:,}; use fewer groups"
            )
        return self

    @property
    def folds(self) -> int:
        """Number of trainings per seed."""
        return math.comb(self.groups, self.test_groups)
