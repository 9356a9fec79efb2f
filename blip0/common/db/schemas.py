"""One question to every tenant's schema at once, instead of a thousand questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import connection
from psycopg import sql

BATCH = 100
"""Schemas a statement. Each holds locks until its end, and all sessions share one lock table."""


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
    text; `params` are named and shared by all. Rows come schema by schema.
    """
    part = sql.SQL(f"({select})")
    for start in range(0, len(schemas), BATCH):
        parts = [
            part.format(schema=sql.Identifier(name), name=sql.Literal(name))
            for name in schemas[start : start + BATCH]
        ]
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(" UNION ALL ").join(parts), params)
            yield from cursor.fetchall()
