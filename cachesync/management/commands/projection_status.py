"""`manage.py projection_status`: does what the runtime reads stand where Postgres does?"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from blip0.common.commands import PlatformCommand
from cachesync.contracts import Version
from cachesync.keys import Scope
from cachesync.management.reports import FOUND, ago
from cachesync.models import ProjectedScope
from cachesync.services.status import (
    ProjectionStatus,
    ScopeStatus,
    presence_drift,
    projection_status,
)
from cachesync.store import Store

HEARTBEAT_OLD_S = 60
SHOWN = 20


class Command(PlatformCommand):
    help = (
        "Print where the projection stands: versions, lag, what is missing in Redis, heartbeat. "
        f"Exits with {FOUND} where something doesn't come right by itself, or is late."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="One object, with every scope.")

    def handle(self, *_args: Any, **options: Any) -> None:
        store = Store()
        status = projection_status(store=store, now=timezone.now())
        drift = presence_drift(store=store, scopes=[each.scope for each in status.scopes])
        problems = _problems(status, drift)
        if options["json"]:
            self.stdout.write(json.dumps(_representation(status, drift, problems), indent=2))
        else:
            self._tell(status, drift)
        if problems:
            raise CommandError("; ".join(problems), returncode=FOUND)

    def _tell(self, status: ProjectionStatus, drift: dict[Scope, str]) -> None:
        ready = status.ready
        told = f"epoch {ready['epoch']}, {ready['tenants']} tenants" if ready else "NOT READY"
        self.stdout.write(f"readers are told   {told}")
        self.stdout.write(f"last sweep         {ago(status.heartbeat_age_s)} ago")
        self.stdout.write(
            f"scopes             {len(status.scopes)}, {len(status.dirty)} behind, "
            f"{len(status.troubled)} in trouble, {len(drift)} with drift"
        )
        self.stdout.write(f"oldest commit that isn't in Redis yet: {ago(status.staleness_s)}")
        worth = {scope.scope: scope for scope in (*status.troubled, *status.dirty)}
        for each in list(worth.values())[:SHOWN]:
            self.stdout.write(f"  {each.name:30} {_said(each, status.at)}")
        if len(worth) > SHOWN:
            self.stdout.write(f"  … and {len(worth) - SHOWN} more (--json shows all)")
        names = {each.scope: each.name for each in status.scopes}
        for scope, what in list(drift.items())[:SHOWN]:
            self.stdout.write(
                f"  {names[scope]:30} drift: {what}; the next reconciliation mends it"
            )


def _said(scope: ScopeStatus, now: datetime) -> str:
    versions = f"Redis {_number(scope.held)}, Postgres {_number(scope.wanted)}"
    if scope.condition == ProjectedScope.Condition.FAILING:
        return f"failing {scope.failures} times: {scope.error} ({versions})"
    if scope.condition in ProjectedScope.OTHER_HISTORY:
        tell = "manage.py projection_rebuild --new-epoch, once you know which one is right"
        return f"{scope.condition}: Redis holds another history ({versions}): {tell}"
    waited = ago((now - scope.waiting_since).total_seconds()) if scope.waiting_since else "?"
    return f"behind for {waited} ({versions})"


def _number(version: Version | None) -> str:
    return "nothing" if version is None else f"{version.epoch}:{version.rev}"


def _problems(status: ProjectionStatus, drift: dict[Scope, str]) -> list[str]:
    problems = []
    if not status.ready:
        problems.append("readers can't start: there is no platform:projection:ready")
    age = status.heartbeat_age_s
    if age is None or age > HEARTBEAT_OLD_S:
        problems.append(f"the last sweep was {ago(age)} ago: is the projector running?")
    if status.troubled:
        problems.append(f"{len(status.troubled)} scopes in trouble")
    if status.staleness_s > 30:
        problems.append(f"a commit waits for {ago(status.staleness_s)}")
    if drift:
        problems.append(f"{len(drift)} scopes with drift")
    return problems


def _representation(
    status: ProjectionStatus, drift: dict[Scope, str], problems: list[str]
) -> dict[str, Any]:
    return {
        "at": status.at.isoformat(),
        "ready": dict(status.ready),
        "heartbeat": status.heartbeat.isoformat() if status.heartbeat else None,
        "staleness_s": status.staleness_s,
        "problems": problems,
        "scopes": [
            {
                "scope": each.scope.id,
                "name": each.name,
                "postgres": _number(each.wanted),
                "redis": _number(each.held),
                "is_current": each.is_current,
                "waiting_since": each.waiting_since.isoformat() if each.waiting_since else None,
                "condition": each.condition,
                "error": each.error,
                "failures": each.failures,
                "verified_at": each.verified_at.isoformat() if each.verified_at else None,
                "duration_ms": each.duration_ms,
                "drift": drift.get(each.scope, ""),
            }
            for each in status.scopes
        ],
    }
