"""The ground's Postgres, past Django: rows, copies, and what the journal must say of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from cachesync.tests.faults.journal import Fact, ObjectState


class Database:
    """A database of a server; `server` is a connection string, whatever database it names."""

    def __init__(self, server: str, name: str) -> None:
        self.name = name
        self._server = server

    @property
    def url(self) -> str:
        parts = psycopg.conninfo.conninfo_to_dict(self._server)
        return "postgres://{user}:{password}@{host}:{port}/{name}".format(**parts, name=self.name)

    def connect(self, name: str = "") -> psycopg.Connection[Any]:
        conninfo = psycopg.conninfo.make_conninfo(self._server, dbname=name or self.name)
        return psycopg.connect(conninfo, autocommit=True)

    def execute(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """SQL past all services, in a transaction of its own."""
        with self.connect() as connection:
            cursor = connection.execute(statement.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []

    def tenants(self) -> dict[str, str]:
        """Slug → id of the tenants that run."""
        rows = self.execute("SELECT slug, id::text FROM tenants_tenant WHERE status = 'active'")
        return dict(sorted(rows))

    def schema(self, tenant_id: str) -> str:
        return f"t_{tenant_id.replace('-', '')}"

    def facts(self) -> Iterator[Fact]:
        """What is committed now."""
        for tenant in self.tenants().values():
            schema = self.schema(tenant)
            for monitor, marker, paused in self.execute(
                f"SELECT id::text, min_interval_s, paused FROM {schema}.monitors_monitor "
                "WHERE deleted_at IS NULL"
            ):
                state = ObjectState.PAUSED if paused else ObjectState.ACTIVE
                yield Fact(tenant, monitor, marker or 0, state)
            for trigger, body in self.execute(
                f"SELECT trigger_id::text, message_body FROM {schema}.triggers_slackconfig"
            ):
                yield Fact(tenant, trigger, int(body.rpartition(" ")[2]), ObjectState.TOLD)

    def has_committed(self, transaction: str) -> bool:
        """Whether a writer's transaction came through; if not, it never will."""
        # Waits for whoever is at it. Once our row is there, theirs has no place any more.
        with self.connect() as connection:
            cursor = connection.execute(
                "INSERT INTO public.fault_transaction VALUES (%s) ON CONFLICT DO NOTHING",
                [transaction],
            )
            return cursor.rowcount == 0

    def copied(self, name: str) -> Database:
        """As a dump and a restore would, or a copied data folder. Ends all connections."""
        self._copy(self.name, name)
        return Database(self._server, name)

    def put_back(self, copy: Database) -> None:
        """Become what the copy is, which is no more after that."""
        self._copy(copy.name, self.name)
        copy.drop()

    def drop(self) -> None:
        self._administrate(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"), self.name)

    def _copy(self, source: str, copy: str) -> None:
        with self.connect("postgres") as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [source],
            )
        Database(self._server, copy).drop()
        self._administrate(sql.SQL("CREATE DATABASE {} TEMPLATE {}"), copy, source)

    def _administrate(self, statement: sql.SQL, *names: str) -> None:
        with self.connect("postgres") as connection:
            connection.execute(statement.format(*map(sql.Identifier, names)))
