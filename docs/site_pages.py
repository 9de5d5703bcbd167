"""Adds the pages of the documentation site that are not files of `docs/`. MkDocs calls the functions `on_...`.

The README, the changelog, CONTRIBUTING.md and the benchmark results become pages of the site. Every other file of the
repository that a page links to becomes a page that shows the file. The page of the Python API has one section for each
name that `fxai` exports; mkdocstrings fills it from the docstrings.

Links in Markdown are written for the repository. The site has the same pages at other paths, so links that leave
`docs/` are rewritten when a page is read.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, relpath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

import fxai

REPOSITORY = Path(__file__).parents[1]
DOCS = REPOSITORY / "docs"
PAGES = {
    "README.md": "overview.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/RESULTS.md": "benchmarks.md",
}
LINK = re.compile(r"(?<=\]\()(?P<path>[^)\s#:]+)(?=[)#])")
LANGUAGES = {".py": "python", ".yaml": "yaml", ".sh": "bash", ".ipynb": "json"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the API page, the pages of `PAGES`, and the files that pages link to."""
    files.append(File.generated(config, "api.md", content=api_page()))
    for path in linked_files():
        if path.suffix == ".md":
            files.append(File.generated(config, place_on_site(path), abs_src_path=str(path)))
        else:
            files.append(File.generated(config, place_on_site(path), content=shown_file(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Rewrite the links of a page that is made from a Markdown file of the repository."""
    if page.file.abs_src_path is None:
        return markdown
    source = Path(page.file.abs_src_path)
    return LINK.sub(lambda link: link_on_site(link["path"], source), markdown)


def api_page() -> str:
    """The Markdown of the API page: mkdocstrings replaces each `:::` line by a section."""
    head = "# Python API\n\nThe names that `fxai` exports. [The README](overview.md#from-python) shows them at work.\n"
    return "\n".join([head, *(f"::: fxai.{name}\n" for name in fxai.__all__)])


def shown_file(path: Path) -> str:
    """The Markdown of a page that shows a file of the repository."""
    return f"# {path.name}\n\n~~~~~~{LANGUAGES.get(path.suffix, 'text')}\n{path.read_text()}\n~~~~~~\n"


def linked_files() -> list[Path]:
    """The files outside `docs/` that are pages of the site: those of `PAGES`, and what any page links to."""
    found = [REPOSITORY / name for name in PAGES]
    waiting = [*DOCS.rglob("*.md"), *found]
    while waiting:
        for path in _links_out(waiting.pop()):
            if path not in found:
                found.append(path)
                waiting += [path] if path.suffix == ".md" else []
    return found


def _links_out(page: Path) -> Iterator[Path]:
    for link in LINK.finditer(page.read_text()):
        path = (page.parent / link["path"]).resolve()
        if path.is_file() and path.is_relative_to(REPOSITORY) and not path.is_relative_to(DOCS):
            yield path


def link_on_site(link: str, source: Path) -> str:
    """A relative link of the file `source`, as the site needs it; text that is no link to a file stays as it is."""
    target = (source.parent / link).resolve()
    if not target.is_file() or not target.is_relative_to(REPOSITORY):
        return link
    return relpath(place_on_site(target), start=dirname(place_on_site(source)) or ".")


def place_on_site(path: Path) -> str:
    """The path of a file's page, relative to the site's root."""
    if path.is_relative_to(DOCS):
        return path.relative_to(DOCS).as_posix()
    name = path.relative_to(REPOSITORY).as_posix()
    return PAGES.get(name) or f"repository/{name.removesuffix('.md')}.md"
