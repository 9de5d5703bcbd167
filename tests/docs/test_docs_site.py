"""The documentation site, built as `poe docs` builds it: broken links are errors."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import fxai
from docs.pages import DOCS, PAGES, REPOSITORY


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    folder = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    built = subprocess.run(build, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder


def test_it_has_every_page_of_the_docs(site: Path) -> None:
    for page in set(PAGES) - {DOCS / "README.md"}:
        assert (site / page.relative_to(DOCS)).with_suffix(".html").is_file()


@pytest.mark.parametrize("page", ["index", "overview", "api", "benchmarks", "changelog", "contributing"])
def test_it_has_the_pages_from_outside_the_docs(site: Path, page: str) -> None:
    assert (site / f"{page}.html").is_file()


def test_a_linked_file_of_the_repository_is_shown(site: Path) -> None:
    page = (site / "repository" / "examples" / "hpo_example.py.html").read_text()
    assert "HPOptimizer" in page
    assert 'href="repository/examples/hpo_example.py.html"' in (site / "index.html").read_text()


@pytest.mark.parametrize("name", fxai.__all__)
def test_the_api_page_has_a_section_for_every_exported_name(site: Path, name: str) -> None:
    assert f'id="fxai.{name}"' in (site / "api.html").read_text()


def test_no_page_loads_anything_from_another_machine(site: Path) -> None:
    for page in site.rglob("*.html"):
        loaded = re.findall(r'<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)="([^"]+)"', page.read_text())
        assert loaded
        assert not [address for address in loaded if "//" in address], page


def test_no_link_of_a_page_leads_to_a_file_that_is_not_there(site: Path) -> None:
    for page in site.rglob("*.html"):
        for link in re.findall(r'<(?:a|img)\b[^>]*\b(?:src|href)="([^"#:]+)["#]', page.read_text()):
            if page.name != "404.html":
                assert (page.parent / link).resolve().exists(), (page, link)
