"""`manage.py bench projection`: on services of its own, at a tenth of the size and at all of it."""

from __future__ import annotations

import shutil
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, OutputWrapper

from blip0.management.scratch_bench import run_apart
from cachesync.benchmarks.measures import Machine, Report, table
from cachesync.benchmarks.run import Size, measure
from cachesync.benchmarks.world import world_drop


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--tenants", type=int, default=1000, help="How many (default: 1000).")
    parser.add_argument("--monitors", type=int, default=100, help="Of each (default: 100).")
    parser.add_argument("--rate", type=float, default=50.0, help="Writes a second (default: 50).")
    parser.add_argument("--seconds", type=float, default=30.0, help="Of writing (default: 30).")
    parser.add_argument("--json", action="store_true", help="Print the figures as JSON.")
    parser.add_argument(
        "--drop", action="store_true", help="Remove what earlier runs have made, and end."
    )
    parser.add_argument(
        "--here",
        action="store_true",
        help="Measure the services of the settings, at this size only. Refused where there are "
        "other tenants: it empties the projection's Redis.",
    )


def bench(options: Mapping[str, Any], *, stdout: OutputWrapper, stderr: OutputWrapper) -> bool:
    """Measure and print; whether every promise is kept. Raises `CommandError`, `Conflict`."""

    def say(line: str) -> None:
        stderr.write(line, lambda text: text)  # not an error: no red

    size = Size(**{name: options[name] for name in ("tenants", "monitors", "rate", "seconds")})
    if min(asdict(size).values()) <= 0:
        raise CommandError("Sizes, --rate and --seconds must be more than 0.")
    if options["drop"]:
        stdout.write(_drop(here=options["here"]))
        return True
    report = _here(size, say) if options["here"] else _apart(size, say)
    if options["json"]:
        stdout.write(report.as_json())
    else:
        stdout.writelines(f"{line}\n" for line in table(report.measures))
        for machine in report.machines:
            stdout.write(str(machine))
    return all(measured.kept for measured in report.measures)


def _here(size: Size, say: Callable[[str], None]) -> Report:
    before = Machine.now()
    measures = list(measure(size, say=say))
    return Report(measures, [before, Machine.now()])


def _apart(size: Size, say: Callable[[str], None]) -> Report:
    """Each size has a database of its own: what is measured is all that is there."""
    report = Report([], [])
    for tenants in sorted({max(1, size.tenants // 10), size.tenants}):
        say(f"{tenants} tenants with {size.monitors} monitors each")
        arguments = [f"--tenants={tenants}", f"--monitors={size.monitors}", f"--rate={size.rate}"]
        arguments.append(f"--seconds={size.seconds}")
        folder = _FOLDER / f"{tenants}x{size.monitors}"
        report += Report.from_json(run_apart(folder, ["projection", *arguments]))
    return report


def _drop(*, here: bool) -> str:
    if here:
        return f"{world_drop()} tenants purged."
    shutil.rmtree(_FOLDER, ignore_errors=True)
    return f"{_FOLDER} removed."


_FOLDER = settings.DATA_DIR / "bench"
