"""The pages in a real browser: figures drawn, in both themes, at the width of a phone, no error, no request."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import create_trial

from fxai.atomic_write import write_text
from fxai.results.paths import StudyPaths
from fxai.results.plots.write import write_plots
from fxai.results.report.index import write_reports
from fxai.results.report.write import write_report
from skip_marks import CHROMIUM, needs_browser

playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: `poetry install` in a clone")
pytestmark = needs_browser
PHONE = {"width": 390, "height": 844}


@dataclass
class Seen:
    """A page with its console errors and requests."""

    page: Any
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def draw_all(self) -> int:
        """Scroll through the page; how many of its places for figures have none."""
        height = self.page.evaluate("document.documentElement.scrollHeight")
        for top in range(0, height, 1400):  # figures are drawn well before they come into sight
            self.page.evaluate(f"scrollTo(0, {top})")
            self.page.wait_for_timeout(60)
        self.page.wait_for_function(
            "[...document.querySelectorAll('.plot')].every((each) => each.querySelector('svg'))"
        )
        return int(self.page.locator(".plot:not(:has(svg))").count())

    def background(self) -> str:
        return str(self.page.evaluate("getComputedStyle(document.body).backgroundColor"))

    def colours(self, name: str) -> str:
        return str(self.page.evaluate(f"JSON.stringify(document.getElementById('plot-{name}').data)"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def opened(chromium: Any, path: Path, viewport: dict[str, int], theme: str = "light") -> Seen:
    page = chromium.new_context(viewport=viewport, color_scheme=theme).new_page()
    seen = Seen(page)
    page.on("console", lambda message: seen.errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("request", lambda request: seen.requests.append(request.url))
    page.goto(path.as_uri())
    return seen


def test_a_report_is_drawn_whole_in_both_themes(chromium: Any, study: optuna.Study, tmp_path: Path) -> None:
    path = write_report(study, StudyPaths(tmp_path, "s"))
    seen = opened(chromium, path, PHONE)
    assert seen.draw_all() == 0
    assert seen.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    light, blue = seen.background(), seen.colours("history")
    seen.page.click("#theme")
    assert seen.background() != light
    seen.page.wait_for_function(
        "(before) => JSON.stringify(document.getElementById('plot-history').data) !== before", arg=blue
    )
    seen.page.select_option("#choose-metric", label="sharpe")
    seen.page.select_option("#choose-parameter", label="training.n_epochs")
    axes = seen.page.evaluate(
        "[chosen.layout.xaxis.title.text, chosen.layout.yaxis.title.text, chosen.data[0].x.length]"
    )
    assert axes == ["training.n_epochs", "sharpe", 20]
    assert seen.errors == []
    assert seen.requests == [path.as_uri()]


def test_on_paper_all_figures_are_there_and_light(chromium: Any, study: optuna.Study, tmp_path: Path) -> None:
    seen = opened(chromium, write_report(study, StudyPaths(tmp_path, "s")), {"width": 1280, "height": 900}, "dark")
    dark = seen.background()
    assert len(seen.page.pdf()) > 50_000
    assert seen.page.locator(".plot:not(:has(svg))").count() == 0  # though nobody has scrolled
    assert seen.background() == dark
    assert seen.errors == []


def test_hostile_names_do_nothing(chromium: Any, tmp_path: Path) -> None:
    study = optuna.create_study(study_name="<img src=x onerror=alert(1)>", direction="maximize")
    name = "</script><img src=x onerror=alert(2)><a href='https://example.org'>x</a>"
    for number in range(12):
        space: dict[str, Any] = {name: FloatDistribution(0, 1), "other": FloatDistribution(0, 1)}
        params = {name: number / 12, "other": (number * 5 % 12) / 12}
        study.add_trial(create_trial(value=number, params=params, distributions=space, user_attrs={name: 1.0}))
    path = write_report(study, StudyPaths(tmp_path, "s"))
    seen = opened(chromium, path, {"width": 1280, "height": 900})
    dialogs: list[str] = []
    seen.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    assert seen.draw_all() == 0
    assert dialogs == []
    assert seen.page.locator("img").count() == 0
    assert seen.page.locator("main a").count() == 0
    assert seen.requests == [path.as_uri()]
    assert seen.errors == []


def test_the_page_over_all_studies_leads_to_them(chromium: Any, study: optuna.Study, tmp_path: Path) -> None:
    *_, index = write_reports([study], tmp_path)
    seen = opened(chromium, index, PHONE)
    seen.page.click("a.study")
    assert seen.page.title() == "fx_ai_quick · report"
    assert seen.errors == []


def test_commands_are_copied_by_a_button(chromium: object, study: optuna.Study, tmp_path: Path) -> None:
    paths = StudyPaths(tmp_path, "s")
    write_text(paths.best_config, "")
    ended = optuna.create_study(direction="maximize")
    ended.add_trials(trial for trial in study.trials if trial.state.is_finished())
    write_text(paths.spec, "")
    seen = opened(chromium, write_report(ended, paths, "sqlite:///studies.db"), PHONE)
    seen.page.evaluate("() => { navigator.clipboard.writeText = async (text) => { window.copied = text } }")
    seen.page.locator("button.copy").first.click()
    seen.page.wait_for_selector("text=Copied")
    assert seen.page.evaluate("copied") == seen.page.locator(".command code").first.text_content()
    assert seen.page.evaluate("copied").startswith("fxai ")
    seen.page.evaluate("() => { navigator.clipboard.writeText = async () => { throw Error('denied') } }")
    seen.page.locator("button.copy").last.click()
    seen.page.wait_for_function("getSelection().toString().startsWith('fxai ')")
    assert seen.errors == []


def test_the_best_trials_table_fits_a_phone(chromium: object, study: optuna.Study, tmp_path: Path) -> None:
    seen = opened(chromium, write_report(study, StudyPaths(tmp_path, "s")), PHONE)
    tables = seen.page.locator("#best .scroll")
    assert tables.count() == 2
    for table in tables.all():
        assert table.evaluate("(each) => each.scrollWidth <= each.clientWidth")


def test_a_plot_is_drawn_in_both_themes_and_fits_a_phone(chromium: Any, study: optuna.Study, tmp_path: Path) -> None:
    pages = {path.name.partition(".")[0]: path for path in write_plots(study, StudyPaths(tmp_path, "s"))}
    for name in ("optimization_history", "slice_plot", "timeline"):  # slices are wider than a phone
        path = pages[name]
        seen = opened(chromium, path, PHONE, "dark")
        assert seen.draw_all() == 0, path.name
        assert seen.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"], path.name
        ink = "document.getElementById('plot-figure').layout.template.layout.font.color"
        dark = seen.background(), seen.page.evaluate(ink)
        seen.page.click("#theme")
        seen.page.wait_for_function(f"(before) => {ink} !== before", arg=dark[1])
        assert seen.background() != dark[0], path.name
        assert not seen.errors, path.name
        assert seen.requests == [path.as_uri(), (tmp_path / "plotly.min.js").as_uri()], path.name
        seen.page.close()
