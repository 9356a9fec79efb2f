"""The documentation's links lead somewhere, and its index names every page."""

from __future__ import annotations

import re
from pathlib import Path

from blip0.testing import PROJECT_ROOT

DOCS = PROJECT_ROOT / "docs"
PAGES = [PROJECT_ROOT / "README.md", PROJECT_ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def _heading_anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")


def broken_links(page: Path) -> list[str]:
    """Relative links of a page to a file or heading that isn't there."""
    found = []
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if not target.exists():
            found.append(f"{page.name}: {link}")
        elif anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            if anchor not in {_heading_anchor(heading) for heading in headings}:
                found.append(f"{page.name}: {link}")
    return found


def test_links__of_every_page__lead_somewhere() -> None:
    assert [link for page in PAGES for link in broken_links(page)] == []


def test_links__broken_ones__are_reported(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A title, here\n[a](gone.md) [b](#nowhere) [c](#a-title-here) [d](https://example.org)\n",
        encoding="utf-8",
    )

    assert broken_links(page) == ["page.md: gone.md", "page.md: #nowhere"]


def test_index__every_page__is_named() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    pages = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")} - {"index.md"}

    assert {page for page in pages if f"]({page}" not in index} == set()
