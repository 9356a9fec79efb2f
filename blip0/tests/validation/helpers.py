"""Shared by the tests of validators in every app."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from blip0.common.validation import Check, CheckContext, Report
from blip0.common.validation.findings import Findings

VECTORS = Path(__file__).parent / "data" / "documents.jsonl"
SCRIPTS = frozenset(f"config/filters/{name}" for name in ("a.py", "a.PY", "a.sh", "d.js"))
"""The script files that were there when the vectors were made; `d.js` is a folder."""


def examine(check: Check, value: object, **facts: Any) -> Report:
    """Run one check alone, with these facts in its context."""
    out = Findings()
    check(value, None, out, CheckContext(**facts))
    return out.report("test")


def found(report: Report) -> list[tuple[str, str, str]]:
    """Level, code and pointer of every finding, in a stable order."""
    return sorted((f.level, f.code, f.pointer) for f in report.findings)


def messages(report: Report) -> str:
    return "\n".join(finding.message for finding in report.findings)


def vectors(*kinds: str) -> list[dict[str, Any]]:
    """The lines of the reference data, without those of a checked build's overflow panic."""
    lines = [json.loads(line) for line in VECTORS.read_text().splitlines()]
    return [
        line
        for line in lines
        if line["verdict"] != "panic" and (not kinds or line["kind"] in kinds)
    ]
