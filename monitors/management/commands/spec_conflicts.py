"""`manage.py spec_conflicts`: addresses for which monitors bring different contract specs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError, CommandParser

from blip0.common.commands import PlatformCommand
from blip0.common.exceptions import NotFound
from monitors.selectors import SHORT_HASH, SpecConflict, spec_conflicts
from platform_catalog.models import Network

FOUND = 3
"""The exit code where there are conflicts; 1 is a failure of the command itself."""


class Command(PlatformCommand):
    help = (
        "List addresses for which monitors of any tenants bring different contract specs: the "
        "runtime uses one of them. Exits with 3 where there are any."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--network", metavar="SLUG", help="Without it: every network.")
        parser.add_argument("--json", action="store_true", help="One conflict a line, as JSON.")

    def handle(self, *_args: Any, **options: Any) -> None:
        network = options["network"]
        if network is not None and not Network.objects.filter(pk=network).exists():
            raise NotFound(f"There is no network {network!r}.")
        conflicts = spec_conflicts(network=network)
        for conflict in conflicts:
            for line in [_json(conflict)] if options["json"] else _lines(conflict):
                self.stdout.write(line)
        if conflicts:
            raise CommandError(f"{len(conflicts)} addresses have several specs", returncode=FOUND)
        if not options["json"]:
            self.stdout.write("No address has several specs")


def _lines(conflict: SpecConflict) -> Iterator[str]:
    yield f"{conflict.network}  {conflict.address}"
    for sha256, holders in conflict.specs.items():
        monitors = ", ".join(f"{holder.monitor} of {holder.tenant}" for holder in holders)
        yield f"  {sha256[:SHORT_HASH] or 'no spec':<{SHORT_HASH}}  {monitors}"


def _json(conflict: SpecConflict) -> str:
    specs = [
        {
            "sha256": sha256 or None,
            "monitors": [{"tenant": one.tenant, "monitor": one.monitor} for one in holders],
        }
        for sha256, holders in conflict.specs.items()
    ]
    return json.dumps({"network": conflict.network, "address": conflict.address, "specs": specs})
