"""`manage.py expression check|format|explain EXPR`: try an expression, without a database."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import get_args

from django.core.management.base import CommandError

from blip0.common.commands import PlatformCommand
from monitors.expressions.checking import problems
from monitors.expressions.explaining import explain, pointed_out
from monitors.expressions.formatting import format_expression
from monitors.expressions.kinds import Chain, transaction_variables
from monitors.expressions.parsing import ExpressionError, parse
from monitors.expressions.tree import Expression

STANDARD_INPUT = "-"


class Command(PlatformCommand):
    help = (
        "Check, format or explain an expression. Exit status: 0 it is accepted, 1 it is not. "
        "Needs no database."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=("check", "format", "explain"))
        parser.add_argument(
            "expression", metavar="EXPR", help=f"`{STANDARD_INPUT}` reads standard input."
        )
        parser.add_argument(
            "--chain",
            choices=get_args(Chain),
            help="Read it as the expression of a transaction condition there: `check` warns of "
            "what never matches, `explain` names the types.",
        )

    def handle(
        self,
        *_args: object,
        action: str,
        expression: str,
        chain: Chain | None,
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
        else:
            self.stdout.write("\n".join(explain(tree, chain)))


def warnings(tree: Expression, chain: Chain) -> list[str]:
    """What a transaction condition with this expression would be warned of."""
    if chain == "Midnight":
        return explain(tree, chain)
    return [problem.message for problem in problems(tree, chain, transaction_variables(chain))]


def _standard_input() -> str:
    """The line break at the end is the shell's, not the author's."""
    return sys.stdin.read().removesuffix("\n").removesuffix("\r")
