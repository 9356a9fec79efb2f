"""Python and Postgres agree on the tenant, whatever is rolled back, raised or reused between.

`SET search_path` is undone with the savepoint that it ran in. A django-tenants that keeps count
of its `SET` statements and forgets this serves another tenant's rows.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from blip0.common.tenancy import current_schema, in_public, in_tenant, schema_name_for
from blip0.testing.api import ana, olga
from monitors.tests.factories import make_monitor_document
from tenants.models import Tenant
from triggers.models import Trigger
from triggers.tests.factories import SlackTriggerFactory
from triggers.tests.factories import document as trigger_document


class _Undo(Exception):
    """Rolls the innermost block back."""


def _undo() -> None:
    raise _Undo


def _of_postgres() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return str(cursor.fetchone()[0])


@contextmanager
def _savepoint() -> Iterator[None]:
    with suppress(_Undo), transaction.atomic():
        yield


@pytest.mark.django_db
def test_savepoint__entered_inside_and_rolled_back__the_outer_tenant_is_served(
    acme: Tenant, globex: Tenant
) -> None:
    with in_tenant(acme.pk):
        SlackTriggerFactory.create(slug="acmes")
    with in_tenant(globex.pk):
        SlackTriggerFactory.create(slug="globexs")

    with in_tenant(acme.pk):
        with _savepoint(), in_tenant(globex.pk):
            assert Trigger.objects.get().slug == "globexs"
            _undo()
        assert Trigger.objects.get().slug == "acmes"
        assert _of_postgres() == schema_name_for(acme.pk)


@pytest.mark.django_db
def test_savepoint__rolled_back_while_another_tenant_is_entered__that_one_is_served(
    acme: Tenant, globex: Tenant
) -> None:
    with in_tenant(acme.pk):
        assert not Trigger.objects.exists()
        with in_tenant(globex.pk):
            with _savepoint():
                assert not Trigger.objects.exists()  # the first SET for Globex is in here
                _undo()
            assert _of_postgres() == schema_name_for(globex.pk)


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(8))
def test_walk__tenants_savepoints_errors_and_rollbacks_at_random__never_disagree(
    acme: Tenant, globex: Tenant, seed: int
) -> None:
    chance = random.Random(seed)
    steps = 0

    def agree() -> None:
        assert _of_postgres() == current_schema()

    def fail_in_postgres() -> None:
        with suppress(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    def walk(depth: int) -> None:
        nonlocal steps
        for _ in range(chance.randint(1, 4)):
            steps += 1
            if chance.random() < 0.5:
                agree()
            if depth == 6 or steps > 400:
                continue
            into: Callable[[], Any] = chance.choice(
                [
                    lambda: in_tenant(acme.pk),
                    lambda: in_tenant(globex.pk),
                    in_public,
                    _savepoint,
                    _savepoint,
                ]
            )
            with suppress(_Undo), into():
                walk(depth + 1)
                if chance.random() < 0.3:
                    fail_in_postgres()
                if chance.random() < 0.5:
                    raise _Undo
            agree()

    while steps < 150:
        walk(0)
    assert _of_postgres() == "public"


@pytest.mark.parametrize("seed", range(4))
def test_walk__whole_transactions_that_end_either_way__never_disagree(
    acme: Tenant, globex: Tenant, committed: None, seed: int
) -> None:
    chance = random.Random(seed)
    places = (in_public, lambda: in_tenant(acme.pk), lambda: in_tenant(globex.pk))
    for _ in range(60):
        with chance.choice(places)():
            if chance.random() < 0.5:
                assert _of_postgres() == current_schema()
            with suppress(_Undo), transaction.atomic(durable=True):
                with chance.choice(places)():
                    assert _of_postgres() == current_schema()
                if chance.random() < 0.6:
                    raise _Undo
            if chance.random() < 0.2:
                connection.close()
            if chance.random() < 0.5:  # or the next transaction is the first to ask
                assert _of_postgres() == current_schema()


@pytest.mark.django_db
def test_path__there_and_back_without_a_query__is_not_sent_again(
    acme: Tenant,
) -> None:
    with in_tenant(acme.pk):
        assert not Trigger.objects.exists()
        with CaptureQueriesContext(connection) as log:
            with in_public():
                pass
            assert not Trigger.objects.exists()

    assert [query["sql"] for query in log if "search_path" in query["sql"]] == []


def test_requests__many_threads_two_tenants_and_failures__see_their_own_only(
    acme: Tenant, globex: Tenant, committed: None
) -> None:
    """Each thread keeps its connection for both tenants' requests, as a server's threads do."""
    clients = {"acme": ana(), "globex": olga()}
    for slug, client in clients.items():
        for number in range(3):
            made = client.post(
                "/api/v1/monitors",
                make_monitor_document(name=f"{slug} {number}", slug=f"{slug}-{number}"),
            )
            assert made.status_code == 201, made.content
    seen: list[tuple[str, set[str]]] = []

    def work(seed: int) -> None:
        chance = random.Random(seed)
        try:
            for _ in range(25):
                slug = chance.choice(sorted(clients))
                client = clients[slug]
                if chance.random() < 0.5:
                    # Refused in the middle of a transaction, inside the tenant.
                    body = trigger_document("slack", slug=f"{slug}-{seed}")
                    client.post("/api/v1/triggers", body | {"config": {"message": {}}})
                    client.post(f"/api/v1/monitors/{UUID(int=seed)}/pause")
                names = {row["slug"] for row in client.get("/api/v1/monitors").json()["results"]}
                seen.append((slug, names))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 100
    assert all(names == {f"{slug}-{n}" for n in range(3)} for slug, names in seen)
