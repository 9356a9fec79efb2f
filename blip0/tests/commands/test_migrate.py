"""`migrate` touches the schemas that are behind, and no other."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command, get_commands
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from blip0.common.tenancy import TEMPLATE_SCHEMA
from tenants.choices import TenantStatus
from tenants.models import Tenant
from tenants.services.schemas import MIGRATIONS_LOCK, schemas_unlike_template
from tenants.tests.lives import create

# The newest of `tenants`: nothing to do in a tenant's schema, and no other one builds on it.
[HARMLESS] = MigrationLoader(None).graph.leaf_nodes("tenants")
LAST_OF_TRIGGERS = ("triggers", "0002_versioning")  # its triggers are there: fails if run again


def migrate(**options: Any) -> str:
    out = StringIO()
    call_command("migrate", stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def other_session() -> psycopg.Connection:
    """A connection of its own, in a transaction."""
    settings = connection.settings_dict
    return psycopg.connect(
        host=settings["HOST"],
        port=settings["PORT"],
        user=settings["USER"],
        password=settings["PASSWORD"],
        dbname=settings["NAME"],
    )


def _wait_until_blocked() -> None:
    """Until a session of this database waits for a lock on a table."""
    deadline = time.monotonic() + 60
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(
                "SELECT FROM pg_locks JOIN pg_database d ON d.oid = database "
                "WHERE NOT granted AND locktype = 'relation' AND d.datname = current_database()"
            )
            if cursor.fetchone() is not None:
                return
            time.sleep(0.01)
    pytest.fail("nothing waits for the dropped schema")


@pytest.fixture
def forget(committed: None) -> Iterator[Any]:
    """Take a migration's row out of a schema; it is put back, whatever the test did."""
    taken: list[tuple[str, tuple[Any, ...]]] = []

    def take(schema: str, app: str, name: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                f'DELETE FROM "{schema}".django_migrations WHERE app = %s AND name = %s '
                "RETURNING app, name, applied",
                [app, name],
            )
            taken.append((schema, cursor.fetchone()))

    yield take
    with connection.cursor() as cursor:
        for schema, row in taken:
            cursor.execute(
                f'INSERT INTO "{schema}".django_migrations (app, name, applied) '
                f"SELECT %s, %s, %s WHERE NOT EXISTS ("
                f'SELECT FROM "{schema}".django_migrations WHERE app = %s AND name = %s)',
                [*row, *row[:2]],
            )


def test_migrate__which_one__ours() -> None:
    assert get_commands()["migrate"] == "blip0"


@pytest.mark.parametrize("arguments", [[], ["--shared"], ["triggers", "0001"], ["-s", "acme"]])
def test_migrate_schemas__anything__refused_and_names_migrate(arguments: list[str]) -> None:
    assert get_commands()["migrate_schemas"] == "blip0"
    with pytest.raises(CommandError, match=r"Use `manage.py migrate`"):
        call_command("migrate_schemas", *arguments)


def test_migrate__nothing_behind__touches_no_tenant(committed: None) -> None:
    printed = migrate()

    assert "Every tenant is up to date." in printed
    assert "acme" not in printed


def test_migrate__one_tenant_behind__only_that_one(forget: Any) -> None:
    forget(Tenant.objects.get(slug="acme").schema_name, *HARMLESS)

    printed = migrate()

    assert "[1/1] acme: done" in printed
    assert "globex" not in printed
    assert schemas_unlike_template() == []


def test_migrate__template_behind__brought_up_to_date_first(forget: Any) -> None:
    forget(TEMPLATE_SCHEMA, *HARMLESS)
    assert len(schemas_unlike_template()) == 2

    printed = migrate()

    assert "Every tenant is up to date." in printed


def test_migrate__one_tenant_fails__the_others_are_done_and_it_is_named(forget: Any) -> None:
    acme, globex = (Tenant.objects.get(slug=slug) for slug in ("acme", "globex"))
    forget(acme.schema_name, *LAST_OF_TRIGGERS)
    forget(globex.schema_name, *HARMLESS)

    with pytest.raises(CommandError, match="1 of 2 tenants could not be migrated: acme"):
        migrate()

    assert schemas_unlike_template() == [acme.schema_name]
    assert connection.schema_name == "public"  # type: ignore[attr-defined]  # django-tenants'


def test_migrate__check__exit_code_tells_and_nothing_is_changed(forget: Any) -> None:
    migrate(check_unapplied=True)
    forget(Tenant.objects.get(slug="acme").schema_name, *HARMLESS)

    with pytest.raises(SystemExit) as caught:
        migrate(check_unapplied=True)

    assert caught.value.code == 1
    assert len(schemas_unlike_template()) == 1


def test_migrate__check__tenant_dropped_meanwhile__passes(committed: None) -> None:
    tenant = create()
    outcomes: list[object] = []

    def check() -> None:
        try:
            outcomes.append(migrate(check_unapplied=True))
        except (Exception, SystemExit) as error:
            outcomes.append(error)
        finally:
            connection.close()

    checking = threading.Thread(target=check)
    with other_session() as other:
        other.execute(f'DROP SCHEMA "{tenant.schema_name}" CASCADE')
        checking.start()
        _wait_until_blocked()
        other.commit()
    checking.join(timeout=60)
    Tenant.objects.filter(pk=tenant.pk).update(status=TenantStatus.DELETED)

    assert [type(outcome) for outcome in outcomes] == [str]


def test_migrate__plan__names_how_many_and_changes_nothing(forget: Any) -> None:
    forget(Tenant.objects.get(slug="acme").schema_name, *HARMLESS)

    printed = migrate(plan=True)

    assert "Tenants that differ from the template: 1" in printed
    assert len(schemas_unlike_template()) == 1


def test_migrate__shared_only__leaves_tenants(forget: Any) -> None:
    forget(Tenant.objects.get(slug="acme").schema_name, *HARMLESS)

    migrate(shared=True)

    assert len(schemas_unlike_template()) == 1


def test_migrate__ends__lock_and_timeout_are_given_back(committed: None) -> None:
    migrate()

    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)
    with other_session() as other:
        row = other.execute(f"SELECT pg_try_advisory_lock({MIGRATIONS_LOCK})").fetchone()
        assert row == (True,)


def test_migrate__backwards_and_forwards__template_and_tenants_follow(committed: None) -> None:
    migrate(app_label="triggers", migration_name="0001", verbosity=0)
    try:
        assert schemas_unlike_template() == []
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'triggers_%_version'")
            assert cursor.fetchone() == (0,)
    finally:
        printed = migrate(verbosity=1)

    assert "[2/2]" in printed
    assert schemas_unlike_template() == []
