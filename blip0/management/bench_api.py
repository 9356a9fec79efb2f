"""`manage.py bench api`: the API under an open load, on services of its own."""

from __future__ import annotations

import shutil
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, OutputWrapper

from blip0.benchmarks.processes import NotServing
from blip0.benchmarks.report import ApiReport
from blip0.benchmarks.run import Load, measure
from blip0.management.scratch_bench import run_apart

LEAST_MONITORS = 2
"""Readers and writers have monitors of their own."""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--tenants", type=int, default=1000, help="How many (default: 1000).")
    parser.add_argument("--monitors", type=int, default=50, help="Of each (default: 50).")
    parser.add_argument("--rate", type=float, default=100.0, help="Calls a second (default: 100).")
    parser.add_argument("--clients", type=int, default=50, help="Connections (default: 50).")
    parser.add_argument("--seconds", type=float, default=60.0, help="For how long (default: 60).")
    parser.add_argument("--seed", type=int, default=1, help="Of what is asked for (default: 1).")
    parser.add_argument(
        "--server",
        help="Another web server: a module and its arguments with {port} and {application}, such "
        "as 'granian --interface wsgi --port {port} {application}'. Default: production's.",
    )
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
    """Measure and print; whether every promise is kept. Raises `CommandError`, `Conflict`."""

    def say(line: str) -> None:
        stderr.write(line, lambda text: text)  # not an error: no red

    load = _load(options)
    if options["drop"]:
        shutil.rmtree(_FOLDER, ignore_errors=True)
        stdout.write(f"{_FOLDER} removed.")
        return True
    report = _here(load, say) if options["here"] else _apart(load)
    if options["json"]:
        stdout.write(report.as_json())
    else:
        stdout.writelines(f"{line}\n" for line in report.lines())
    return not any(report.broken())


def _load(options: Mapping[str, Any]) -> Load:
    names = ("tenants", "monitors", "rate", "clients", "seconds")
    for name in names:
        if options[name] <= 0:
            raise CommandError(f"--{name} must be more than 0.")
    if options["monitors"] < LEAST_MONITORS:
        raise CommandError(f"--monitors must be at least {LEAST_MONITORS}.")
    server = options["server"] or ""
    if server and not ("{port}" in server and "{application}" in server):
        raise CommandError("--server must hold {port} and {application}.")
    return Load(
        **{name: options[name] for name in names}, seed=options["seed"], server=options["server"]
    )


def _here(load: Load, say: Callable[[str], None]) -> ApiReport:
    try:
        return measure(load, say=say)
    except NotServing as error:
        raise CommandError(str(error)) from error


def _apart(load: Load) -> ApiReport:
    arguments = [
        f"--{name}={getattr(load, name)}"
        for name in ("tenants", "monitors", "rate", "clients", "seconds", "seed")
    ]
    if load.server is not None:
        arguments.append(f"--server={load.server}")
    folder = _FOLDER / f"{load.tenants}x{load.monitors}"
    return ApiReport.from_json(run_apart(folder, ["api", *arguments]))


_FOLDER = settings.DATA_DIR / "bench-api"
