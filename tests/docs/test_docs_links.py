"""Links between the pages, and from those at the top of the repository to files and headings, lead somewhere."""

import re
from pathlib import Path

import pytest

from docs.pages import DOCS, PAGES, REPOSITORY

README = REPOSITORY / "README.md"
AT_THE_TOP = [README, REPOSITORY / "CONTRIBUTING.md", REPOSITORY / "CHANGELOG.md"]


def links(page: Path) -> list[str]:
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    return [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]


def anchors(page: Path) -> set[str]:
    """Of the headings, as GitHub makes them."""
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    found = set()
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        words = re.sub(r"\]\([^)]*\)", "", heading).lower().replace(" ", "-")
        found.add("".join(char for char in words if char.isalnum() or char in "-_"))
    return found


@pytest.mark.parametrize("page", [*PAGES, *AT_THE_TOP], ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_can_be_reached_from_the_index() -> None:
    index = DOCS / "README.md"
    reached = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    assert reached >= set(PAGES) - {index}
    assert any(link.startswith("docs/README.md") for link in links(README))
