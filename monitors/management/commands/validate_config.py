"""`manage.py validate_config`: verdicts on documents and expressions, a line each."""

from __future__ import annotations

import json
import sys
import traceback
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from django.core.management.base import CommandError

from blip0.common.commands import PlatformCommand
from blip0.common.validation import CheckContext, Finding, check_text
from blip0.common.validation.findings import Verdict, shorten
from blip0.common.validation.stored import finding_representation
from monitors.expressions.parsing import LIMITS, ExpressionError, parse
from monitors.expressions.tree import Condition, Expression

KINDS: Final = ("network", "monitor", "trigger", "abi", "spec", "secret", "retry", "cron", "email")
EXPRESSION: Final = "expression"
SCRIPTS: Final = ("config/filters/a.py", "config/filters/a.PY", "config/filters/a.sh")
FOLDERS: Final = ("config/filters/d.js",)
"""What is there beside the documents; to the runtime, a folder exists as a file does."""
MAX_LINE: Final = 32 * 1024 * 1024
"""Bytes of a line; the longest text that is checked fits, whatever its escapes."""


@dataclass(frozen=True)
class Answer:
    """What is said about one line. `tree`: the syntax tree of an expression that parses."""

    verdict: Verdict
    findings: tuple[Finding, ...]
    tree: Expression | None = None

    def as_json(self) -> str:
        """ASCII only: a half of a surrogate pair, too, comes out as it went in."""
        body: dict[str, Any] = {
            "verdict": self.verdict,
            "findings": [finding_representation(finding) for finding in self.findings],
        }
        text = json.dumps(body)
        return text if self.tree is None else f'{text[:-1]}, "ast": {tree_json(self.tree)}}}'


class Command(PlatformCommand):
    help = (
        'Read lines {"kind", "input_text"} from standard input and write a line {"verdict", '
        '"findings"} for each, with "ast" for an expression. Needs no database.'
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--scripts",
            nargs="*",
            metavar="PATH",
            default=[*SCRIPTS, *FOLDERS],
            help="Scripts that exist. Default: %(default)s.",
        )
        parser.add_argument(
            "--author",
            choices=("tenant", "staff"),
            help="Whose document it is, for what policy allows only staff. Default: nobody's.",
        )

    def handle(self, *_args: object, scripts: list[str], author: Any, **_options: object) -> None:
        context = CheckContext(author=author, script_paths=frozenset(scripts))
        failed = 0
        for line in lines(sys.stdin.buffer):
            try:
                answer = answered(line, context)
            except Exception:
                # A fault of ours must not cost the lines that follow; it is told at the end.
                self.stderr.write(traceback.format_exc())
                failed += 1
                answer = refused(_finding("line.failed", "This can't be checked: a fault of ours."))
            self.stdout.write(answer.as_json())
            self.stdout.flush()
        if failed:
            raise CommandError(f"{failed} lines could not be checked; see above.")


def lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """The lines of a stream as they come; None for one that is too long, the rest of it skipped."""
    while line := stream.readline(MAX_LINE):
        if len(line) < MAX_LINE or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(MAX_LINE)
        yield None


def answered(line: bytes | None, context: CheckContext) -> Answer:
    """What is said about a line of input, whatever it holds."""
    if line is None:
        said = f"The line has more than {MAX_LINE} bytes; split it."
        return refused(_finding("line.length", said))
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        said = f"The line is not JSON in UTF-8: {shorten(str(error))}."
        return refused(_finding("line.json", said))
    if not isinstance(request, dict):
        said = "The line must be an object with `kind` and `input_text`."
        return refused(_finding("line.shape", said))
    kind, text = request.get("kind"), request.get("input_text")
    if not isinstance(text, str):
        return refused(_finding("line.text", "`input_text` must be a text.", "/input_text"))
    if kind == EXPRESSION:
        return expression_answered(text)
    if kind not in KINDS:
        said = f"`kind` must be one of {', '.join((*KINDS, EXPRESSION))}."
        return refused(_finding("line.kind", said, "/kind"))
    report = check_text(kind, text, context=context)
    return Answer(report.verdict, report.findings)


def expression_answered(text: str) -> Answer:
    """The runtime's own verdict; what only our limits refuse is policy."""
    try:
        tree = parse(text, limits=None)
    except ExpressionError as error:
        return Answer("parse_error", (_of_error(error, runtime=True),))
    try:
        parse(text, limits=LIMITS)
    except ExpressionError as error:
        return Answer("ok", (_of_error(error, runtime=False),), tree)
    return Answer("ok", (), tree)


def refused(finding: Finding) -> Answer:
    """The line itself is at fault."""
    return Answer("parse_error", (finding,))


def tree_json(tree: Expression) -> str:
    """`as_vector` as JSON, without recursion: a long chain is nested as deep as it is long."""
    written: list[str] = []
    left: list[Expression | str] = [tree]
    while left:
        item = left.pop()
        if isinstance(item, str):
            written.append(item)
        elif isinstance(item, Condition):
            written.append(json.dumps(item.as_vector()))
        else:
            first, *others = item.terms
            parts: list[Expression | str] = [f'["{item.operator}", ' * len(others), first]
            for term in others:
                parts += [", ", term, "]"]
            left += reversed(parts)
    return "".join(written)


def _finding(code: str, message: str, pointer: str = "") -> Finding:
    return Finding("error", code, pointer, message, "policy", "policy")


def _of_error(error: ExpressionError, *, runtime: bool) -> Finding:
    message = error.message if error.message.endswith((".", "?")) else f"{error.message}."
    if runtime:
        return Finding("error", error.code, "", message, "runtime", "parse")
    return Finding("error", error.code, "", message, "policy", "policy")
