"""The pictures of `docs/images`: small, shown somewhere, and made by `make screenshots`."""

from __future__ import annotations

import re
from pathlib import Path

from blip0.tests.e2e.screenshots import CLOSELY, FOLDER, INSIDE, MAX_BYTES, PLATFORM, STEPS

DOCS = FOLDER.parent
OTHERS = {"sign-in", "refused", "not-found", "monitor-looked-at", "allow-changes"}
"""Pictures of the way to the others."""


def _pictures() -> dict[str, Path]:
    return {path.name: path for path in FOLDER.iterdir()}


def test_pictures__each__small_enough() -> None:
    large = {name for name, path in _pictures().items() if path.stat().st_size > MAX_BYTES}

    assert large == set()


def test_pictures__those_that_pages_show__are_there_with_words_and_no_other() -> None:
    pages = [*DOCS.glob("*.md"), DOCS.parent / "README.md"]
    text = "\n".join(page.read_text() for page in pages)

    assert set(re.findall(r"images/([\w.-]+)\)", text)) == set(_pictures())
    assert re.findall(r"!\[\]\(", text) == []


def test_pictures__of_pages_and_steps__made_by_one_command() -> None:
    names = {*PLATFORM, *INSIDE, *STEPS, *OTHERS}
    closely = {f"{name}-{look}" for name in CLOSELY for look in ("dark", "narrow")}

    assert {f"admin-{name}.png" for name in names | closely} == set(_pictures())
