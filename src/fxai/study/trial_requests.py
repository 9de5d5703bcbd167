"""Makes the requests of a study's trials to its workers."""

from collections.abc import Callable, Mapping
from pathlib import Path

from fxai.objectives.loader import load_signature
from fxai.protocol import MOST_STEP, Inherited, JsonObject, ParamValue, StoredReports, StudyIdentity, TrialRequest
from fxai.spec.fields.objective import argument_style_of, command_of, folder_of, name_of
from fxai.spec.search.configure import trial_settings
from fxai.spec.search.study import StudySpec


class TrialRequests:
    """The parts of a request that are equal for all trials of a study."""

    def __init__(self, spec: StudySpec, identity: StudyIdentity, most_step: int = MOST_STEP) -> None:
        """`most_step` is the greatest step of a report that the study's database holds."""
        self._spec, self._identity, self._most_step = spec, identity, most_step
        self._base_config = spec.training_config.model_dump(mode="json")
        self._signature: Callable[[JsonObject], str] | None = load_signature(name_of(spec.objective))

    @property
    def folds(self) -> int:
        """Number of trainings with different bars for each seed."""
        return self._spec.folds

    def of(
        self,
        number: int,
        params: Mapping[str, ParamValue],
        seeds: tuple[int, ...],
        directory: Path,
        *,
        attempt: int = 0,
        cohort: int = 0,
        inherited: Inherited | None = None,
        stored_reports: StoredReports | None = (),
    ) -> TrialRequest:
        """The request of one trial. This process validates the trial's configuration only here.

        Raises:
            InputError: The parameters make no valid configuration.
        """
        config, folder = trial_settings(self._spec, params), folder_of(self._spec.objective)
        return TrialRequest(
            study=self._spec.study_name,
            number=number,
            attempt=attempt,
            objective=name_of(self._spec.objective),
            params=params,
            config=config,
            base_config=self._base_config,
            seeds=seeds,
            folds=self._spec.folds,
            metric=self._spec.metric_name,
            directory=directory,
            score=self._spec.score or "",
            objectives=tuple(goal.metric for goal in self._spec.goals),
            command=command_of(self._spec.objective),
            argument_style=argument_style_of(self._spec.objective),
            folder=folder,
            signature="" if self._signature is None else self._signature(config),
            cohort=cohort,
            inherited=inherited,
            study_identity=self._identity,
            stored_reports=stored_reports,
            most_step=self._most_step,
        )
