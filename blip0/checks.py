"""System checks of the settings: mistakes are found at start, each with an id and its fix.

`settings.environment` already refuses missing and malformed variables. These checks look at how
the values fit together. None of them opens a connection.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

from blip0.common.allowed_targets import targets_of_environment
from blip0.common.keyrings import parse_keyring
from blip0.common.scraping import listen_address, scrape_networks
from blip0.common.sealing import keyring

START_SERVICES = (
    "Run `make up`, or `manage.py services start` in another terminal; or set the variable to a "
    "server of your own."
)
DEFAULT_REDIS_PORT = 6379


@register(Tags.security)
def sealing_keyring(**_kwargs: Any) -> list[CheckMessage]:
    """`blip0.E005`: every secret that a tenant saves needs a keyring that can be read."""
    try:
        keyring()
    except ImproperlyConfigured as problem:
        return [Error(str(problem), id="blip0.E005")]
    return []


@register(Tags.security)
def token_keyring(**_kwargs: Any) -> list[CheckMessage]:
    """`blip0.E008`: nobody signs in without a keyring that can be read."""
    try:
        parse_keyring(settings.JWT_KEYS, "BLIP0_JWT_KEYS")
    except ImproperlyConfigured as problem:
        return [Error(str(problem), id="blip0.E008")]
    return []


@register(Tags.security)
def allowed_targets_are_readable(**_kwargs: Any) -> list[CheckMessage]:
    """`blip0.E006`: the environment's list is the default of a setting, which must hold."""
    try:
        targets_of_environment()
    except ImproperlyConfigured as problem:
        return [Error(str(problem), id="blip0.E006")]
    return []


@register(Tags.security)
def metrics_are_readable(**_kwargs: Any) -> list[CheckMessage]:
    """`blip0.E007`: who may read metrics, and where, is found at start and not at 3 a.m."""
    try:
        scrape_networks()
        listen_address()
    except ImproperlyConfigured as problem:
        return [Error(str(problem), id="blip0.E007")]
    return []


@register
def web_app_is_an_address(**_kwargs: Any) -> list[CheckMessage]:
    """`blip0.E009`: a link in an email that leads nowhere would be found by those who get it."""
    url = urlsplit(settings.WEB_URL)
    if not settings.WEB_URL or (
        url.scheme in ("http", "https") and url.netloc and not url.fragment
    ):
        return []
    return [
        Error(
            f"BLIP0_WEB_URL is no address: {settings.WEB_URL!r}.",
            hint="Write it whole, such as https://app.example.org, or leave it out.",
            id="blip0.E009",
        )
    ]


@register(Tags.security)
def debug_is_off(**_kwargs: Any) -> list[CheckMessage]:
    """`blip0.E004`: error pages of DEBUG show settings and other people's data."""
    if not settings.DEBUG:
        return []
    return [
        Error("DEBUG is on.", hint="Errors are in the log, by request id.", id="blip0.E004"),
    ]


@register(Tags.security, deploy=True)
def secrets_are_sealed_in_redis(**_kwargs: Any) -> list[CheckMessage]:
    """`blip0.W006`: with plain delivery, whoever reads Redis reads every tenant's secrets."""
    if settings.PROJECTION_SECRET_DELIVERY == "sealed":
        return []
    return [
        checks.Warning(
            "BLIP0_SECRET_DELIVERY=plain: tenants' secrets stand in Redis as plain text.",
            hint="Only for a runtime that cannot open sealed ones yet.",
            id="blip0.W006",
        )
    ]


@register
def services_are_known(**_kwargs: Any) -> list[CheckMessage]:
    """`blip0.E001`: the database and each Redis are named, by a variable or a running service.

    Only a warning (`W001`) outside production: commands that need no service go on.
    """
    urls = {
        "REDIS_PROJECTION_URL": settings.REDIS_PROJECTION_URL,
        "REDIS_CACHE_URL": _cache_url(),
        "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
    }
    missing = [name for name, url in urls.items() if not url]
    if settings.DATABASES["default"]["NAME"] == "unset":
        missing.insert(0, "DATABASE_URL")
    if not missing:
        return []
    names = ", ".join(missing)
    if settings.MODE == "production":
        return [Error(f"{names}: not set.", hint="Set each one, or NAME_FILE.", id="blip0.E001")]
    return [
        checks.Warning(
            f"{names}: not set, and no embedded service runs.", hint=START_SERVICES, id="blip0.W001"
        )
    ]


@register
def projection_is_alone(**_kwargs: Any) -> list[CheckMessage]:
    """`blip0.E002` and `E003`: clearing the cache must never be able to empty the projection.

    Eviction and FLUSHALL are an instance's, FLUSHDB is a database's: `cache.clear()` sends it.
    """
    projection = settings.REDIS_PROJECTION_URL
    cache = _cache_url()
    broker = settings.CELERY_BROKER_URL
    found: list[CheckMessage] = [
        Error(
            f"{name} is on the instance of REDIS_PROJECTION_URL.",
            hint="Give the projection a Redis or Valkey instance of its own (noeviction, AOF).",
            id="blip0.E002",
        )
        for name, url in (("REDIS_CACHE_URL", cache), ("CELERY_BROKER_URL", broker))
        if url and projection and _instance(url) == _instance(projection)
    ]
    if (
        cache
        and broker
        and (*_instance(cache), _database(cache))
        == (
            *_instance(broker),
            _database(broker),
        )
    ):
        found.append(
            Error(
                "REDIS_CACHE_URL and CELERY_BROKER_URL are one database: clearing the cache "
                "would empty the queue.",
                hint="Give the broker another database number, such as /1.",
                id="blip0.E003",
            )
        )
    return found


def _cache_url() -> str:
    return str(settings.CACHES["default"]["LOCATION"])


def _instance(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return (parts.hostname or parts.path, parts.port or DEFAULT_REDIS_PORT)


def _database(url: str) -> int:
    last = urlsplit(url).path.strip("/")
    return int(last) if last.isdecimal() else 0
