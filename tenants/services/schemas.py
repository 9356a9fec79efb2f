"""A tenant's schema: a copy of the migrated template, made from the system catalogs.

Migrating an empty schema takes seconds and grows with every migration; replaying the tables that
the migrations ended in takes hundredths of a second. The DDL is read from the catalogs and not
from `pg_dump`, which production images and managed servers may lack. It names nothing of the
template's schema: the search path decides where it makes its tables.

Whoever makes, drops or migrates schemas holds `MIGRATIONS_LOCK`: migrations exclusively, the
others shared. So a copy never sees half of a migration, and 100 tenants may be made at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql

from blip0.common.db.schemas import select_in_each, tenant_schemas
from blip0.common.tenancy import TEMPLATE_SCHEMA
from tenants.exceptions import CannotCopy, MigrationsRunning, TemplateMissing

MIGRATIONS_LOCK = "hashtextextended('blip0.migrations', 0)"

_APPLIED = "md5(string_agg(app || '.' || name, ' ' ORDER BY app, name))"

# Statements that make what the first schema of the search path holds, in an order that works.
# What lies in that schema is named without it, everything else in full.
_TABLES = """
SELECT format('CREATE TABLE %I (%s%s);', c.relname, string_agg(
    format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod))
    || CASE WHEN a.attcollation <> t.typcollation
            THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END
    || CASE WHEN a.attidentity <> '' THEN format(
            ' GENERATED %s AS IDENTITY (SEQUENCE NAME %I START %s INCREMENT %s'
            ' MINVALUE %s MAXVALUE %s CACHE %s%s)',
            CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END,
            s.relname, q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcache,
            CASE WHEN q.seqcycle THEN ' CYCLE' ELSE '' END)
        WHEN a.attgenerated <> '' THEN format(
            ' GENERATED ALWAYS AS (%s) %s', pg_get_expr(d.adbin, d.adrelid),
            CASE a.attgenerated WHEN 's' THEN 'STORED' ELSE 'VIRTUAL' END)
        WHEN d.adbin IS NOT NULL THEN ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)
        ELSE '' END
    || CASE WHEN a.attnotnull
            THEN coalesce(' CONSTRAINT ' || quote_ident(k.conname), '') || ' NOT NULL'
            ELSE '' END,
    ', ' ORDER BY a.attnum), (
    SELECT string_agg(format(', CONSTRAINT %I %s', conname, pg_get_constraintdef(oid)), ''
                      ORDER BY contype = 'c', conname)
    FROM pg_constraint
    WHERE conrelid = c.oid AND contype IN ('p', 'u', 'x', 'c') AND convalidated))
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
LEFT JOIN pg_constraint k
    ON k.conrelid = c.oid AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum]
LEFT JOIN pg_depend i
    ON i.classid = 'pg_class'::regclass AND i.refclassid = 'pg_class'::regclass
    AND i.refobjid = c.oid AND i.refobjsubid = a.attnum AND i.deptype = 'i'
LEFT JOIN pg_class s ON s.oid = i.objid AND s.relkind = 'S'
LEFT JOIN pg_sequence q ON q.seqrelid = s.oid
WHERE c.relnamespace = (SELECT current_schema()::regnamespace) AND c.relkind = 'r'
GROUP BY c.oid, c.relname ORDER BY c.relname
"""
# Those of constraints come with these, on which they depend.
_INDEXES = """
SELECT pg_get_indexdef(i.indexrelid, 0, true) || ';'
FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid
WHERE c.relnamespace = (SELECT current_schema()::regnamespace) AND c.relkind = 'r'
    AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
            AND d.objid = i.indexrelid AND d.refclassid = 'pg_constraint'::regclass
            AND d.deptype = 'i')
ORDER BY x.relname
"""
# Foreign keys once every table is there, and what cannot stand in CREATE TABLE.
_LATER_CONSTRAINTS = """
SELECT format('ALTER TABLE %I ADD CONSTRAINT %I %s;',
              c.relname, k.conname, pg_get_constraintdef(k.oid))
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE c.relnamespace = (SELECT current_schema()::regnamespace)
    AND (k.contype = 'f' OR k.contype = 'c' AND NOT k.convalidated)
ORDER BY c.relname, k.conname
"""
_TRIGGERS = """
SELECT pg_get_triggerdef(t.oid, true) || ';'
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = (SELECT current_schema()::regnamespace) AND NOT t.tgisinternal
ORDER BY c.relname, t.tgname
"""
_NOT_COPIED = """
SELECT 'relation ' || c.relname FROM pg_class c
WHERE c.relnamespace = (SELECT current_schema()::regnamespace) AND c.relkind NOT IN ('r', 'i')
  AND NOT (c.relkind = 'S' AND EXISTS (
      SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'i'))
UNION ALL
SELECT 'function ' || proname FROM pg_proc
WHERE pronamespace = (SELECT current_schema()::regnamespace)
UNION ALL
SELECT 'type ' || typname FROM pg_type
WHERE typnamespace = (SELECT current_schema()::regnamespace) AND typtype IN ('e', 'd')
"""
_ROWS = sql.SQL(
    "INSERT INTO django_migrations (app, name, applied) "
    "SELECT app, name, applied FROM {}.django_migrations ORDER BY id"
).format(sql.Identifier(TEMPLATE_SCHEMA))
_TEMPLATE_ROWS = sql.SQL(
    "SELECT md5(string_agg(concat_ws(' ', id, app, name, applied), ',' ORDER BY id)) "
    "FROM {}.django_migrations"
).format(sql.Identifier(TEMPLATE_SCHEMA))

_copies: dict[str, str] = {}
"""The DDL by the template's fingerprint. Holds one entry: the template's last state."""


@contextmanager
def _only_in(schema_name: str) -> Iterator[None]:
    """Run the block with this one schema in the search path, without public."""
    tenants: Any = connection  # of django-tenants' backend
    previous = tenants.tenant
    tenants.set_schema(schema_name, include_public=False)
    try:
        yield
    finally:
        tenants.set_tenant(previous)


@contextmanager
def migrations_locked(*, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock exclusively for the block, as migrations do; waits for who has it.

    `on_wait` is called once if it must wait. Held by the session, across transactions.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_lock({MIGRATIONS_LOCK})")
        if not cursor.fetchone()[0]:
            on_wait()
            cursor.execute(f"SELECT pg_advisory_lock({MIGRATIONS_LOCK})")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_unlock({MIGRATIONS_LOCK})")


def schema_create(schema_name: str) -> None:
    """Copy the template to a new schema, the rows of `django_migrations` included.

    One transaction, or a part of the caller's. Raises `MigrationsRunning`, `TemplateMissing` and
    `CannotCopy`.
    """
    with transaction.atomic():
        _lock_shared()
        ddl = _template_ddl()
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema_name)))
        with _only_in(schema_name), connection.cursor() as cursor:
            cursor.execute(ddl)
            cursor.execute(_ROWS)


def schema_drop(schema_name: str) -> None:
    """Drop the schema and all it holds, if it exists. Raises `MigrationsRunning`."""
    with transaction.atomic():
        _lock_shared()
        with connection.cursor() as cursor:
            cursor.execute(
                sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema_name))
            )


def template_ensure() -> None:
    """Make the template's schema and its table of migrations, if missing."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(TEMPLATE_SCHEMA))
        )
    with _only_in(TEMPLATE_SCHEMA):
        # Asked with public in the path, Django would find that schema's table and be content.
        MigrationRecorder(connection).ensure_schema()


def template_exists() -> bool:
    """Whether `migrate` has ever come as far as the template."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [f"{TEMPLATE_SCHEMA}.django_migrations"])
        return cursor.fetchone()[0] is not None


def schemas_unlike_template() -> list[str]:
    """The tenants' schemas whose applied migrations differ from the template's.

    A digest of each schema's own rows, 100 schemas a statement.
    """
    wanted = {row[1] for row in select_in_each([TEMPLATE_SCHEMA], _digest())}
    return [
        name
        for name, digest in select_in_each(tenant_schemas("django_migrations"), _digest())
        if digest not in wanted
    ]


def _digest() -> str:
    return f"SELECT {{name}}::text, {_APPLIED} FROM {{schema}}.django_migrations"


def _lock_shared() -> None:
    """Until the transaction's end, no migration starts. Never waits for one that runs."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_xact_lock_shared({MIGRATIONS_LOCK})")
        if not cursor.fetchone()[0]:
            raise MigrationsRunning(
                "Migrations are running, so no schema is made or dropped now. "
                "It is done by itself within a minute after they end."
            )


def _template_ddl() -> str:
    """The DDL of the template, from the cache if the template is as it was. One query then."""
    fingerprint = _fingerprint()
    ddl = _copies.get(fingerprint)
    if ddl is None:
        with _only_in(TEMPLATE_SCHEMA), connection.cursor() as cursor:
            cursor.execute(_NOT_COPIED)
            if unknown := [name for (name,) in cursor.fetchall()]:
                raise CannotCopy(f"{__name__} cannot copy {', '.join(unknown)} of the template.")
            statements: list[str] = []
            for query in (_TABLES, _INDEXES, _LATER_CONSTRAINTS, _TRIGGERS):
                cursor.execute(query)
                statements += [statement for (statement,) in cursor.fetchall()]
        ddl = "\n".join(statements)
        _copies.clear()
        _copies[fingerprint] = ddl
    return ddl


def _fingerprint() -> str:
    """Which template this is: the oid of a table of it, and what was applied to it when."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)::oid", [f"{TEMPLATE_SCHEMA}.django_migrations"])
        oid = cursor.fetchone()[0]
        digest = None
        if oid is not None:
            cursor.execute(_TEMPLATE_ROWS)
            digest = cursor.fetchone()[0]
    if digest is None:
        raise TemplateMissing("There is no template schema to copy. Run `manage.py migrate` first.")
    return f"{oid} {digest}"
