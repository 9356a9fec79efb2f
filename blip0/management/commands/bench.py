"""`manage.py bench`: what is promised, measured on this machine as it is now.

`schemas`: how long a tenant's schema takes. `kills`: whether the projection survives everything.
"""

from __future__ import annotations

import statistics
import time
import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from blip0.common.commands import PlatformCommand
from blip0.common.tenancy import schema_name_for
from blip0.management.kills import run_kills
from tenants.services.schemas import schema_create, schema_drop

PROMISE_S = 0.1


class Command(PlatformCommand):
    help = "Measure what is promised. Exit status 1: the promise isn't kept, here and now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("subject", choices=["schemas", "kills"])
        parser.add_argument("--count", type=int, default=50, help="How many (default: 50).")
        parser.add_argument("--seconds", type=float, default=300, help="kills: for how long.")
        parser.add_argument("--writers", type=int, default=20, help="kills: processes that write.")
        parser.add_argument("--tenants", type=int, default=50, help="kills: into so many tenants.")
        parser.add_argument("--seed", type=int, default=1, help="kills: of the random choices.")

    def handle(self, *_args: object, subject: str, count: int, **options: Any) -> None:
        if subject == "kills":
            names = ("seconds", "writers", "tenants", "seed")
            if run_kills(**{name: options[name] for name in names}):
                raise CommandError("The promise isn't kept: see above.")
            return
        self._schemas(count)

    def _schemas(self, count: int) -> None:
        if count < 1:
            raise CommandError("--count must be at least 1.")
        seconds = []
        for _ in range(count):
            # Of no tenant, and gone before the next one: nobody sees them.
            name = schema_name_for(uuid.uuid4())
            started = time.perf_counter()
            try:
                schema_create(name)
                seconds.append(time.perf_counter() - started)
            finally:
                schema_drop(name)
        median = statistics.median(seconds)
        self.stdout.write(
            f"{count} schemas, one after the other: median {median:.3f} s, "
            f"first {seconds[0]:.3f} s, slowest {max(seconds):.3f} s; promised {PROMISE_S} s"
        )
        if median >= PROMISE_S:
            raise CommandError("The promise isn't kept: is the machine busy?")
