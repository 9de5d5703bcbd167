"""The dashboard in a real browser: Debian's chromium, where it is installed."""

import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fxai.dashboard.serve import Shown, dashboard_server
from fxai.protocol import Report, TrialResult, TrialState
from fxai.results.paths import StudyPaths
from fxai.results.plots.write import write_plots
from fxai.results.report.index import index_page, write_row
from fxai.results.report.write import write_report
from fxai.results.shown_files import shown_files
from fxai.search.open_search import open_search
from fxai.search.studies import load_study
from fxai.search.study import Search
from fxai.spec.search.parameters import FloatParameter
from fxai.spec.search.study import StudySpec
from skip_marks import CHROMIUM, needs_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: `poetry install` in a clone")
pytestmark = needs_browser
LOAD_MS = 60_000  # of a page, on a machine that others share


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Search]:
    """A study under way: three trials complete, one begun."""
    spec = StudySpec(
        study_name="under_way",
        storage=f"sqlite:///{tmp_path / 'studies.db'}",
        parameters=(FloatParameter(name="training.gamma", low=0.9, high=0.99),),
    )
    with open_search(spec, spec.storage, fingerprint={}, default_params={"training.gamma": 0.95}) as search:
        for value in (0.1, 0.3, 0.2):
            _complete(search, value)
        search.ask()
        yield search


def _complete(search: Search, value: float) -> None:
    asked = search.ask()
    assert asked is not None
    search.report(Report(asked.number, 1, value))
    search.tell(TrialResult(asked.number, TrialState.COMPLETE, 1.0, value))


@pytest.fixture
def address(running: Search, tmp_path: Path) -> Iterator[str]:
    """Of the dashboard of that study, which has a file among its results."""
    folder = tmp_path / "results" / "under_way"
    folder.mkdir(parents=True)
    (folder / "report.html").write_text("<title>ours</title><script>document.title = window.origin</script>")
    write_row(load_study(f"sqlite:///{tmp_path / 'studies.db'}", "under_way"), StudyPaths(folder.parent, "under_way"))
    results = tmp_path / "results"
    shown = Shown(f"sqlite:///{tmp_path / 'studies.db'}", partial(shown_files, results), partial(index_page, results))
    with dashboard_server(shown, 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def page(browser: "Browser", address: str) -> Iterator["Page"]:
    """A page of that address, which must have no error and no request to another host."""
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.set_default_timeout(LOAD_MS)
    wrong: list[str] = []
    own = (address, "blob:", "data:", "file:")
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on(
        "request",
        lambda request: None if request.url.startswith(own) else wrong.append(request.url),
    )
    yield page
    context.close()
    assert wrong == []


def _history(page: "Page") -> list[int]:
    """How many points each curve of the history has."""
    return list(page.evaluate("[...document.querySelector('#plot-history').data].map(curve => (curve.x || []).length)"))


def test_studies_are_listed_and_a_running_ones_history_moves(page: "Page", running: Search) -> None:
    page.clock.install()
    page.goto("/dashboard")
    page.get_by_text("under_way").first.click()
    page.wait_for_selector("#plot-history .main-svg")
    page.wait_for_function("document.querySelector('#plot-history').data.some(curve => (curve.x || []).length == 3)")
    assert page.locator("#plot-history path.point").count() >= 3
    assert 4 not in _history(page)
    _complete(running, 0.4)
    running.flush()
    page.clock.fast_forward(30_000)  # until it asks again, of its own accord
    page.wait_for_function("document.querySelector('#plot-history').data.some(curve => (curve.x || []).length == 4)")


def test_reports_and_files_are_a_click_away(page: "Page") -> None:
    page.goto("/dashboard")
    page.get_by_text("Reports and files").click()
    page.get_by_role("link", name="All files").click()
    page.get_by_role("link", name="report.html").click()
    page.wait_for_function("document.title == 'null'")  # of no origin, so that it cannot reach the dashboard


def test_the_report_is_drawn_from_its_file_alone(browser: "Browser", running: Search, tmp_path: Path) -> None:
    for place in range(9):
        _complete(running, 0.1 * place)
    study = load_study(f"sqlite:///{tmp_path / 'studies.db'}", "under_way")
    report = write_report(study, StudyPaths(tmp_path / "results", "under_way"))
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(LOAD_MS)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report.as_uri())
    page.wait_for_selector(".js-plotly-plot .main-svg")
    assert page.locator(".js-plotly-plot path.point").count() > 0
    assert wrong == []
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [report.as_uri()]
    context.close()


def test_pages_of_plots_are_drawn_from_a_moved_folder_and_in_the_dashboard(
    page: "Page", running: Search, tmp_path: Path
) -> None:
    study = load_study(f"sqlite:///{tmp_path / 'studies.db'}", "under_way")
    write_plots(study, StudyPaths(tmp_path / "results", "under_way"))
    page.goto("/fxai/under_way/optimization_history.html")
    page.wait_for_selector(".js-plotly-plot .main-svg")
    moved = (tmp_path / "results").rename(tmp_path / "moved folder")
    page.goto((moved / "under_way" / "optimization_history.html").as_uri())
    page.wait_for_selector(".js-plotly-plot .main-svg")


def test_a_plot_without_its_results_folder_shows_why(browser: "Browser", running: Search, tmp_path: Path) -> None:
    study = load_study(f"sqlite:///{tmp_path / 'studies.db'}", "under_way")
    history, *_ = write_plots(study, StudyPaths(tmp_path / "results", "under_way"))
    alone = history.rename(tmp_path / history.name)
    context = browser.new_context()
    page = context.new_page()
    page.goto(alone.as_uri())
    page.get_by_text("moved without the rest of its results folder").wait_for(timeout=LOAD_MS)
    context.close()


def test_a_page_of_another_name_gets_nothing(browser: "Browser", address: str) -> None:
    context = browser.new_context()
    answer = context.request.get(f"{address}/dashboard", headers={"Host": "evil.example:8052"})
    assert answer.status == 403
    page = context.new_page()
    page.set_content(f'<iframe id="inside" src="{address}/dashboard"></iframe>')
    page.wait_for_timeout(500)
    assert page.frames[1].evaluate("document.querySelector('script[src]') === null")  # refused to be framed
    context.close()


EDITING = (
    ("/dashboard", "button[aria-label='delete study'], button[aria-label='rename study']", 2),
    ("/dashboard", "button:has(svg[data-testid=AddBoxIcon])", 1),
    ("/dashboard/studies/1/note", "button:has(svg[data-testid=EditIcon])", 1),
)


@pytest.mark.parametrize(("path", "buttons", "count"), EDITING)
def test_buttons_that_it_refuses_are_hidden(page: "Page", path: str, buttons: str, count: int) -> None:
    page.goto(path)
    page.wait_for_selector(buttons, state="attached")
    assert page.locator(buttons).count() == count
    assert not any(button.is_visible() for button in page.locator(buttons).all())
    assert page.get_by_text("Reports and files").is_visible()
