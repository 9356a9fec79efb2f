"""What the reader's tests share: a counting client, and forged documents."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any

from cachesync.contracts import digest_of
from cachesync.keys import CHANGES, Scope
from cachesync.reader import Copy, Follower, connect


class Counted:
    """A client that counts its round trips."""

    def __init__(self, url: str) -> None:
        self.client = connect(url)
        self.trips = 0
        self._count(self.client)

    def _count(self, client: Any) -> None:
        execute, pipeline = client.execute_command, client.pipeline

        def counted(call: Callable[..., Any]) -> Callable[..., Any]:
            def once(*args: Any, **kwargs: Any) -> Any:
                self.trips += 1
                return call(*args, **kwargs)

            return once

        def counted_pipeline(*args: Any, **kwargs: Any) -> Any:
            made = pipeline(*args, **kwargs)
            made.execute = counted(made.execute)
            return made

        client.execute_command, client.pipeline = counted(execute), counted_pipeline


def forge(client: Any, scope: Scope, changes: dict[str, str | None], *, step: int = 1) -> None:
    """Write these bodies as a writer would that checks nothing; None takes a document away."""
    meta: dict[str, str] = client.hgetall(scope.meta)
    rev = int(meta["rev"]) + step
    pipeline = client.pipeline(transaction=True)
    index = client.hgetall(scope.index)
    active = set() if scope.is_platform else client.smembers(scope.active)
    for field, body in changes.items():
        if body is None:
            del index[field]
            active.discard(field)
            pipeline.hdel(scope.index, field)
            pipeline.srem(scope.active or "none", field)
            pipeline.delete(scope.document(field))
            continue
        index[field] = f"{rev}:{hashlib.sha256(body.encode()).hexdigest()}"
        pipeline.set(scope.document(field), body)
        pipeline.hset(scope.index, field, index[field])
        if not scope.is_platform:
            active.add(field)
            pipeline.sadd(scope.active, field)
    hashes = {field: entry.partition(":")[2] for field, entry in index.items()}
    pipeline.hset(
        scope.meta,
        mapping={
            "rev": rev,
            "count": len(index if scope.is_platform else active),
            "digest": digest_of(hashes, active),
            "written_at": str(time.time()),
        },
    )
    entry = {"scope": scope.id, "rev": rev, "prev_rev": meta["rev"], "epoch": meta["epoch"]}
    pipeline.xadd(CHANGES, entry | {"ids": json.dumps(sorted(changes))})
    pipeline.execute()


def last_entry(client: Any) -> str:
    """The id of the newest entry of the stream."""
    [(entry_id, _)] = client.xrevrange(CHANGES, count=1)
    return str(entry_id)


def running(reader: Follower, scope: Scope) -> set[str]:
    """The ids of a scope's documents that a reader would run."""
    return set(copy_of(reader, scope).documents)


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.02)


def copy_of(reader: Follower, scope: Scope) -> Copy:
    """What a reader that has started holds of a scope."""
    assert reader.configuration is not None
    return reader.configuration.scopes[scope.id]
