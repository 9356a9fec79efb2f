"""`manage.py runtime_simulate`: a runtime that reads and acknowledges, and watches nothing."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from blip0.common.commands import PlatformCommand
from cachesync.reader import (
    PLATFORM,
    Change,
    Configuration,
    Follower,
    NotReady,
    Started,
    Status,
    script_is_signed,
    sealing_keys,
)
from cachesync.store import Store
from tenants.selectors import tenant_by_slug

GROUPS = {"functions": "function", "events": "event", "transactions": "transaction"}


class Command(PlatformCommand):
    help = "Read the projection as a runtime does, and print what it would watch. Ctrl-C ends it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--instance", metavar="NAME", help="As whom to acknowledge.")
        parser.add_argument("--tenant", metavar="SLUG", help="Print this one's monitors only.")
        parser.add_argument(
            "--once", action="store_true", help="Print what there is now; acknowledge nothing."
        )
        parser.add_argument("--json", action="store_true", help="An event a line, as JSON.")

    def handle(self, *_args: Any, **options: Any) -> None:
        self._as_json: bool = options["json"]
        self._tenant = str(tenant_by_slug(options["tenant"]).pk) if options["tenant"] else None
        self._names: dict[str, str] = {}
        self._instance = options["instance"] or f"simulator-{socket.gethostname()}-{os.getpid()}"
        follower = Follower(
            Store().client,
            instance=self._instance,
            keys=sealing_keys(settings.SEALING_KEYS),
        )
        if options["once"]:
            try:
                self._started(follower.start())
            except NotReady as error:
                raise CommandError(
                    f"There is nothing complete to read ({error}): is the projector running?"
                ) from error
        else:
            self._follow(follower)

    def _follow(self, follower: Follower) -> None:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        try:
            for event in follower.run(stop):
                match event:
                    case Started(configuration):
                        self._started(configuration)
                    case Change() if event.scope in {PLATFORM, self._tenant or event.scope}:
                        self._changed(event, follower.configuration or Configuration())
                    case Status(problem):
                        self._say(
                            {"event": "status", "problem": problem}, problem or "All is well."
                        )
        finally:
            follower.leave()

    def _started(self, configuration: Configuration) -> None:
        self._remember(configuration)
        watched = watched_by_network(configuration, self._tenant)
        unsigned = [
            script["script_path"]
            for script in configuration.filters.values()
            if not script_is_signed(script, settings.SCRIPT_SIGNING_KEY)
        ]
        refused = [
            Change(copy.scope, *copy.position, refused=tuple(sorted(copy.refused.items())))
            for copy in configuration.scopes.values()
            if copy.refused
        ]
        if self._as_json:
            self._write(
                json.dumps(
                    {
                        "event": "started",
                        "instance": self._instance,
                        "networks": watched,
                        "filters": sorted(configuration.filters),
                        "unsigned": unsigned,
                        "refused": {change.scope: dict(change.refused) for change in refused},
                    }
                )
            )
            return
        for line in _lines(configuration, watched):
            self._write(line)
        for path in unsigned:
            self._write(f"{path} is not signed by this platform: it would not run")
        for change in refused:
            self._write(self._line(change))

    def _changed(self, change: Change, configuration: Configuration) -> None:
        self._remember(configuration)
        plain = {**asdict(change), "refused": dict(change.refused)}
        self._say({"event": "change", **plain}, self._line(change))

    def _line(self, change: Change) -> str:
        parts = [f"{timezone.now():%H:%M:%S} {change.scope} at version {change.epoch}:{change.rev}"]
        if change.changed:
            parts.append(f"runs {self._called(change.changed)}")
        if change.removed:
            parts.append(f"no longer runs {self._called(change.removed)}")
        parts += [
            f"refuses {self._called([name]) if name else 'all of it'} ({why})"
            for name, why in change.refused
        ]
        return "; ".join(parts)

    def _called(self, documents: Any) -> str:
        return ", ".join(self._names.get(name, name) for name in documents)

    def _remember(self, configuration: Configuration) -> None:
        """Names of documents, for the time when they are gone."""
        for _, document in configuration.monitors():
            self._names[document["id"]] = document["monitor"]["name"]

    def _say(self, event: Mapping[str, Any], line: str) -> None:
        self._write(json.dumps(event) if self._as_json else line)

    def _write(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def watched_by_network(
    configuration: Configuration, tenant_id: str | None
) -> dict[str, list[dict[str, Any]]]:
    """For each network the monitors on it, and of each what it looks for and whom it tells."""
    watched: dict[str, list[dict[str, Any]]] = {slug: [] for slug in configuration.networks}
    for owner, document in configuration.monitors():
        if tenant_id in (None, owner):
            for slug in document["monitor"]["networks"]:
                watched.setdefault(slug, []).append(_watched(owner, document))
    for monitors in watched.values():
        monitors.sort(key=lambda monitor: (monitor["name"], monitor["id"]))
    return watched


def _watched(tenant_id: str, document: Mapping[str, Any]) -> dict[str, Any]:
    monitor = document["monitor"]
    return {
        "id": document["id"],
        "tenant_id": tenant_id,
        "name": monitor["name"],
        "addresses": [entry["address"] for entry in monitor["addresses"]],
        "conditions": list(_conditions(monitor["match_conditions"])),
        "filters": [entry["script_path"] for entry in monitor["trigger_conditions"]],
        "triggers": [
            f"{trigger['name']} ({trigger['trigger_type']})"
            for trigger in map(document["triggers"].get, monitor["triggers"])
        ],
    }


def _conditions(groups: Mapping[str, list[dict[str, str]]]) -> Iterator[str]:
    for group, noun in GROUPS.items():
        for condition in groups[group]:
            what = condition.get("signature") or condition["status"]
            where = f" where {condition['expression']}" if "expression" in condition else ""
            yield f"{noun} {what}{where}"


def _lines(
    configuration: Configuration, watched: Mapping[str, list[dict[str, Any]]]
) -> Iterator[str]:
    monitors = {monitor["id"] for entries in watched.values() for monitor in entries}
    networks = configuration.networks
    yield (
        f"monitors: {len(monitors)}, tenants: {len(configuration.tenants)}, "
        f"networks: {len(networks)}, filter scripts: {len(configuration.filters)}"
    )
    for slug, entries in watched.items():
        kind = networks[slug]["network_type"] if slug in networks else "no longer there"
        yield f"{slug} ({kind}){'' if entries else ': nothing to watch'}"
        for monitor in entries:
            yield f"  {monitor['name']}  {monitor['id']}"
            yield from (f"    at {address}" for address in monitor["addresses"])
            yield from (f"    {condition}" for condition in monitor["conditions"])
            yield from (f"    if {path}" for path in monitor["filters"])
            yield f"    tells {', '.join(monitor['triggers']) or 'nobody'}"
