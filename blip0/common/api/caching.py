"""Answers that are the same for everybody, kept in the cache under the version that they show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import structlog
from django.core.cache import cache
from redis.exceptions import RedisError

from blip0.common.cache_outages import count_outage
from blip0.common.tenancy import in_public

KEPT_FOR_S: Final = 3600
"""Only so that old versions go: what is found is always of the version that was asked for."""

T = TypeVar("T")
logger = structlog.get_logger(__name__)


def kept(key: str, make: Callable[[], T]) -> T:
    """What is cached under `key`, one entry for all tenants, or else what `make` gives.

    `key` must name the version of all that the value depends on. A cache that is away costs time,
    and nothing else.
    """
    try:
        with in_public():
            found: T | None = cache.get(key)
    except RedisError as error:
        _missed(error)
        return make()
    if found is not None:
        return found
    made = make()
    try:
        with in_public():
            cache.set(key, made, KEPT_FOR_S)
    except RedisError as error:
        _missed(error)
    return made


def _missed(error: RedisError) -> None:
    count_outage("catalogue")
    logger.warning("cache.unavailable", error=repr(error))
