"""`manage.py runtime_contract`: the JSON Schemas of the runtime contract, as files."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from blip0.common.commands import PlatformCommand
from cachesync.services.contract import contract_differences, contract_write


class Command(PlatformCommand):
    help = "Write the JSON Schemas in cachesync/contract/, or check that they are up to date."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--write", action="store_true", help="Write those that differ.")
        what.add_argument("--check", action="store_true", help="Exit with 1 if any differs.")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["write"]:
            for name in contract_write():
                self.stdout.write(name)
        elif differing := list(contract_differences()):
            raise CommandError(
                f"{', '.join(differing)}: not what the code describes. Write them anew with "
                "`manage.py runtime_contract --write`, and tell the runtime's authors."
            )
