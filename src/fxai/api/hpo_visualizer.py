"""`HPOVisualizer`: the figures of a search one by one, and its report."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fxai.api.analysis import Analysis
from fxai.api.figure_file import save_figure
from fxai.atomic_write import write_text
from fxai.results.strict_json import json_text
from fxai.results.study_results import StudyResults
from fxai.study.progress_log import speaking_logger

_MOST = 1000  # trials of a figure; the best is always among them


class HPOVisualizer:
    """Draws what `HPOptimizer.optimize` and `load_results` return.

    Each method returns a figure of plotly's, which a notebook shows, and writes it to `save_path` if that is given:
    HTML, or a picture where the extra kaleido is installed. A figure that cannot be drawn yet raises an error that says
    why.
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
        """How much each parameter matters, with intervals where there are trials enough."""
        from fxai.results.plots.parameter_figures import importance_bars  # noqa: PLC0415

        found = (analysis if isinstance(analysis, Analysis) else Analysis.of(analysis)).found
        return self._shown(importance_bars(found), f"{found.study}: importances", save_path, trading=found.trading)

    def plot_parallel_coordinates(
        self, results: StudyResults, top_k: int = 20, save_path: str | Path | None = None
    ) -> Any:
        """The best `top_k` trials, each a line through all its parameters; the darker, the better."""
        from fxai.results.plots.figures import parallel_coordinate  # noqa: PLC0415
        from fxai.results.study_subset import StudySubset  # noqa: PLC0415

        best = {trial.number for trial in results.record.ranked()[:top_k]}
        top = [trial for trial in results.study.get_trials(deepcopy=False) if trial.number in best]
        figure = parallel_coordinate(StudySubset(results.study, top))
        return self._shown(
            figure, f"{results.name}: the best {len(top)} trials", save_path, trading=results.record.trading
        )

    def plot_parameter_distributions(self, results: StudyResults, save_path: str | Path | None = None) -> Any:
        """Where in each range the best fifth of the trials lies, beside all others."""
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
        """A metric of the trials against one parameter; what the study optimised unless another is named."""
        from fxai.results.plots.parameter_figures import metric_vs_parameter  # noqa: PLC0415

        figure = metric_vs_parameter(results.study, parameter, metric)
        return self._shown(figure, f"{results.name}: {parameter}", save_path, trading=results.record.trading)

    def create_summary_report(
        self,
        results: StudyResults,
        analysis: Mapping[str, Any] | None = None,
        output_dir: str | Path | None = None,
    ) -> Path:
        """Write the report of the study, one page that opens without network, and the analysis beside it as JSON.

        They go into `output_dir`, the study's own folder unless given. Returns the path of the page.
        """
        from fxai.results.report.write import report_of, save_report  # noqa: PLC0415

        results.check_folder()
        folder = results.paths.directory if output_dir is None else Path(output_dir)
        index = "../index.html" if (folder.parent / "index.html").is_file() else ""
        report = report_of(results.study, results.paths, results.storage)
        page = save_report(report, folder / results.paths.report.name, index)
        told = analysis if analysis is not None else Analysis.of(results)
        write_text(folder / "analysis.json", json_text(dict(told)))
        self._logger.info("Report: %s", page)
        return page

    def _shown(self, figure: Any, title: str, save_path: str | Path | None, *, trading: bool) -> Any:
        """In one look for all, with a title, and saved if so."""
        from fxai.results.plots.write import dressed  # noqa: PLC0415

        shown = dressed(figure, trading=trading).update_layout(title=title, margin={"t": 80})
        if save_path is not None:
            self._logger.info("Figure: %s", save_figure(shown, save_path, self._logger))
        return shown


def _few(results: StudyResults) -> Any:
    from fxai.results.sampled_study import sampled  # noqa: PLC0415

    return sampled(results.study, _MOST)
