"""`manage.py bench admin`: every page of the back office at size, on services of its own."""

from __future__ import annotations

import json
import shutil
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, OutputWrapper

from blip0.benchmarks.admin_pages import AdminReport, measure_pages
from blip0.management.scratch_bench import run_apart

LEAST_REPEATS = 2


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--tenants", type=int, default=1000, help="How many (default: 1000).")
    parser.add_argument("--monitors", type=int, default=100, help="Of each (default: 100).")
    parser.add_argument("--repeat", type=int, default=10, help="Of each page (default: 10).")
    parser.add_argument("--only", default="", help="Pages with this in their name (default: all).")
    parser.add_argument("--json", action="store_true", help="Print the figures as JSON.")
    parser.add_argument(
        "--drop", action="store_true", help="Remove what earlier runs have made, and end."
    )
    parser.add_argument(
        "--here",
        action="store_true",
        help="Measure on the services of the settings. Refused where there are other tenants.",
    )


def bench(options: Mapping[str, Any], *, stdout: OutputWrapper, stderr: OutputWrapper) -> bool:
    """Measure and print; whether the promise is kept. Raises `CommandError`, `Conflict`."""

    def say(line: str) -> None:
        stderr.write(line, lambda text: text)  # not an error: no red

    for name, least in (("tenants", 1), ("monitors", 2), ("repeat", LEAST_REPEATS)):
        if options[name] < least:
            raise CommandError(f"--{name} must be at least {least}.")
    if options["drop"]:
        shutil.rmtree(_FOLDER, ignore_errors=True)
        stdout.write(f"{_FOLDER} removed.")
        return True
    report = _here(options, say) if options["here"] else _apart(options)
    if not report.pages:
        raise CommandError(f"--only {options['only']!r}: no page has this in its name.")
    if options["json"]:
        stdout.write(json.dumps(report.values(), indent=2))
    else:
        stdout.writelines(f"{line}\n" for line in report.lines())
    return not report.slow()


def _here(options: Mapping[str, Any], say: Callable[[str], None]) -> AdminReport:
    asked = {name: options[name] for name in ("tenants", "monitors", "repeat", "only")}
    try:
        return measure_pages(**asked, say=say)
    except LookupError as error:
        raise CommandError(str(error)) from error


def _apart(options: Mapping[str, Any]) -> AdminReport:
    names = ("tenants", "monitors", "repeat", "only")
    folder = _FOLDER / f"{options['tenants']}x{options['monitors']}"
    found = run_apart(folder, ["admin", *(f"--{name}={options[name]}" for name in names)])
    return AdminReport.from_values(json.loads(found))


_FOLDER = settings.DATA_DIR / "bench-admin"
