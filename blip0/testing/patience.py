"""The product is impatient on purpose; tests aren't, unless they are about that.

A request gives up a Redis that takes a fifth of a second, and what it does then is right and looks
like a failure: a commit that only the sweep brings, one query more, no `RateLimit`. A busy machine
stops for that long now and then. So what production gives up soon is waited for in tests, and a
pause that is over soon there lasts here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pkgutil import resolve_name
from typing import Any, Final

import pytest

from blip0.common.api.rate_limits import rate_limiter
from cachesync.services.project import REQUEST
from tenants.store import client

_LONG_S: Final = 20.0
PATIENT: Final[Mapping[str, Any]] = {
    "tenants.store.client.TIMEOUT_S": _LONG_S,
    "tenants.store.attempts.FIRST_WAIT_S": 60,
    "tenants.store.facts.KEPT_S": 600,
    "tenants.store.facts.FILLED_WITHIN_S": 300,
    "tenants.store.facts.GRAVESTONE_S": 1200,
    "blip0.common.system_settings.KEPT_S": 600.0,
    "blip0.common.api.rate_limits.TIMEOUT_S": _LONG_S,
    "cachesync.presentation.TIMEOUT_S": _LONG_S,
    "cachesync.services.project.REQUEST": replace(REQUEST, statement_ms=int(1000 * _LONG_S)),
    "django.conf.settings.PROJECTION_WRITE_THROUGH_TIMEOUT_S": _LONG_S,
}
"""Dotted names, and what they are in tests."""
HASTY: Final[Mapping[str, Any]] = {name: resolve_name(name) for name in PATIENT}
"""What they are in the product."""


def set_pace(pace: Mapping[str, Any], patch: pytest.MonkeyPatch) -> None:
    """Until `patch` is undone. Clients that exist have the patience of when they were made."""
    for name, value in pace.items():
        patch.setattr(name, value)
    forget_clients()


def forget_clients() -> None:
    client._client.cache_clear()  # noqa: SLF001  # nobody else has to
    rate_limiter.cache_clear()
