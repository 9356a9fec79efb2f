"""What follows a change of a trigger, after its commit."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from cachesync.tests.conftest import ACTOR, make_monitor, make_trigger
from tenants.models import Tenant
from triggers.models import Trigger
from triggers.services import trigger_update


def _lose_connection() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    other.close()


def test_trigger_update__database_lost_after_the_commit__changed_and_the_caller_unharmed(
    committed: None, in_acme: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    trigger = make_trigger(in_acme)
    make_monitor(in_acme, triggers=["ops"])

    with transaction.atomic():
        transaction.on_commit(_lose_connection)
        trigger_update(trigger=trigger, data={"name": "Renamed"}, actor=ACTOR)

    connection.close()
    assert Trigger.objects.get().name == "Renamed"
    assert "Error calling _recheck in on_commit()" in caplog.text
