"""`manage.py expression check|format|explain|try EXPR`: an expression, without a database."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

from django.core.management.base import CommandError

from blip0.common.commands import PlatformCommand
from monitors.expressions.checking import problems
from monitors.expressions.explaining import explain, indented, pointed_out
from monitors.expressions.formatting import format_expression
from monitors.expressions.kinds import Chain, transaction_variables
from monitors.expressions.parsing import ExpressionError, parse
from monitors.expressions.tree import Expression
from monitors.expressions.trying import BadValues, attempt, read_values, sample_lines

STANDARD_INPUT = "-"


class Command(PlatformCommand):
    help = (
        "Check, format or explain an expression, or try it with values. Exit status: 0 it is "
        "accepted, 1 it is not. Needs no database."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=("check", "format", "explain", "try"))
        parser.add_argument(
            "expression", metavar="EXPR", help=f"`{STANDARD_INPUT}` reads standard input."
        )
        parser.add_argument(
            "--chain",
            choices=get_args(Chain),
            help="Read it as the expression of a transaction condition there: `check` warns of "
            "what never matches, `explain` names the types, `try` compares as that chain does.",
        )
        parser.add_argument(
            "--value",
            action="append",
            default=[],
            metavar="'NAME: KIND = VALUE'",
            help="For `try`, any number of times. Without any: samples of a transaction.",
        )

    def handle(
        self,
        *_args: object,
        action: str,
        expression: str,
        chain: Chain | None,
        value: list[str],
        **_options: object,
    ) -> None:
        text = _standard_input() if expression == STANDARD_INPUT else expression
        try:
            tree = parse(text)
        except ExpressionError as error:
            self.stderr.write(pointed_out(text, error))
            raise CommandError(error.message) from error
        if action == "check":
            self.stdout.write("ok")
            for warning in warnings(tree, chain) if chain else ():
                self.stdout.write(f"warning: {warning}")
        elif action == "format":
            self.stdout.write(format_expression(tree))
        elif action == "try":
            self.stdout.write("\n".join(_tried(text, chain or "EVM", value)))
        else:
            self.stdout.write("\n".join(explain(tree, chain)))


def warnings(tree: Expression, chain: Chain) -> list[str]:
    """What a transaction condition with this expression would be warned of."""
    if chain == "Midnight":
        return explain(tree, chain)
    return [problem.message for problem in problems(tree, chain, transaction_variables(chain))]


def _tried(text: str, chain: Chain, values: list[str]) -> Iterator[str]:
    lines = "\n".join(values) or sample_lines(chain, transaction_variables(chain))
    try:
        made = attempt(text, chain, read_values(lines))
    except BadValues as error:
        raise CommandError(str(error)) from error
    yield made.verdict
    for line in made.lines:
        yield f"  {line.outcome:<13} {indented(line)}"
        if line.why:
            yield f"  {'':<13} {indented(replace(line, text=line.why))}"
    yield from (f"warning: {warning}" for warning in made.warnings)


def _standard_input() -> str:
    """The line break at the end is the shell's, not the author's."""
    return sys.stdin.read().removesuffix("\n").removesuffix("\r")
