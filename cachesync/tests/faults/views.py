"""One look at a scope in Redis, and what is wrong with it in itself: no history, no journal.

Plain redis-py and the strict models; nothing of Django, and nothing of the code that writes.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
import redis
from cryptography.exceptions import InvalidTag

from cachesync.reader import open_sealed
from cachesync.tests.strict_models import Filter, parse_envelope, parse_network

PLATFORM = "platform"
CANARY = "plaintextcanary"
"""A word in every secret of the ground: where it shows, a secret shows."""
KEYS = {"dev": b"development-only-sealing-key-32b"}


class Kind(StrEnum):
    """What can be wrong."""

    WENT_BACK = "went_back"
    UNCOMMITTED = "uncommitted"
    CAME_BACK = "came_back"
    """It was deleted, its deletion was seen, and here it is."""
    VANISHED = "vanished"
    """It is gone, and nobody deleted it."""
    HALF = "half"
    """A part of a transaction shows, and another part doesn't."""
    DANGLING = "dangling"
    """Listed, and no document is there."""
    OPEN_REFERENCE = "open_reference"
    MALFORMED = "malformed"
    FOREIGN = "foreign"
    """A document of somebody else, or of another monitor, under this key."""
    PLAINTEXT = "plaintext"
    INCONSISTENT = "inconsistent"
    """Meta, index, set and bytes of one instant say different things."""
    RUNS = "runs"
    """It runs and must not."""
    IDLE = "idle"
    """It must run and doesn't."""
    TWO_WINNERS = "two_winners"
    """Two changes start from one version."""
    UNREADABLE = "unreadable"
    """A reader that keeps to the contract doesn't get a configuration."""
    LEFTOVER = "leftover"
    """A staged body that never goes away."""
    LATE = "late"
    """Committed, and not to be seen in time."""


class Violation(NamedTuple):
    kind: Kind
    detail: str


class Malformed(Exception):
    """The bytes aren't a document; `kind` says in which way."""

    def __init__(self, kind: Kind, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


@dataclass(frozen=True)
class Document:
    """What a monitor's document says of the things that the ground's writers change."""

    marker: int
    paused: bool
    networks: tuple[str, ...]
    script_paths: tuple[str, ...]
    triggers: Mapping[str, int]
    """Trigger → its marker."""


@dataclass
class View:
    """A scope at one instant between `asked_at` and `at`."""

    scope: str
    asked_at: float
    at: float
    meta: dict[str, str]
    index: dict[str, str]
    active: set[str]
    bodies: dict[str, bytes | None]
    catalogue: dict[str, bytes | None]
    """The platform's documents by index field, at the same instant."""
    documents: dict[str, Document] = field(default_factory=dict)

    @property
    def version(self) -> tuple[int, int] | None:
        """Epoch and version; None where meta doesn't say."""
        try:
            return int(self.meta["epoch"]), int(self.meta["rev"])
        except (KeyError, ValueError):
            return None


class Unstable(Exception):
    """The index changed whenever we had just read it."""


def look(client: redis.Redis, scope: str) -> View:
    """Read a tenant in one MULTI. `client` gives bytes. Raises `Unstable`, `redis.RedisError`."""
    prefix = f"tenant:{scope}"
    for _ in range(100):
        first = client.pipeline(transaction=False)
        first.hkeys(f"{prefix}:projection:index")
        first.hkeys("platform:projection:index")
        fields, entries = ([_text(name) for name in names] for names in first.execute())
        second = client.pipeline(transaction=True)
        second.hgetall(f"{prefix}:projection:meta")
        second.hgetall(f"{prefix}:projection:index")
        second.smembers(f"{prefix}:monitors:active")
        second.hkeys("platform:projection:index")
        # A key that is no list of keys: MGET wants at least one.
        second.mget("-", *(f"{prefix}:monitor:{name}" for name in fields))
        second.mget("-", *(f"platform:{name}" for name in entries))
        asked_at = time.monotonic()
        meta, index, active, listed, bodies, catalogue = second.execute()
        at = time.monotonic()
        if {_text(name) for name in index} == set(fields) and (
            {_text(name) for name in listed} == set(entries)
        ):
            return View(
                scope,
                asked_at,
                at,
                _texts(meta),
                _texts(index),
                {_text(name) for name in active},
                dict(zip(fields, bodies[1:], strict=True)),
                dict(zip(entries, catalogue[1:], strict=True)),
            )
    raise Unstable(scope)


def look_at_catalogue(client: redis.Redis) -> dict[str, bytes | None]:
    """The platform's documents by index field. `client` gives bytes. Raises `redis.RedisError`."""
    listed: Any = client.hkeys("platform:projection:index")
    fields = [_text(name) for name in listed]
    bodies: Any = client.mget("-", *(f"platform:{name}" for name in fields))
    return dict(zip(fields, bodies[1:], strict=True))


def judge(view: View) -> Iterator[Violation]:
    """Everything that one look can show; fills `view.documents`."""
    if not view.meta:
        if view.index or view.active:
            yield Violation(Kind.INCONSISTENT, f"{view.scope}: index or set without meta")
        return
    yield from _judge_bookkeeping(view)
    for name, body in view.bodies.items():
        if body is None:
            yield Violation(Kind.DANGLING, f"{view.scope}: {name} is in the index")
            continue
        try:
            document = document_of(view.scope, name, body)
        except Malformed as problem:
            yield Violation(problem.kind, f"{view.scope}: {name}: {problem}")
            continue
        view.documents[name] = document
        yield from _judge_references(view, name, document)
        if name in view.active and document.paused:
            yield Violation(Kind.RUNS, f"{view.scope}: {name} is paused and in the set")
        if name not in view.active and not document.paused and view.meta.get("status") == "active":
            yield Violation(Kind.IDLE, f"{view.scope}: {name} isn't paused nor in the set")


def _judge_bookkeeping(view: View) -> Iterator[Violation]:
    missing = {"token", "schema", "status", "count", "digest"} - set(view.meta)
    if missing or view.version is None:
        yield Violation(Kind.INCONSISTENT, f"{view.scope}: meta is {view.meta}")
        return
    if dangling := view.active - set(view.index):
        yield Violation(Kind.DANGLING, f"{view.scope}: {sorted(dangling)} in the set only")
    if view.active and view.meta["status"] != "active":
        yield Violation(Kind.RUNS, f"{view.scope}: {view.meta['status']}, and a set")
    if view.meta["count"] != str(len(view.active)):
        yield Violation(
            Kind.INCONSISTENT, f"{view.scope}: count {view.meta['count']}, {len(view.active)} run"
        )
    hashes = {name: entry.partition(":")[2] for name, entry in view.index.items()}
    lines = (f"{name} {hashes[name]} {int(name in view.active)}\n" for name in sorted(hashes))
    if view.meta["digest"] != hashlib.sha256("".join(lines).encode()).hexdigest():
        yield Violation(Kind.INCONSISTENT, f"{view.scope}: digest")
    for name, body in view.bodies.items():
        if body is not None and hashlib.sha256(body).hexdigest() != hashes[name]:
            yield Violation(Kind.INCONSISTENT, f"{view.scope}: {name} has other bytes")
        if int(view.index[name].partition(":")[0]) > view.version[1]:
            yield Violation(Kind.INCONSISTENT, f"{view.scope}: {name} is newer than its scope")


def _judge_references(view: View, name: str, document: Document) -> Iterator[Violation]:
    paths = {
        script_path_of(body)
        for entry, body in view.catalogue.items()
        if entry.startswith("filters:") and body is not None
    }
    for network in document.networks:
        if view.catalogue.get(f"networks:{network}") is None:
            yield Violation(Kind.OPEN_REFERENCE, f"{view.scope}: {name} names {network}")
    for path in document.script_paths:
        if path not in paths:
            yield Violation(Kind.OPEN_REFERENCE, f"{view.scope}: {name} names {path}")


def judge_catalogue(catalogue: Mapping[str, bytes | None]) -> Iterator[Violation]:
    """The platform's documents parse; `catalogue` by index field."""
    for entry, body in catalogue.items():
        kind, _, key = entry.partition(":")
        if body is None:
            yield Violation(Kind.DANGLING, f"platform: {entry} is in the index")
            continue
        try:
            value = strict(body)
            own = parse_network(value).slug if kind == "networks" else _filter(value).name
            if own != key:
                yield Violation(Kind.FOREIGN, f"platform: {own} under {entry}")
        except (Malformed, msgspec.ValidationError, AssertionError) as problem:
            yield Violation(Kind.MALFORMED, f"platform: {entry}: {problem!r}")


@lru_cache(maxsize=4096)
def document_of(scope: str, name: str, body: bytes) -> Document:
    """The document, parsed as strictly as the runtime does. Raises `Malformed`."""
    if CANARY.encode() in body:
        raise Malformed(Kind.PLAINTEXT, "a secret stands in it as it is")
    value = strict(body)
    try:
        envelope = parse_envelope(open_sealed(value, KEYS))
    except (
        *(msgspec.ValidationError, AssertionError, InvalidTag),
        *(KeyError, TypeError, AttributeError, ValueError),
    ) as problem:
        raise Malformed(Kind.MALFORMED, repr(problem)) from problem
    if (envelope.tenant_id, envelope.id) != (scope, name):
        raise Malformed(Kind.FOREIGN, f"it is {envelope.id} of {envelope.tenant_id}")
    if not envelope.monitor.name.endswith("]") or set(envelope.monitor.triggers) != set(
        envelope.triggers
    ):
        raise Malformed(Kind.OPEN_REFERENCE, "its name or triggers aren't closed")
    return Document(
        marker=value["alerting"].get("min_interval_s", 0),
        paused=envelope.monitor.paused,
        networks=tuple(envelope.monitor.networks),
        script_paths=tuple(item.script_path for item in envelope.monitor.trigger_conditions),
        triggers={
            trigger_id: int(trigger.config["message"]["body"].rpartition(" ")[2])
            for trigger_id, trigger in envelope.triggers.items()
        },
    )


@lru_cache(maxsize=64)
def script_path_of(body: bytes) -> str:
    return str(json.loads(body).get("script_path"))


def _filter(value: object) -> Filter:
    return msgspec.convert(value, Filter)


def strict(body: bytes) -> Any:
    """Canonical JSON without repeated keys or floats. Raises `Malformed`."""
    try:
        text = body.decode()
        value = json.loads(
            text, object_pairs_hook=_no_repeats, parse_float=_refuse, parse_constant=_refuse
        )
    except ValueError as problem:
        raise Malformed(Kind.MALFORMED, repr(problem)) from problem
    if text != json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False):
        raise Malformed(Kind.MALFORMED, "not canonical")
    return value


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice")
    return value


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} isn't an integer")


def _text(value: bytes) -> str:
    return value.decode(errors="replace")


def _texts(values: Mapping[bytes, bytes]) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in values.items()}
