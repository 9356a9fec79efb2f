"""Waking the projector for work that a request leaves behind."""

from __future__ import annotations

import redis
import structlog
from django.conf import settings

logger = structlog.get_logger(__name__)

WAKE_CHANNEL = "blip0:projector:wake"


def wake_client() -> redis.Redis:
    """A client of the cache's Redis: the projection's own belongs to the runtime."""
    return redis.Redis.from_url(
        str(settings.CACHES["default"]["LOCATION"]), socket_timeout=1, socket_connect_timeout=1
    )


def wake_projector() -> None:
    """Ask the projector to sweep now. Lost or refused, it sweeps within five seconds anyway."""
    try:
        with wake_client() as client:
            client.publish(WAKE_CHANNEL, b"sweep")
    except redis.RedisError as error:
        logger.warning("projector.not_woken", error=repr(error))
