"""A study in its database, read by plain SQL, only as far as needed.

Ten thousand trials have hundreds of thousands of rows. To find the best trials, `candidates` reads what ranks each
trial; `trials` reads everything of the trials that are named.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from fxai.protocol import ParamValue
from fxai.search import attributes
from fxai.search.attribute_shapes import check_trial, check_values
from fxai.search.rows import Rows
from fxai.search.stored_json import read_json
from fxai.search.stored_trial import StoredState, StoredTrial
from fxai.spec.search.steps import without_rounding_error

_NOT_FINITE = {"INF_POS": float("inf"), "INF_NEG": float("-inf"), "NAN": float("nan")}
_MARKS = ", ".join(f"'{name}'" for name in attributes.UNCOUNTED)
_UNCOUNTED = f"SELECT a.trial_id FROM trial_user_attributes a WHERE a.key IN ({_MARKS})"  # noqa: S608 - our own words
_MAX_NUMBERS = 500  # maximum numbers in one statement; with more, all trials are read and filtered


class StoredDirection(StrEnum):
    """Direction of an objective, as in Optuna's tables."""

    NOT_SET = "NOT_SET"
    MINIMIZE = "MINIMIZE"
    MAXIMIZE = "MAXIMIZE"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Data that rank a trial among the others."""

    number: int
    state: StoredState
    values: Sequence[float] | None
    infeasible: bool = False  # violates a constraint of its study; not trained
    copied: bool = False  # copied from another study
    keeps_bounds: bool = True  # whether Optuna's constraints hold, which studies of other programs may have

    @property
    def uncounted(self) -> bool:
        return self.infeasible or self.copied


@dataclass(frozen=True, slots=True)
class StoredStudy:
    """A study whose trials can be read while its database is open."""

    study_name: str
    directions: Sequence[StoredDirection]
    user_attrs: Mapping[str, Any]
    system_attrs: Mapping[str, Any]
    study_id: int
    rows: Rows

    @property
    def metric_names(self) -> Sequence[str] | None:
        return self.system_attrs.get("study:metric_names")

    def state_counts(self) -> Mapping[StoredState, int]:
        """Number of counted trials in each state."""
        counted = self.rows(
            "SELECT t.state, COUNT(*) FROM trials t "  # noqa: S608 - our own words
            f"WHERE t.study_id = :study AND t.trial_id NOT IN ({_UNCOUNTED}) GROUP BY t.state",
            study=self.study_id,
        )
        return {StoredState[state]: count for state, count in counted}

    def leader(self) -> tuple[int, float] | None:
        """Number and value of the best complete trial by the first objective, the earlier among equals."""
        way = "ASC" if self.directions[0] is StoredDirection.MINIMIZE else "DESC"
        found = self.rows(
            "SELECT t.number, v.value FROM trial_values v JOIN trials t ON t.trial_id = v.trial_id "  # noqa: S608
            "WHERE t.study_id = :study AND t.state = 'COMPLETE' AND v.objective = 0 AND v.value IS NOT NULL "
            f"AND t.trial_id NOT IN ({_UNCOUNTED}) ORDER BY v.value {way}, t.number LIMIT 1",
            study=self.study_id,
        )
        return (int(found[0][0]), float(found[0][1])) if found else None

    def metric_of(self, number: int, name: str) -> float | None:
        """A metric of a trial by its name; None if the trial does not have it as a number."""
        found = self.rows(
            "SELECT a.value_json FROM trial_user_attributes a JOIN trials t ON t.trial_id = a.trial_id "
            "WHERE t.study_id = :study AND t.number = :number AND a.key = :name",
            study=self.study_id,
            number=number,
            name=name,
        )
        value = read_json(found[0][0]) if found else None
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def candidates(self) -> list[Candidate]:
        """All trials, ordered by number."""
        values = self._values()
        marked = set(map(tuple, self._trial_rows("trial_user_attributes", "trial_id, key", f"AND x.key IN ({_MARKS})")))
        bounds = self._attrs("trial_system_attributes", f"AND x.key LIKE '{attributes.BOUNDS}%'")
        found = [
            Candidate(
                number=number,
                state=StoredState[state],
                values=values.get(trial),
                infeasible=(trial, attributes.INFEASIBLE) in marked,
                copied=(trial, attributes.TRANSFERRED) in marked,
                keeps_bounds=trial not in bounds or attributes.keeps_bounds(bounds[trial]),
            )
            for trial, number, state in self._trial_rows("trials", "trial_id, number, state", order="number")
        ]
        for each in found:
            check_values(each.values, len(self.directions), each.state)
        return found

    def trials(self, numbers: Collection[int] | None = None) -> list[StoredTrial]:
        """Trials with all their data, ordered by number; all trials if `numbers` is None."""
        few = numbers is not None and len(numbers) <= _MAX_NUMBERS
        chosen = f"AND t.number IN ({', '.join(map(str, [int(n) for n in numbers or ()])) or 'NULL'})" if few else ""
        values, params, reports = self._values(chosen), self._params(chosen), self._reports(chosen)
        user_attrs = self._attrs("trial_user_attributes", chosen)
        system_attrs = self._attrs("trial_system_attributes", chosen)
        columns = "trial_id, number, state, datetime_start, datetime_complete"
        found = [
            StoredTrial(
                number=number,
                state=StoredState[state],
                values=values.get(trial),
                params=params.get(trial, {}),
                user_attrs=user_attrs.get(trial, {}),
                system_attrs=system_attrs.get(trial, {}),
                intermediate_values=reports.get(trial, {}),
                datetime_start=_local(started),
                datetime_complete=_local(ended),
            )
            for trial, number, state, started, ended in self._trial_rows("trials", columns, chosen, order="number")
            if numbers is None or number in numbers
        ]
        for each in found:
            check_trial(each, len(self.directions))
        return found

    def _values(self, chosen: str = "") -> Mapping[int, list[float]]:
        values: defaultdict[int, list[float]] = defaultdict(list)
        rows = self._trial_rows("trial_values", "trial_id, value, value_type", chosen, order="objective")
        for trial, value, kind in rows:
            values[trial].append(_NOT_FINITE.get(kind, value))
        return values

    def _params(self, chosen: str) -> Mapping[int, dict[str, ParamValue]]:
        params: defaultdict[int, dict[str, ParamValue]] = defaultdict(dict)
        columns = "trial_id, param_name, param_value, distribution_json"
        for trial, name, value, distribution in self._trial_rows("trial_params", columns, chosen, order="param_id"):
            params[trial][name] = _external(value, distribution)
        return params

    def _reports(self, chosen: str) -> Mapping[int, dict[int, float]]:
        reports: defaultdict[int, dict[int, float]] = defaultdict(dict)
        columns = "trial_id, step, intermediate_value, intermediate_value_type"
        order = "trial_intermediate_value_id"
        for trial, step, value, kind in self._trial_rows("trial_intermediate_values", columns, chosen, order=order):
            reports[trial][step] = _NOT_FINITE.get(kind, value)
        return reports

    def _attrs(self, table: str, chosen: str) -> Mapping[int, dict[str, Any]]:
        attrs: defaultdict[int, dict[str, Any]] = defaultdict(dict)
        for trial, key, text in self._trial_rows(table, "trial_id, key, value_json", chosen, order=f"{table[:-1]}_id"):
            attrs[trial][key] = read_json(text)
        return attrs

    def _trial_rows(self, table: str, columns: str, condition: str = "", order: str = "trial_id") -> list[Any]:
        """Columns of a table's rows that belong to the study's trials; `x` is the table, `t` are the trials.

        Every name is qualified, because some of Optuna's names are SQL keywords.
        """
        selected = ", ".join(f"x.{column.strip()}" for column in columns.split(","))
        return self.rows(
            f"SELECT {selected} FROM {table} x JOIN trials t ON t.trial_id = x.trial_id "  # noqa: S608 - our own words
            f"WHERE t.study_id = :study {condition} ORDER BY x.{order}",
            study=self.study_id,
        )


def _external(value: float, distribution: str) -> ParamValue:
    """The value of a parameter from its number and its distribution in JSON."""
    kind = _kind(distribution)
    if kind.choices is not None:
        if not 0 <= value < len(kind.choices):
            raise ValueError(f"a choice {value!r} of {len(kind.choices)}")
        return kind.choices[int(value)]
    if kind.whole:
        return int(value)
    return value if kind.steps is None else without_rounding_error(value, *kind.steps)


class _Kind(NamedTuple):
    """Kind of a distribution's values."""

    whole: bool
    choices: Sequence[ParamValue] | None
    steps: tuple[float, float, float] | None  # of floats: low, high, step


@lru_cache(maxsize=4096)
def _kind(distribution: str) -> _Kind:
    written = read_json(distribution)
    name = written.get("name", written.get("type"))
    if not isinstance(name, str):
        raise ValueError(f"a distribution without a type: {distribution[:40]!r}")  # noqa: TRY004 - as bad JSON is
    values = written.get("attributes", written)  # Optuna reads a shorter form, too
    step = values.get("step", values.get("q"))
    return _Kind(
        whole=name.lower().startswith("int"),
        choices=values.get("choices"),
        steps=None if step is None else (values["low"], values["high"], step),
    )


def _local(moment: datetime | str | None) -> datetime | None:
    """UTC without a zone (text in SQLite) as local time without a zone."""
    if moment is None:
        return None
    read = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return read.replace(tzinfo=UTC).astimezone().replace(tzinfo=None)
