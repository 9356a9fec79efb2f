"""What validation says about a saved object, on its page and after a save."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils.html import format_html, format_html_join

from blip0.common.admin.display import EMPTY
from blip0.common.validation import Finding

MAX_TOLD: Final = 3
_MARKS: Final = {"error": "✖", "warning": "▲", "info": "●"}
"""Shape and word, since colour alone tells not everybody."""


def finding_list(findings: Sequence[Finding]) -> str:
    """A list for a page; a dash for none."""
    if not findings:
        return EMPTY
    entries = format_html_join(
        "",
        '<li class="mb-2">{} <strong>{}</strong> <code>{}</code> {} <code>{}</code></li>',
        (
            (_MARKS[found.level], found.level, found.pointer or "/", found.message, found.code)
            for found in findings
        ),
    )
    return format_html(
        '<ul class="leading-normal" style="overflow-wrap: anywhere">{}</ul>', entries
    )


def summary_of(findings: Sequence[Finding]) -> str:
    """One line such as "2 warnings: …"; "" where there is nothing to worry about."""
    worrying = [found for found in findings if found.level != "info"]
    counts = [
        f"{count} {level}{'s' if count > 1 else ''}"
        for level in ("error", "warning")
        if (count := sum(found.level == level for found in worrying))
    ]
    if not counts:
        return ""
    told = " ".join(found.message for found in worrying[:MAX_TOLD])
    more = len(worrying) - MAX_TOLD
    return f"{' and '.join(counts)}: {told}{f' … and {more} more.' if more > 0 else ''}"
