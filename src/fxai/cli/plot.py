"""`fxai plot STUDY`: writes a study's plots again, for any metric of its trials."""

from fxai.cli.options import DEFAULT_RESULTS_DIR, DEFAULT_STORAGE, By, ResultsDir, StorageUrl, StudyName
from fxai.cli.output import print_text, stdout
from fxai.results.folder_key import check_folder
from fxai.results.paths import StudyPaths
from fxai.results.plots.write import write_plots
from fxai.results.rank_by import goal_named
from fxai.results.record import StudyRecord
from fxai.search.studies import load_study


def plot(
    study: StudyName,
    *,
    by: By = None,
    storage: StorageUrl = DEFAULT_STORAGE,
    results_dir: ResultsDir = DEFAULT_RESULTS_DIR,
) -> None:
    """Draw a study's plots for any metric of its trials.

    A run draws its plots at the end, as HTML pages that open without network. This command draws them again, also
    during a run. With --by, it draws them for another metric of the trials, into the folder by_METRIC.
    """
    stored, paths = load_study(storage, study), StudyPaths(results_dir, study)
    check_folder(paths, stored.user_attrs)
    goal = None if by is None else goal_named(StudyRecord.of(stored), by)
    print_text(stdout(), *map(str, write_plots(stored, paths, goal)))
