"""A reader in a process of its own, which stamps the time at which a change can be read.

It follows the stream and reads what an entry names, as a runtime does; it just keeps nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, cast

import redis

CHANGES = "platform:projection:changes"


def watch(url: str, expected: Mapping[str, int], until: float) -> dict[str, float]:
    """When each of these documents could be read with this threshold, by key; till `until`.

    One that was never seen is missing in the answer.
    """
    seen: dict[str, float] = {}
    client = redis.Redis.from_url(url, decode_responses=True)
    # Not "$": that would be asked anew each time, and miss what comes in between.
    newest = cast(list[tuple[str, Any]], client.xrevrange(CHANGES, count=1))
    cursor = newest[0][0] if newest else "0"
    while len(seen) < len(expected) and time.monotonic() < until:
        answer = cast(Any, client.xread({CHANGES: cursor}, block=500))
        for entry_id, entry in answer[0][1] if answer else ():
            cursor = entry_id
            keys = _named(entry, expected)
            bodies = cast(list[str | None], client.mget(keys)) if keys else []
            now = time.monotonic()
            for key, body in zip(keys, bodies, strict=True):
                if key not in seen and body and _amount(body) == expected[key]:
                    seen[key] = now
    client.close()
    return seen


def _named(entry: Mapping[str, str], expected: Mapping[str, int]) -> list[str]:
    """The documents to read; all that are expected of the scope where the entry names none."""
    prefix = f"tenant:{entry['scope']}:monitor:"
    if entry["ids"]:
        return [prefix + document for document in json.loads(entry["ids"])]
    return [key for key in expected if key.startswith(prefix)]


def _amount(body: str) -> int | None:
    alerting = json.loads(body)["alerting"]
    amount: int | None = alerting.get("threshold", {}).get("amount")
    return amount
