"""`HPOAnalyzer`: plots, comparison and best configurations of the studies in a folder."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from fxai.api.analysis import Analysis
from fxai.api.figure_file import save_figure
from fxai.api.study_folders import of_name, one_of, studies_in, task_of, unknown
from fxai.atomic_write import write_text
from fxai.formatting import assignments
from fxai.results.strict_json import json_text, json_value
from fxai.results.study_results import StudyResults
from fxai.spec.fields.environment import expanded_path
from fxai.spec.search.metrics import Metrics
from fxai.study.progress_log import speaking_logger

_MOST_IMPORTANT = 3  # parameters
_SUFFIX = "_results"


class HPOAnalyzer:
    """Analyses the studies in a folder: a results folder, or the folder of one study.

    It reads `<study>_results.json` and needs no database. `analyzer.NAME_results["best_params"]` are the best
    parameters of the study NAME, or of the study whose name begins with NAME. If several studies match, or NAME is a
    task (`task1_hpo_results/`), the best of them is used, if they optimise one metric.
    """

    def __init__(self, results_dir: str | Path) -> None:
        self.results_dir = expanded_path(results_dir)
        self.studies: Mapping[str, StudyResults] = studies_in(self.results_dir)
        self._logger = speaking_logger("HPOAnalyzer")

    def create_optimization_plots(self, study: str | None = None, save_path: str | Path | None = None) -> Any:
        """One plotly figure with a study's history, importances and most important parameters.

        Args:
            study: Name of the study, or the beginning of the name; not needed for a single study.
            save_path: File to write: HTML, or a picture if the extra kaleido is installed.
        """
        from fxai.results.plots.overview_figure import overview  # noqa: PLC0415 (plotly)
        from fxai.results.plots.write import dressed  # noqa: PLC0415

        chosen = self.study(study)
        drawn = dressed(overview(chosen.study), trading=chosen.record.trading)
        figure = drawn.update_layout(title=chosen.name, margin={"t": 100})
        if save_path is not None:
            self._logger.info("Figure: %s", save_figure(figure, save_path, self._logger))
        return figure

    def generate_comparison_report(self) -> str:
        """The studies as plain text: goal, trials, best trial, most important parameters and convergence of each."""
        blocks = ["\n".join(_lines(label, results)) for label, results in self.studies.items()]
        title = "1 study" if len(blocks) == 1 else f"{len(blocks)} studies"
        return "\n\n".join((f"{title} in {self.results_dir}", *blocks))

    def export_best_configurations(self, output_dir: str | Path) -> Sequence[Path]:
        """Write `<study>_best_config.json` for each study with a best trial: `best_params` and the whole config.

        The best study of a task, of `task1_thorough_hpo` or of a folder `task1_hpo_results`, is also written as
        `task1_best_config.json`.

        Returns:
            The paths of the written files.
        """
        chosen: dict[str, StudyResults] = {}
        for label, results in self.studies.items():
            if results.record.best is None:
                self._logger.warning("%s has no best trial: no trial has completed", label)
            else:
                chosen[label.replace("/", "_")] = results
        for task in dict.fromkeys(filter(None, map(task_of, chosen.values()))):
            best = one_of(each for each in self.studies.values() if task_of(each) == task)
            if best is None:
                self._logger.warning("%s: the studies optimise different metrics, so there is no best study", task)
            else:
                chosen.setdefault(task, best)
        written = [Path(output_dir) / f"{name}_best_config.json" for name in chosen]
        for path, results in zip(written, chosen.values(), strict=True):
            write_text(path, json_text(_best(results)))
        return written

    def study(self, name: str | None = None) -> StudyResults:
        """One study.

        Args:
            name: Name of the study, the beginning of the name, or a task; not needed for a single study. If several
                studies match, the best of them is chosen, if they optimise one metric, and logged.

        Raises:
            InputError: No study matches, or several without a common metric.
        """
        matching = list(self.studies.values()) if name is None else of_name(name, self.studies)
        chosen = one_of(matching) if name is not None or len(matching) == 1 else None
        if chosen is None:
            raise unknown(name, self.studies, self.results_dir, several=len(matching) > 1)
        if len(matching) > 1:
            self._logger.info("%s: the best of %d studies is %s", name, len(matching), chosen.name)
        return chosen

    def __getattr__(self, name: str) -> Mapping[str, Any]:
        if not name.endswith(_SUFFIX) or name.startswith("_"):
            raise AttributeError(f"HPOAnalyzer has no {name!r}")
        return _best(self.study(name.removesuffix(_SUFFIX)))


def _best(results: StudyResults) -> dict[str, Any]:
    best, record = results.best, results.record
    config = results.paths.best_config
    complete = yaml.safe_load(config.read_text(encoding="utf-8")) if config.is_file() else None
    return {
        "study": record.name,
        "metric": record.metric,
        "direction": record.direction,
        "best_trial": best.number,
        "best_value": json_value(best.value),
        **best.errors.as_json(),
        "best_params": json_value(best.params),
        "metrics": Metrics({name: json_value(value) for name, value in best.metrics.items()}),
        "config": complete,
    }


def _lines(label: str, results: StudyResults) -> Iterator[str]:
    summary, analysis = results.summary, Analysis.of(results)
    yield f"{label}: {summary.direction} {summary.metric}"
    yield f"  trials: {summary.completed} completed, {summary.pruned} pruned, {summary.failed} failed"
    if results.record.best is None:
        yield "  no trial has completed"
        return
    yield f"  best: {results.best_text} by trial {summary.best_trial}"
    yield f"  with: {assignments(results.best_params)}"
    important = [each for each in analysis.found.importances if each.excludes_chance][:_MOST_IMPORTANT]
    if important:
        yield f"  more important than chance: {', '.join(f'{each.name} ({each.share:.2f})' for each in important)}"
    yield f"  convergence: {analysis.found.convergence.reason}"
