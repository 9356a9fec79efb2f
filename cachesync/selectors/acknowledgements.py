"""Reads over Postgres and Redis for people: how far changes have come, and who runs them."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import redis

from blip0.common.projection_states import UNWRITTEN, ProjectionState, Refusal
from blip0.common.tenancy import in_tenant
from cachesync.contracts import Version
from cachesync.keys import KIND_MONITOR, KIND_NETWORK, PLATFORM, Scope
from cachesync.models import ProjectedDocument
from cachesync.reader import ACK_TTL_S, Ack, Position, read_acks
from cachesync.store import Store
from monitors.models import MonitorNetwork, MonitorTrigger
from tenants.models import ConfigChange, ConfigVersion
from tenants.models.versions import ALL_OBJECTS

ALIVE = timedelta(seconds=ACK_TTL_S)


@dataclass(frozen=True)
class Runtime:
    """A runtime as it speaks of itself. `lagging` scopes are those that it has no current version
    of, whether it refused it or just isn't there yet; `nacks` says of which it refused something.
    """

    instance: str
    last_seen: datetime
    alive: bool
    acknowledged: int
    lagging: tuple[str, ...] = ()
    nacks: Mapping[str, str] = field(default_factory=dict)


def runtimes(store: Store, *, now: datetime) -> list[Runtime]:
    """Every runtime of the last day, the one seen last first. Raises `redis.RedisError`."""
    scopes = [PLATFORM, *map(Scope, sorted(store.tenants()))]
    versions = dict(zip(scopes, store.versions(scopes), strict=True))
    found = []
    for instance, (seen, acks) in read_acks(store.client).items():
        last_seen = datetime.fromtimestamp(seen, UTC)
        lagging = tuple(
            scope.id for scope, version in versions.items() if _lags(acks.get(scope.id), version)
        )
        found.append(
            Runtime(
                instance=instance,
                last_seen=last_seen,
                alive=now - last_seen <= ALIVE,
                acknowledged=len(versions) - len(lagging),
                lagging=lagging,
                nacks={scope: ack.reason for scope, ack in acks.items() if ack.refused},
            )
        )
    return sorted(found, key=lambda runtime: runtime.last_seen, reverse=True)


def _lags(ack: Ack | None, version: Version | None) -> bool:
    if version is None:
        return False
    return ack is None or bool(ack.refused) or ack.at < (version.epoch, version.rev)


@dataclass(frozen=True)
class Seen:
    """What Redis says of a scope: its version, and what each runtime that is there runs of it."""

    version: Version | None
    acks: Mapping[str, Ack | None]


def acknowledgements(scope: Scope, *, store: Store, now: datetime) -> Seen:
    """Three round trips, for any number of runtimes. Raises `redis.RedisError`."""
    [version] = store.versions([scope])
    since = (now - ALIVE).timestamp()
    found = read_acks(store.client, scope=scope.id, seen_since=since)
    return Seen(version, {instance: acks.get(scope.id) for instance, (_, acks) in found.items()})


class Standing(StrEnum):
    """What a runtime has of a document, as far as it says so."""

    RUNS = "runs"
    """Its bytes as they have been in Redis since the version that wrote them."""
    OLDER = "older"
    """It hasn't said yet that it has that version."""
    REFUSED = "refused"
    """It goes on with what it had before."""
    UNCLEAR = "unclear"
    """It refused more than it could name, and this may be among it."""
    SILENT = "silent"
    """It has said nothing of the scope."""


def _standing(ack: Ack | None, name: str, at: Position) -> tuple[Standing, str]:
    """What an acknowledgement says of a document that was written at `at`, and why it is refused.

    `name` is the document's index field.
    """
    if ack is None:
        return Standing.SILENT, ""
    if ack.at < at:
        return Standing.OLDER, ""
    reason = ack.refused.get(name, ack.refused.get(""))
    if reason is not None:
        return Standing.REFUSED, reason
    return (Standing.UNCLEAR if ack.more else Standing.RUNS), ""


@dataclass(frozen=True)
class Acknowledged:
    """What a runtime says of one document. `at`: epoch and version of the scope that it has."""

    instance: str
    last_seen: datetime
    at: Position | None
    standing: Standing
    reason: str


def document_acknowledgements(
    scope: Scope, name: str, at: Position, *, store: Store, now: datetime
) -> list[Acknowledged]:
    """Of every runtime that is there, for the document `name` of the index, written at `at`.

    Two round trips. Raises `redis.RedisError`.
    """
    found = read_acks(store.client, scope=scope.id, seen_since=(now - ALIVE).timestamp())
    said = []
    for instance, (seen, acks) in sorted(found.items()):
        ack = acks.get(scope.id)
        standing, reason = _standing(ack, name, at)
        last_seen = datetime.fromtimestamp(seen, UTC)
        said.append(Acknowledged(instance, last_seen, ack.at if ack else None, standing, reason))
    return said


def states(
    scope: Scope, kind: str, object_ids: Collection[str], *, store: Store, now: datetime
) -> dict[str, ProjectionState]:
    """How far the last change of each of these objects has come. They exist, says the caller.

    Two queries, and up to three where Redis is behind. Without an answer of Redis, `applied` is
    None.
    """
    seen = None
    # Before Postgres, which is then never behind what Redis has of the same history.
    with contextlib.suppress(redis.RedisError):
        seen = acknowledgements(scope, store=store, now=now)
    known = ProjectedDocument.objects.filter(scope=scope.id, kind=kind, object_id__in=object_ids)
    rows = {row.object_id: row for row in known}
    if seen is None:
        return {object_id: _state(rows.get(object_id)) for object_id in object_ids}
    current = ConfigVersion.objects.filter(scope=scope.id).first()
    pending = _pending(scope, kind, object_ids, seen.version, current)
    return {
        object_id: _state(
            rows.get(object_id),
            **_progress(
                scope.field(kind, object_id), rows.get(object_id), pending.get(object_id), seen
            ),
        )
        for object_id in object_ids
    }


def _state(row: ProjectedDocument | None, **progress: Any) -> ProjectionState:
    if row is None:
        return replace(UNWRITTEN, **progress)
    return ProjectionState(
        state=row.state,
        label=row.get_state_display(),
        reason=row.reason,
        rev=row.rev,
        sha256=row.sha256,
        size=row.size,
        updated_at=row.updated_at,
        **{"saved_rev": row.rev} | progress,
    )


def _progress(
    name: str, row: ProjectedDocument | None, pending: int | None, seen: Seen
) -> dict[str, Any]:
    """The parts of a state that Redis tells. `pending`: the version of a change that it lacks."""
    if pending is not None or seen.version is None:
        saved = pending or (row.rev if row else 0)
        return {"saved_rev": saved, "applied": False, "readers": len(seen.acks)}
    rev = min(row.rev, seen.version.rev) if row else seen.version.rev
    acknowledged, refusals = 0, []
    for instance, ack in seen.acks.items():
        match _standing(ack, name, (seen.version.epoch, rev)):
            case Standing.REFUSED, reason:
                refusals.append(Refusal(reader=instance, reason=reason))
            case Standing.RUNS, _:
                acknowledged += 1
    return {
        "saved_rev": rev,
        "applied": True,
        "readers": len(seen.acks),
        "acknowledged": acknowledged,
        "refusals": tuple(refusals),
    }


def _pending(
    scope: Scope,
    kind: str,
    object_ids: Collection[str],
    held: Version | None,
    current: ConfigVersion | None,
) -> dict[str, int]:
    """The newest version, later than the one that Redis holds, that changed an object's document.

    By the log of changes; where that doesn't lead from the one to the other, everything may have
    changed.
    """
    if current is None:
        return {}
    if held is None or (held.epoch, held.rev) > (current.epoch, current.version):
        return dict.fromkeys(object_ids, current.version)
    if (held.rev, held.token) == (current.version, str(current.token)):
        return {}
    changes: defaultdict[str, dict[str, int]] = defaultdict(dict)
    tokens: defaultdict[int, set[str]] = defaultdict(set)
    log = ConfigChange.objects.filter(scope=scope.id, version__gte=held.rev).order_by("version")
    for version, token, of, object_id in log.values_list("version", "token", "kind", "object_id"):
        tokens[version].add(str(token))
        if version > held.rev:
            changes[of][object_id] = version
    continues = held.epoch == current.epoch and held.token in tokens[held.rev]
    if not continues or not tokens.keys() >= set(range(held.rev, current.version + 1)):
        return dict.fromkeys(object_ids, current.version)
    pending: dict[str, int] = {}
    everything = max((of.get(ALL_OBJECTS, 0) for of in changes.values()), default=0)
    for object_id in object_ids:
        if version := max(everything, changes[kind].get(object_id, 0)):
            pending[object_id] = version
    if kind == KIND_MONITOR:
        for object_id, version in _embedded(scope, object_ids, changes):
            pending[object_id] = max(version, pending.get(object_id, 0))
    return pending


def _embedded(
    scope: Scope, monitors: Collection[str], changes: Mapping[str, Mapping[str, int]]
) -> list[tuple[str, int]]:
    """Changes of what these monitors' documents hold of other objects. At most two queries."""
    found: list[tuple[str, int]] = []
    ids = [UUID(monitor_id) for monitor_id in monitors]
    with in_tenant(UUID(scope.id)):
        if triggers := changes.get("trigger"):
            links = MonitorTrigger.objects.filter(
                monitor__in=ids, trigger__in=[UUID(one) for one in triggers if one != ALL_OBJECTS]
            )
            for monitor_id, trigger_id in links.values_list("monitor_id", "trigger_id"):
                found.append((str(monitor_id), triggers[str(trigger_id)]))
        if networks := changes.get(KIND_NETWORK):
            named = MonitorNetwork.objects.filter(monitor__in=ids, network__in=networks)
            for monitor_id, slug in named.values_list("monitor_id", "network_id"):
                found.append((str(monitor_id), networks[slug]))
    return found
