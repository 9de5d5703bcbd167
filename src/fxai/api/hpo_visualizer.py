"""`HPOVisualizer`: figures and report of a search."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fxai.api.analysis import Analysis
from fxai.api.figure_file import save_figure
from fxai.atomic_write import write_text
from fxai.results.strict_json import json_text
from fxai.results.study_results import StudyResults
from fxai.study.progress_log import speaking_logger

_MOST = 1000  # trials in a figure; the best one is always included


class HPOVisualizer:
    """Draws the results of `HPOptimizer.optimize` and `load_results`.

    Each method returns a plotly figure. With `save_path` it also writes the figure: as HTML, or as a picture if the
    extra kaleido is installed. A method raises an error with the reason if the study does not have the data yet.
    """

    def __init__(self) -> None:
        self._logger = speaking_logger("HPOVisualizer")

    def plot_optimization_history(self, results: StudyResults, save_path: str | Path | None = None) -> Any:
        """The value of each trial, and the best so far."""
        from fxai.results.plots.figures import optimization_history  # noqa: PLC0415 (plotly)

        return self._shown(
            optimization_history(_few(results)), f"{results.name}: history", save_path, trading=results.record.trading
        )

    def plot_parameter_importance(self, analysis: Analysis | StudyResults, save_path: str | Path | None = None) -> Any:
        """The importance of each parameter with its interval; with too few trials a figure with the reason."""
        from fxai.results.plots.absent_figure import AbsentFigureError, figure_with_reason  # noqa: PLC0415
        from fxai.results.plots.parameter_figures import importance_bars  # noqa: PLC0415

        found = (analysis if isinstance(analysis, Analysis) else Analysis.of(analysis)).found
        try:
            figure = importance_bars(found)
        except AbsentFigureError as absent:
            figure = figure_with_reason(str(absent))
        return self._shown(figure, f"{found.study}: importances", save_path, trading=found.trading)

    def plot_parallel_coordinates(
        self, results: StudyResults, top_k: int = 20, save_path: str | Path | None = None
    ) -> Any:
        """The best `top_k` trials, each as a line through its parameters; a darker line is better."""
        from fxai.results.plots.figures import parallel_coordinate  # noqa: PLC0415
        from fxai.results.study_subset import StudySubset  # noqa: PLC0415

        best = {trial.number for trial in results.record.ranked()[:top_k]}
        top = [trial for trial in results.study.get_trials(deepcopy=False) if trial.number in best]
        figure = parallel_coordinate(StudySubset(results.study, top))
        return self._shown(
            figure, f"{results.name}: the best {len(top)} trials", save_path, trading=results.record.trading
        )

    def plot_parameter_distributions(self, results: StudyResults, save_path: str | Path | None = None) -> Any:
        """The distribution of each parameter in the best fifth of the trials and in the other trials."""
        from fxai.results.plots.parameter_figures import parameter_distributions  # noqa: PLC0415

        return self._shown(
            parameter_distributions(results.study),
            f"{results.name}: parameters",
            save_path,
            trading=results.record.trading,
        )

    def plot_metric_vs_parameter(
        self,
        results: StudyResults,
        parameter: str,
        metric: str | None = None,
        save_path: str | Path | None = None,
    ) -> Any:
        """A metric of the trials by one parameter; the metric that the study optimises if `metric` is None."""
        from fxai.results.plots.parameter_figures import metric_vs_parameter  # noqa: PLC0415

        figure = metric_vs_parameter(results.study, parameter, metric)
        return self._shown(figure, f"{results.name}: {parameter}", save_path, trading=results.record.trading)

    def create_summary_report(
        self,
        results: StudyResults,
        analysis: Mapping[str, Any] | None = None,
        output_dir: str | Path | None = None,
    ) -> Path:
        """Write the study's report, a page that opens without network, and `analysis.json`.

        Args:
            results: The study.
            analysis: Content of `analysis.json`; computed if None.
            output_dir: Folder of both files; the study's folder if None.

        Returns:
            The path of the page.
        """
        from fxai.results.report.write import report_of, save_report  # noqa: PLC0415

        results.check_folder()
        folder = results.paths.directory if output_dir is None else Path(output_dir)
        index = "../index.html" if (folder.parent / "index.html").is_file() else ""
        report = report_of(results.study, results.paths, results.storage)
        page = save_report(report, folder / results.paths.report.name, index)
        document = analysis if analysis is not None else Analysis.of(results)
        write_text(folder / "analysis.json", json_text(dict(document)))
        self._logger.info("Report: %s", page)
        return page

    def _shown(self, figure: Any, title: str, save_path: str | Path | None, *, trading: bool) -> Any:
        """The figure with the common layout and a title, saved if `save_path` is given."""
        from fxai.results.plots.write import dressed  # noqa: PLC0415

        shown = dressed(figure, trading=trading).update_layout(title=title, margin={"t": 80})
        if save_path is not None:
            self._logger.info("Figure: %s", save_figure(shown, save_path, self._logger))
        return shown


def _few(results: StudyResults) -> Any:
    from fxai.results.sampled_study import sampled  # noqa: PLC0415

    return sampled(results.study, _MOST)
