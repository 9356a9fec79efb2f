"""Readers beside a writer that never rests: whatever they see belongs to one version.

The control reads without meta and must see what never was, or this test couldn't fail.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from cachesync.contracts import digest_of
from cachesync.keys import Scope
from cachesync.reader import connect
from cachesync.reader.copies import document_key, key
from cachesync.reader.reading import list_scopes

SCOPE = Scope("00000000-0000-4000-8000-00000000aaaa")
NAMES = [f"m{number}" for number in range(40)]
SECONDS = 2.0

# All documents hold the same number, in each version another one.
WRITE = """
for i = 6, #ARGV, 2 do
  redis.call('SET', KEYS[4] .. ARGV[i], ARGV[3])
  redis.call('HSET', KEYS[2], ARGV[i], ARGV[1] .. ':' .. ARGV[4])
  if ARGV[i + 1] == '1' then redis.call('SADD', KEYS[3], ARGV[i])
  else redis.call('SREM', KEYS[3], ARGV[i]) end
end
redis.call('HSET', KEYS[1], 'rev', ARGV[1], 'epoch', '1', 'token', ARGV[1], 'schema', '1',
  'status', 'active', 'count', redis.call('SCARD', KEYS[3]), 'digest', ARGV[5],
  'written_at', ARGV[2])
"""


@pytest.fixture
def writing(projection_redis) -> Iterator[None]:
    stop = threading.Event()
    client = connect(settings.REDIS_PROJECTION_URL)
    script = client.register_script(WRITE)
    prefix = document_key(SCOPE.id, "")

    def write() -> None:
        rev = 0
        while not stop.is_set():
            rev += 1
            body = json.dumps({"number": rev})
            sha256 = hashlib.sha256(body.encode()).hexdigest()
            active = {name for place, name in enumerate(NAMES) if (place + rev) % 3}
            digest = digest_of(dict.fromkeys(NAMES, sha256), active)
            flags = [part for name in NAMES for part in (name, int(name in active))]
            script(
                keys=[SCOPE.meta, SCOPE.index, SCOPE.active, prefix],
                args=[rev, time.time(), body, sha256, digest, *flags],
            )
            time.sleep(0.002)

    thread = threading.Thread(target=write)
    thread.start()
    time.sleep(0.05)
    yield
    stop.set()
    thread.join()
    client.close()


def test_list_scopes__beside_a_busy_writer__always_one_version(writing):
    client = connect(settings.REDIS_PROJECTION_URL)
    whole = 0
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        [listing] = list_scopes(client, [SCOPE.id], {})
        if listing.problem:
            assert listing.moved, listing.problem
            continue
        whole += 1
        numbers = {json.loads(body)["number"] for body in listing.bodies.values() if body}
        assert numbers == {int(listing.meta["rev"])}
        rev = int(listing.meta["rev"])
        assert set(listing.bodies) == {
            name for place, name in enumerate(NAMES) if (place + rev) % 3
        }
    client.close()
    assert whole > 10


def test_control__without_meta_again__sees_what_never_was(writing):
    client: Any = connect(settings.REDIS_PROJECTION_URL)
    torn = False
    deadline = time.monotonic() + 10
    while not torn and time.monotonic() < deadline:
        rev = int(client.hget(SCOPE.meta, "rev"))
        active = sorted(client.smembers(SCOPE.active))
        bodies = client.mget([document_key(SCOPE.id, name) for name in active])
        torn = {json.loads(body)["number"] for body in bodies} != {rev}
    client.close()
    assert key(SCOPE.id, "projection:meta") == SCOPE.meta
    assert torn
