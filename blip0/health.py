"""What probes ask: `/health/live` and `/health/ready`.

Answered by a middleware before hosts, sessions and tenants are looked at: a load balancer asks by
IP address, every few seconds, and must get an answer when the database is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import redis
import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from blip0.common.readiness import READINESS, NotReady

logger = structlog.get_logger(__name__)

TIMEOUT_S = 1.0
"""How long each Redis may take to answer."""


def live() -> JsonResponse:
    """200: this process answers requests. Asks nobody else."""
    return JsonResponse({"status": "ok"})


def ready() -> JsonResponse:
    """200 if PostgreSQL and both Redis answer and all of `READINESS` holds, else 503.

    Says which doesn't, never why or where: addresses and users are in the reasons, which are in the
    log. What rests on the services isn't asked while one of them is away: nobody waits twice.
    """
    parts = {name: _answers(name, ask) for name, ask in _PARTS.items()}
    answer = all(parts.values())
    parts |= {name: answer and _answers(name, ask) for name, ask in READINESS.items()}
    is_ready = all(parts.values())
    return JsonResponse(
        {
            "status": "ok" if is_ready else "unavailable",
            **{name: "ok" if answers else "unavailable" for name, answers in parts.items()},
        },
        status=200 if is_ready else 503,
    )


class HealthMiddleware:
    """Answers the paths of `PROBES`; any other request goes on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info)
        if probe is None:
            return self.get_response(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        response = probe()
        response["Cache-Control"] = "no-store"
        return response


def _answers(name: str, ask: Callable[[], None]) -> bool:
    try:
        ask()
    except NotReady as reason:
        logger.warning("health.part_unavailable", part=name, reason=str(reason))
        return False
    except (DatabaseError, redis.RedisError, OSError, ImproperlyConfigured, ValueError) as error:
        logger.warning("health.part_unavailable", part=name, error=type(error).__name__)
        return False
    return True


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_cache() -> None:
    _ping(str(settings.CACHES["default"]["LOCATION"]))


def _ask_projection() -> None:
    _ping(settings.REDIS_PROJECTION_URL)


def _ping(url: str) -> None:
    with redis.Redis.from_url(
        url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, retry=None
    ) as client:
        client.ping()


_PARTS: Mapping[str, Callable[[], None]] = {
    "database": _ask_database,
    "cache": _ask_cache,
    "projection": _ask_projection,
}
PROBES: Mapping[str, Callable[[], JsonResponse]] = {"/health/live": live, "/health/ready": ready}
