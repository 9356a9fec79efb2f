"""One question to every tenant's schema at once, instead of a thousand questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import ProgrammingError, connection, transaction
from psycopg import sql
from psycopg.errors import InvalidSchemaName, UndefinedTable

BATCH = 100
"""Schemas a statement. Each holds locks until its end, and all sessions share one lock table."""

_DROPPED = (InvalidSchemaName, UndefinedTable)
"""What PostgreSQL says of a table that went with its schema."""


def tenant_schemas(table: str) -> list[str]:
    """The tenants' schemas that have this table, in order. One query of the system catalog."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n.nspname FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid "
            "WHERE n.nspname ~ '^t_[0-9a-f]{32}$' AND c.relname = %s ORDER BY n.nspname",
            [table],
        )
        return [name for (name,) in cursor.fetchall()]


def select_in_each(
    schemas: Sequence[str], select: str, params: Mapping[str, Any] | None = None
) -> Iterator[tuple[Any, ...]]:
    """The rows of one SELECT run in every schema: `UNION ALL` in batches of `BATCH`.

    In `select`, `{schema}` stands for the schema as an identifier and `{name}` for its name as a
    text; `params` are named and shared by all. Rows come schema by schema. A schema that is
    dropped meanwhile has none.
    """
    for start in range(0, len(schemas), BATCH):
        yield from _rows(schemas[start : start + BATCH], select, params)


def _rows(
    schemas: Sequence[str], select: str, params: Mapping[str, Any] | None
) -> list[tuple[Any, ...]]:
    part = sql.SQL(f"({select})")
    query = sql.SQL(" UNION ALL ").join(
        part.format(schema=sql.Identifier(name), name=sql.Literal(name)) for name in schemas
    )
    try:
        # A savepoint, where the caller has a transaction: it outlives the error.
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(query, params)
            return list(cursor.fetchall())
    except ProgrammingError as error:
        left = _existing(schemas)
        if not isinstance(error.__cause__, _DROPPED) or len(left) == len(schemas):
            raise
    return _rows(left, select, params) if left else []


def _existing(schemas: Sequence[str]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname = ANY(%s)", [list(schemas)])
        found = {name for (name,) in cursor.fetchall()}
    return [name for name in schemas if name in found]
