"""`manage.py bench SUBJECT`: what is promised, measured on this machine as it is now."""

from __future__ import annotations

import statistics
import time
import uuid
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError

from blip0.common.commands import PlatformCommand
from blip0.common.tenancy import schema_name_for
from blip0.management import bench_admin, bench_api
from blip0.management.kills import run_kills
from cachesync.management import bench_projection
from monitors.management.bench_findings import measure
from monitors.services.recheck import BUDGET_S
from tenants.services.schemas import schema_create, schema_drop

PROMISE_S = 0.1
ROUND_PROMISE_S = BUDGET_S + 5
"""A round's budget, and the batch that it is in when that ends."""


class Command(PlatformCommand):
    help = "Measure what is promised. Exit status 1: the promise isn't kept, here and now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        subjects = parser.add_subparsers(dest="subject", required=True)
        schemas = subjects.add_parser("schemas", help="How long a tenant's schema takes.")
        schemas.add_argument("--count", type=int, default=50, help="How many (default: 50).")
        findings = subjects.add_parser("findings", help="How long the beat's checks take.")
        findings.add_argument("--tenants", type=int, default=10, help="How many (default: 10).")
        findings.add_argument("--monitors", type=int, default=200, help="Of each (default: 200).")
        kills = subjects.add_parser("kills", help="Whether the projection survives kill -9.")
        kills.add_argument("--seconds", type=int, default=300, help="For how long (default: 300).")
        kills.add_argument("--writers", type=int, default=20, help="How many (default: 20).")
        kills.add_argument("--tenants", type=int, default=50, help="How many (default: 50).")
        kills.add_argument("--seed", type=int, default=1, help="Of the choices (default: 1).")

        projection = subjects.add_parser("projection", help="The projection at size.")
        bench_projection.add_arguments(projection)
        pages = subjects.add_parser("admin", help="The back office's pages at size.")
        bench_admin.add_arguments(pages)
        api = subjects.add_parser("api", help="The API under load.")
        bench_api.add_arguments(api)

    def handle(self, *_args: object, subject: str, **options: Any) -> None:
        subjects: dict[str, tuple[Callable[..., bool], tuple[str, ...]]] = {
            "schemas": (self._schemas, ("count",)),
            "findings": (self._findings, ("tenants", "monitors")),
            "kills": (run_kills, ("seconds", "writers", "tenants", "seed")),
        }
        apart = {
            "projection": bench_projection.bench,
            "api": bench_api.bench,
            "admin": bench_admin.bench,
        }
        if subject in apart:
            kept = apart[subject](options, stdout=self.stdout, stderr=self.stderr)
        else:
            is_kept, counts = subjects[subject]
            for option in counts:
                if options[option] < 1:
                    raise CommandError(f"--{option} must be at least 1.")
            kept = is_kept(*(options[option] for option in counts))
        if not kept:
            raise CommandError("The promise isn't kept: is the machine busy?")

    def _schemas(self, count: int) -> bool:
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
        return median < PROMISE_S

    def _findings(self, tenants: int, monitors: int) -> bool:
        found = measure(tenants=tenants, monitors=monitors)
        total, longest = sum(found.rounds), max(found.rounds)
        self.stdout.write(
            f"{found.monitors} monitors of {tenants} tenants: {total:.1f} s in {len(found.rounds)} "
            f"rounds, {found.monitors / total:.0f} a second; the first round reached "
            f"{found.first_round} tenants; longest round {longest:.1f} s, promised "
            f"{ROUND_PROMISE_S:.0f} s"
        )
        return longest < ROUND_PROMISE_S
