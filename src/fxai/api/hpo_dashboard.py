"""Index page of the studies in a folder, and comparison of studies."""

from collections.abc import Sequence
from pathlib import Path

from fxai.api.studies import DEFAULT_RESULTS_DIR
from fxai.api.study_folders import studies_in
from fxai.results.comparison.comparison import Comparison
from fxai.results.comparison.reference import StudyReference
from fxai.spec.fields.environment import expanded_path
from fxai.study.progress_log import speaking_logger

_LOGGER = "HPOAnalyzer"


def create_hpo_dashboard(results_dir: str | Path = DEFAULT_RESULTS_DIR) -> Path:
    """Write the report of each study in a folder, and an `index.html` with links to all reports.

    Each results folder inside the folder, such as `task1_hpo_results/`, gets an `index.html` of its own. `fxai report
    --all` writes the same from a database; this function reads the results files. To watch a running search, use
    `fxai dashboard`.

    Returns:
        The path of `index.html`.
    """
    from fxai.results.report.folder_index import write_folder_index  # noqa: PLC0415 (plotly)
    from fxai.results.report.index import write_reports  # noqa: PLC0415

    folder = expanded_path(results_dir)
    found = studies_in(folder)
    places = {each.paths.results_dir for each in found.values()}
    for place in sorted(places):
        *_, index = write_reports([each.study for each in found.values() if each.paths.results_dir == place], place)
    if places == {folder.absolute()}:
        index = folder / index.name
    elif all(place.is_relative_to(folder.absolute()) for place in places):
        index = write_folder_index(folder, found)
    speaking_logger(_LOGGER).info("Dashboard: %s", index)
    return index


def compare_multiple_studies(
    study_paths: Sequence[tuple[str | Path, str]],
    metric_name: str | None = None,
    output: str | Path = "study_comparison.html",
) -> Comparison:
    """Compare studies: best values, curves, importances and parameters.

    Args:
        study_paths: For each study the database, an SQLite file or a URL, and the study's name.
        metric_name: Metric of the trials to compare by, e.g. "sharpe" or "Sharpe Ratio"; None for the metrics that the
            studies optimise.
        output: File of the HTML page.
    """
    from fxai.results.comparison.page import write_comparison  # noqa: PLC0415 (plotly)

    by = None if metric_name is None else metric_name.strip().lower().replace(" ", "_")
    named = [StudyReference(url_of(database), name) for database, name in study_paths]
    comparison = Comparison.of(named, by)
    speaking_logger(_LOGGER).info("Comparison: %s", write_comparison(comparison, Path(output)))
    return comparison


def url_of(database: str | Path) -> str:
    return str(database) if "://" in str(database) else f"sqlite:///{database}"
