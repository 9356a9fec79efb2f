"""`manage.py bench schemas`: how long a tenant's schema takes, on this machine as it is now."""

from __future__ import annotations

import statistics
import time
import uuid
from argparse import ArgumentParser

from django.core.management.base import CommandError

from blip0.common.commands import PlatformCommand
from blip0.common.tenancy import schema_name_for
from tenants.services.schemas import schema_create, schema_drop

PROMISE_S = 0.1


class Command(PlatformCommand):
    help = "Measure what is promised. Exit status 1: the promise isn't kept, here and now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("subject", choices=["schemas"])
        parser.add_argument("--count", type=int, default=50, help="How many (default: 50).")

    def handle(self, *_args: object, count: int, **_options: object) -> None:
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
