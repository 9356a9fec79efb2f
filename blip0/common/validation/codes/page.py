"""`docs/findings.md`, written from the registry of codes."""

from __future__ import annotations

import re
from itertools import groupby

from blip0.common.validation.codes.registry import Code, known_codes

_SPEAKERS = {"runtime": "the runtime", "policy": "our policy"}
_LEVELS = {"error": "Error", "warning": "Warning", "info": "Information"}
_NOUNS = {"abi": "an ABI", "email": "an e-mail address", "expression": "an expression"}
_LONG_RUN = re.compile(r"(.{1,20}?)\1{19,}")
HEAD = """\
# Findings

Every code that a check may report, with an example and the fix. An error refuses the save, a
warning and an information don't. "The runtime" refuses a document itself; "our policy" speaks where
the runtime would accept what harms it, never works or isn't allowed here.
[Validation](validation.md) tells how it is built.

This page is generated: `manage.py findings_page > docs/findings.md`.
"""


def render() -> str:
    """The whole page, as Markdown."""
    parts = [HEAD]
    for area, codes in groupby(known_codes(), key=lambda code: code.area):
        parts.append(f"\n## {area}\n")
        parts += [_entry(code) for code in codes]
    return "".join(parts)


def _entry(code: Code) -> str:
    speakers = " or ".join(_SPEAKERS[source] for source in code.sources)
    return (
        f"\n### `{code.name}`\n"
        f"{_LEVELS[code.level]}, of {speakers}. {code.meaning}\n\n"
        f"{_example(code)}\n"
        f"Fix: {code.fix}\n"
    )


def _example(code: Code) -> str:
    if not code.kind:
        return f"Example: {code.example}\n"
    noun = _NOUNS.get(code.kind, f"a {code.kind.replace('_', ' ')}")
    return f"Example, in {noun}:\n\n```json\n{_shortened(code.example)}\n```\n"


def _shortened(text: str) -> str:
    """Long repetitions cut, so that the reader sees what matters."""
    return _LONG_RUN.sub(lambda match: f"{match[1] * 3}…", text)
