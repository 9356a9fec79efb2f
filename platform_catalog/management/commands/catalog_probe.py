"""`manage.py catalog_probe [NETWORK …]`: does each endpoint serve the network that it should?"""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter

from django.core.management.base import CommandError

from blip0.common.commands import PlatformCommand
from platform_catalog.contracts import Outcome, Probe
from platform_catalog.services.probes import endpoints_probe, probe_targets

EXIT_WRONG_CHAIN = 3
EXIT_UNREACHABLE = 4


class Command(PlatformCommand):
    help = (
        "Ask the catalogue's endpoints which network they serve. Exit status: 0 all is well, "
        "3 one serves another network, 4 one cannot be reached, 1 or 2 nothing could be tried."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "networks", nargs="*", metavar="NETWORK", help="Slugs; without any: all enabled ones."
        )
        parser.add_argument(
            "--timeout", type=_seconds, default=5.0, metavar="S", help="For each endpoint (5)."
        )
        parser.add_argument(
            "--disabled-endpoints", action="store_true", help="Ask those that are off, too."
        )
        parser.add_argument("--json", action="store_true", help="Print the probes as JSON.")

    def handle(
        self, *_args: object, networks: list[str], timeout: float, **options: object
    ) -> None:
        probes: list[Probe] = []
        off = bool(options["disabled_endpoints"])
        targets = probe_targets(networks, disabled_endpoints=off)
        for probe in endpoints_probe(targets, timeout_s=timeout):
            probes.append(probe)
            if not options["json"]:
                self.stdout.write(_line(probe))
        counts = Counter(probe.outcome for probe in probes)
        summary = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome)
        if options["json"]:
            self.stdout.write(json.dumps([probe.as_json() for probe in probes], indent=2))
        if counts[Outcome.WRONG_CHAIN]:
            raise CommandError(summary, returncode=EXIT_WRONG_CHAIN)
        if counts[Outcome.UNREACHABLE]:
            raise CommandError(summary, returncode=EXIT_UNREACHABLE)
        if not options["json"]:
            self.stdout.write(summary)


def _line(probe: Probe) -> str:
    latency = "" if probe.latency_ms is None else f"{probe.latency_ms} ms"
    height = "" if probe.height is None else f"at {probe.height}"
    line = (
        f"{probe.outcome:<11}  {latency:>8}  {probe.network}  {probe.endpoint}  {height}".rstrip()
    )
    return f"{line}  ({probe.detail})" if probe.detail else line


def _seconds(text: str) -> float:
    seconds = float(text)  # argparse reports what is not a number
    if not 0 < seconds <= 60:
        raise ArgumentTypeError("more than 0 and at most 60 seconds")
    return seconds
