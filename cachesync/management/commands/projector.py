"""`manage.py projector`: the sweep every five seconds, and at once when woken."""

from __future__ import annotations

import signal
import time
from types import FrameType
from typing import Any

import redis
import structlog
from django.core.management.base import BaseCommand
from django.db import Error as DatabaseError
from django.db import connection

from blip0.common.scraping import serve_metrics
from cachesync.services.sweep import sweep
from cachesync.services.wake import WAKE_CHANNEL, wake_client
from cachesync.store import Store

logger = structlog.get_logger(__name__)

INTERVAL_S = 5.0


class Command(BaseCommand):
    """Runs until SIGTERM or SIGINT. Several may run: the compare-and-set keeps them apart."""

    help = "Sweep all scopes every five seconds, and whenever a fan-out wakes it."

    _stopping = False

    def handle(self, *_args: Any, **_options: Any) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        serve_metrics()
        logger.info("projector.started")
        alarm = _Alarm()
        while not self._stopping:
            started = time.monotonic()
            self._sweep()
            while not self._stopping and (left := started + INTERVAL_S - time.monotonic()) > 0:
                if alarm.wait(min(left, 1.0)):
                    break
        alarm.close()
        logger.info("projector.stopped")

    def _sweep(self) -> None:
        try:
            done = sweep(store=Store())
        except (redis.RedisError, DatabaseError) as error:
            # Postgres or Redis is away: the next round is the retry.
            logger.warning("projector.sweep_failed", error=repr(error))
            connection.close()
            return
        if done.results or done.failed:
            logger.info("projector.swept", results=done.counted, failed=done.failed)
            # A session of Postgres keeps what it has learnt of every schema, until it ends.
            connection.close()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True


class _Alarm:
    """Waits for a wake-up from the cache's Redis; without it, just waits."""

    def __init__(self) -> None:
        self._subscription: redis.client.PubSub | None = None

    def wait(self, seconds: float) -> bool:
        """True when woken within `seconds`."""
        try:
            if self._subscription is None:
                client: Any = wake_client()
                self._subscription = client.pubsub(ignore_subscribe_messages=True)
                self._subscription.subscribe(WAKE_CHANNEL)
            return self._subscription.get_message(timeout=seconds) is not None
        except redis.RedisError:
            self.close()
            time.sleep(seconds)
            return False

    def close(self) -> None:
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None
