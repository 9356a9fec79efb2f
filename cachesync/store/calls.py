"""The one call that changes a scope: its arguments, in the order of `apply.lua`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings

from cachesync.contracts import SCHEMA_VERSION, Change

MAX_STREAM_LENGTH = 100_000
MAX_NAMED_IDS = 10


def apply_arguments(change: Change, *, stage: str, now: datetime) -> list[Any]:
    """The flat list that `apply.lua` takes apart, in its order."""
    scope, expected, version = change.scope, change.expected, change.version
    held: list[Any] = ["", "", "", ""]
    if expected is not None:
        held = [expected.rev, expected.epoch, expected.token, expected.render_version]
    arguments: list[Any] = [
        *held,
        *(version.rev, version.epoch, version.token, version.render_version),
        *(SCHEMA_VERSION, change.status, change.digest, now.isoformat()),
        *(scope.id, scope.channel),
        settings.PROJECTION_REMOVAL_GRACE_S,
        stage,
        scope.document(""),
        *_counted(sorted(change.requires)),
        len(change.puts),
    ]
    for field, body in change.puts.items():
        arguments += [field, change.hashes[field], "" if stage else body]
    arguments += _counted(sorted(change.activate))
    arguments += _counted(sorted(change.deactivate))
    arguments += _counted(sorted(change.removals))
    ids = change.touched
    arguments += [json.dumps(ids) if len(ids) <= MAX_NAMED_IDS else "", MAX_STREAM_LENGTH]
    return arguments + _counted(_hints(change, now))


def _hints(change: Change, now: datetime) -> list[str]:
    """Messages for readers that cannot follow a stream; a lost one costs nothing but time."""
    fields = change.touched
    if not fields:
        return []
    if len(fields) > MAX_NAMED_IDS:
        return [_hint(change, now, "invalidate", "tenant", change.scope.id)]
    return [
        _hint(
            change,
            now,
            "delete" if field in change.removals else "update",
            *change.scope.resource(field),
        )
        for field in fields
    ]


def _hint(change: Change, now: datetime, event: str, resource: str, resource_id: str) -> str:
    scope = change.scope
    if scope.is_platform and resource == "tenant":
        resource = "platform"
    message = {
        "event_type": event,
        "resource_type": resource,
        "resource_id": resource_id,
        "tenant_id": None if scope.is_platform else scope.id,
        "timestamp": now.isoformat(),
        "metadata": {"rev": change.version.rev},
    }
    return json.dumps(message, separators=(",", ":"))


def _counted(items: Sequence[str]) -> list[Any]:
    return [len(items), *items]
