"""Fixtures for every app: databases, tenants, Redis, counted queries.

- `db` (pytest-django's): one transaction, rolled back. `on_commit` and deferred triggers wait for
  a commit that never comes; `SET CONSTRAINTS ALL IMMEDIATE` fires the latter.
- `committed`: real transactions, undone afterwards in every schema.
- `write_through`: `committed`, with the projection's receivers connected as in production.

Nothing is given up soon, but where a test asks to be `in_haste`: see `patience`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
import redis
from celery import current_app
from django.conf import settings as django_settings
from django.core.cache import cache

from blip0.common.system_settings import settings_forget
from blip0.common.tenancy import in_tenant, leave_tenant
from blip0.testing.database import (
    Baseline,
    create_database,
    drop_databases,
    real_transactions,
)
from blip0.testing.patience import HASTY, PATIENT, forget_clients, set_pace
from blip0.testing.plugin import servers_key
from blip0.testing.queries import QueryLog
from blip0.testing.queries import count_queries as counted_queries
from tenants.models import Tenant
from tenants.store.facts import trust_again


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first: begun at the end, one would keep the other workers waiting."""

    def rank(item: pytest.Item) -> int:
        return 0 if item.get_closest_marker("e2e") else 1 if item.get_closest_marker("slow") else 2

    items.sort(key=rank)


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """Replaces pytest-django's: a database of this worker's own, with schemas and tenants."""
    servers = request.config.stash[servers_key]
    with django_db_blocker.unblock():
        name = create_database(servers.run, servers.worker)
    yield
    with django_db_blocker.unblock():
        drop_databases([name])


@pytest.fixture(scope="session")
def baseline(django_db_setup: None, django_db_blocker: Any) -> Baseline:
    with django_db_blocker.unblock():
        return Baseline()


@pytest.fixture
def committed(
    baseline: Baseline, django_db_blocker: Any, projection_redis: redis.Redis
) -> Iterator[None]:
    """`real_transactions` for one test; Redis is empty before."""
    with real_transactions(baseline, django_db_blocker):
        yield


@pytest.fixture(scope="session", autouse=True)
def _patience() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        set_pace(PATIENT, patch)
        yield
    forget_clients()


@pytest.fixture
def in_haste() -> Iterator[None]:
    """As impatient as the product: for tests of what it does when it gives up."""
    with pytest.MonkeyPatch.context() as patch:
        set_pace(HASTY, patch)
        yield
    forget_clients()


@pytest.fixture(autouse=True)
def _public_schema_and_quiet_receivers(
    request: pytest.FixtureRequest, settings: Any
) -> Iterator[None]:
    """A test starts and ends in public; write-through is off unless `write_through` asks."""
    settings.PROJECTION_RECEIVERS = "write_through" in request.fixturenames
    leave_tenant()
    # Always: tests come by their database in too many ways to tell who may use the cache.
    cache.clear()
    settings_forget()
    trust_again()
    yield
    leave_tenant()


@pytest.fixture
def write_through(committed: None) -> None:
    """Real transactions with the projection's receivers connected, as in production."""


@pytest.fixture
def projection_redis() -> Iterator[redis.Redis]:
    """A client of this worker's projection Valkey, emptied. Text in, text out."""
    client = redis.Redis.from_url(django_settings.REDIS_PROJECTION_URL, decode_responses=True)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def worker() -> Iterator[None]:
    """Celery's tasks run at once, in this process."""
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = False


@pytest.fixture
def count_queries() -> Callable[[], AbstractContextManager[QueryLog]]:
    """`with count_queries() as log: …; assert len(log) == 3`."""
    return counted_queries


def _tenant(slug: str) -> Tenant:
    return Tenant.objects.select_related("plan").get(slug=slug)


def _has_database(request: pytest.FixtureRequest) -> None:
    """Tenant fixtures join a test's own way to the database: `committed`, else `db`."""
    real = {"committed", "write_through"} & set(request.fixturenames)
    request.getfixturevalue("committed" if real else "db")


@pytest.fixture
def acme(request: pytest.FixtureRequest) -> Tenant:
    """The tenant whose side the test is on."""
    _has_database(request)
    return _tenant("acme")


@pytest.fixture
def globex(request: pytest.FixtureRequest) -> Tenant:
    """The other tenant: nothing of it may ever show up in Acme's hands."""
    _has_database(request)
    return _tenant("globex")


@pytest.fixture
def in_acme(acme: Tenant) -> Iterator[Tenant]:
    """The connection is inside Acme's schema; gives the tenant."""
    with in_tenant(acme.pk):
        yield acme
