"""Exits 0 if the process beside it in the container is alive, 1 if not.

`web` answers a request; `projector` has completed a sweep in the last minute. Standard library and
redis only: this runs every few seconds, and Django takes most of a second to start.
"""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import redis

HEARTBEAT = "platform:projection:heartbeat"
TIMEOUT_S = 3


def web(environ: Mapping[str, str]) -> bool:
    """Whether the web server answers."""
    url = environ.get("HEALTHCHECK_URL", "http://127.0.0.1:8000/health/live")
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as response:  # noqa: S310  # our own
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def projector(environ: Mapping[str, str]) -> bool:
    """Whether the projector's heartbeat in Redis is younger than a minute."""
    url = environ.get("REDIS_PROJECTION_URL") or Path(
        environ["REDIS_PROJECTION_URL_FILE"]
    ).read_text(encoding="utf-8")
    try:
        with redis.Redis.from_url(
            url.strip(),
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            decode_responses=True,
        ) as client:
            beaten = datetime.fromisoformat(str(client.get(HEARTBEAT)))
    except (redis.RedisError, ValueError):
        return False
    return datetime.now(UTC) - beaten < timedelta(minutes=1)


CHECKS: Mapping[str, Callable[[Mapping[str, str]], bool]] = {"web": web, "projector": projector}

if __name__ == "__main__":
    sys.exit(0 if CHECKS[sys.argv[1]](os.environ) else 1)
