"""All that a request could have changed, as hashes: to be compared before and after.

Hashing every table takes 17 ms. So this is done before and after each caller; after each of their
requests, while its transaction is open, only what that transaction has written is hashed again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Final

import redis
from django.conf import settings
from django.core import mail
from django.db import connection
from psycopg import sql

from blip0.common.tenancy import tenant_id_of

IGNORED: Final = {"tenants_apikey": "last_used_at"}
"""Columns that a refused request may change: that a key was used is noted once it is known to be
good, before anybody asks what it may."""
UNWATCHED: Final = ("django_migrations", "django_session")
"""Nobody's truth; and a visitor's session, which is the browser's and not a tenant's."""
PLATFORM: Final = "platform"

Thing = tuple[str, str]
"""An owner, a tenant's id or `PLATFORM`; and what it has: `schema.table`, a key of Redis, …"""

_KEYS: Final = """
local all = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
    all[#all + 1] = key
    all[#all + 1] = redis.sha1hex(redis.call('DUMP', key))
end
return all
"""


class Watcher:
    """Tells what differs: of every row of every schema, the projection, the queue; what was sent.

    `received` are the requests that a receiver of deliveries got.
    """

    def __init__(self, tenant_ids: Sequence[str], received: list[Any]) -> None:
        self._tenants, self._received = tenant_ids, received
        self._projection = redis.Redis.from_url(
            settings.REDIS_PROJECTION_URL, decode_responses=True
        )
        self._broker = redis.Redis.from_url(settings.CELERY_BROKER_URL)
        self._known: dict[Thing, object] = {}
        with connection.cursor() as cursor:
            self._tables = dict(_tables(cursor))

    def begin(self) -> None:
        """What is there now is the truth from here on."""
        self._received.clear()
        with connection.cursor() as cursor:
            self._known = {**self._rows(cursor, self._tables), **self._elsewhere()}

    def written(self) -> list[Thing]:
        """Which rows aren't as they were, of the tables that the open transaction has written."""
        with connection.cursor() as cursor:
            tables = _written(cursor)
            now = self._rows(cursor, tables)
        return self._differing(now, lambda name: name in tables)

    def elsewhere(self) -> list[Thing]:
        """What isn't as it was outside Postgres. What was sent counts once."""
        now = self._elsewhere()
        self._received.clear()
        return self._differing(now, lambda name: name not in self._tables)

    def everywhere(self) -> list[Thing]:
        """The same of every table, whoever has written it, and of all else."""
        with connection.cursor() as cursor:
            now = {**self._rows(cursor, self._tables), **self._elsewhere()}
        return self._differing(now, lambda name: True)

    def close(self) -> None:
        self._projection.close()
        self._broker.close()

    def _differing(self, now: dict[Thing, object], looked_at: Callable[[str], bool]) -> list[Thing]:
        before = {thing: was for thing, was in self._known.items() if looked_at(thing[1])}
        return sorted(each for each in now.keys() | before if now.get(each) != before.get(each))

    def _rows(self, cursor: Any, tables: Collection[str]) -> dict[Thing, object]:
        """A hash for each owner and table. One query, or none."""
        if not tables:
            return {}
        cursor.execute(sql.SQL(" UNION ALL ").join(self._tables[table] for table in tables))
        return {(owner, table): digest for owner, table, digest in cursor.fetchall()}

    def _elsewhere(self) -> dict[Thing, object]:
        pairs = self._projection.eval(_KEYS, 0)
        found: dict[Thing, object] = {
            (next((each for each in self._tenants if each in key), PLATFORM), key): digest
            for key, digest in zip(pairs[::2], pairs[1::2], strict=True)
        }
        return found | {
            (PLATFORM, "tasks"): self._broker.llen("celery"),
            (PLATFORM, "emails"): len(mail.outbox),
            (PLATFORM, "deliveries"): len(self._received),
        }


def _written(cursor: Any) -> list[str]:
    """The tables that the open transaction has written, and perhaps some of the one before.

    By Postgres' own account; without a transaction id it has written nothing.
    """
    cursor.execute("SELECT pg_current_xact_id_if_assigned()")
    if cursor.fetchone() == (None,):
        return []
    cursor.execute(
        "SELECT schemaname || '.' || relname FROM pg_stat_xact_user_tables "
        "WHERE n_tup_ins + n_tup_upd + n_tup_del > 0 AND relname <> ALL(%s)",
        [list(UNWATCHED)],
    )
    return [name for (name,) in cursor.fetchall()]


def _tables(cursor: Any) -> Iterator[tuple[str, sql.Composable]]:
    """`schema.table`, and a query for a hash of all its rows, by owner."""
    cursor.execute(
        "SELECT t.schemaname, t.tablename, bool_or(c.column_name = 'tenant_id') "
        "FROM pg_tables t JOIN information_schema.columns c "
        "ON (c.table_schema, c.table_name) = (t.schemaname, t.tablename) "
        "WHERE t.schemaname NOT IN ('pg_catalog', 'information_schema') "
        "AND t.tablename <> ALL(%s) GROUP BY 1, 2",
        [list(UNWATCHED)],
    )
    for schema, table, has_tenant in cursor.fetchall():
        owner: sql.Composable = sql.Literal(str(tenant_id_of(schema) or PLATFORM))
        if has_tenant:
            owner = sql.SQL("coalesce(t.tenant_id::text, {})").format(owner)
        if table == "tenants_tenant":
            owner = sql.SQL("t.id::text")
        row: sql.Composable = sql.SQL("t::text")
        if table in IGNORED:
            row = sql.SQL("(to_jsonb(t) - {})::text").format(sql.Literal(IGNORED[table]))
        name = f"{schema}.{table}"
        yield (
            name,
            sql.SQL(
                "SELECT owner, {name}, md5(string_agg(body, '' ORDER BY body)) "
                "FROM (SELECT {owner} AS owner, {row} AS body FROM {table} t) rows GROUP BY owner"
            ).format(
                name=sql.Literal(name), owner=owner, row=row, table=sql.Identifier(schema, table)
            ),
        )
