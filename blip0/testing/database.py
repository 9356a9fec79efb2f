"""Test databases: migrated once a run, copied for each worker, put back after real commits."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connection, connections
from django.test import override_settings
from psycopg import sql

from blip0.common.tenancy import TENANT_SCHEMA_PATTERN, leave_tenant
from blip0.testing.world import create_world

MODEL_DATABASE = "blip0_test_model"


def create_database(run: Path, worker: str) -> str:
    """Point Django at a database of this worker's own and return its name.

    The first worker migrates a model database and creates the two tenants in it; all of them copy
    it, which takes a tenth of a second.
    """
    settings = connection.settings_dict
    server = server_conninfo(settings)
    name = f"blip0_test_{run.name}_{worker}"
    with _locked(run / "database.lock"):
        model = f"{MODEL_DATABASE}_{run.name}"
        with psycopg.connect(server, autocommit=True) as admin:
            exists = admin.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [model]
            ).fetchone()
            if not exists:
                admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(model)))
                _use(model)
                call_command("migrate", verbosity=0)
                with override_settings(PROJECTION_RECEIVERS=False):
                    create_world()
            connections.close_all()
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(model)
                )
            )
    _use(name)
    return name


def drop_databases(names: list[str]) -> None:
    """Drop this worker's database; the embedded server goes away with the run anyway."""
    connections.close_all()
    with psycopg.connect(server_conninfo(connection.settings_dict), autocommit=True) as admin:
        for name in names:
            admin.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


class Baseline:
    """The rows of a fresh test database, to be put back after a test that commits.

    Works on tables, not models: a test may have used raw SQL. Triggers are off meanwhile, since
    the audit log refuses deletion and every projected row would bump a version.
    """

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN "
                "('pg_catalog', 'information_schema') AND tablename <> 'django_migrations'"
            )
            self._tables = [sql.Identifier(*row) for row in cursor.fetchall()]
            self._schemas = _tenant_schemas(cursor)
            self._rows: list[tuple[sql.Identifier, bytes]] = []
            for table in self._tables:
                statement = sql.SQL("COPY {} TO STDOUT").format(table)
                with cursor.copy(statement) as copy:
                    if rows := b"".join(bytes(block) for block in copy):
                        self._rows.append((table, rows))

    def restore(self) -> None:
        leave_tenant()
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            try:
                deletes = [sql.SQL("DELETE FROM {}").format(table) for table in self._tables]
                deletes += [
                    sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema))
                    for schema in _tenant_schemas(cursor) - self._schemas
                ]
                cursor.execute(sql.SQL(";").join(deletes))
                for table, rows in self._rows:
                    statement = sql.SQL("COPY {} FROM STDIN").format(table)
                    with cursor.copy(statement) as copy:
                        copy.write(rows)
            finally:
                cursor.execute("SET session_replication_role = DEFAULT")


@contextmanager
def real_transactions(baseline: Baseline, django_db_blocker: Any) -> Iterator[None]:
    """Commits happen, `on_commit` runs, deferred triggers fire at commit.

    Whatever was committed is undone afterwards, in every schema.
    """
    with django_db_blocker.unblock():
        leave_tenant()
        try:
            yield
        finally:
            connections.close_all()
            baseline.restore()
            connections.close_all()


def _tenant_schemas(cursor: Any) -> set[str]:
    cursor.execute("SELECT nspname FROM pg_namespace")
    return {name for (name,) in cursor.fetchall() if TENANT_SCHEMA_PATTERN.match(name)}


def server_conninfo(settings: dict[str, Any]) -> str:
    """How to reach the server of Django's database settings, at its database `postgres`."""
    return psycopg.conninfo.make_conninfo(
        host=settings["HOST"],
        port=settings["PORT"],
        user=settings["USER"],
        password=settings["PASSWORD"],
        dbname="postgres",
    )


def _use(name: str) -> None:
    connections.close_all()
    for settings in (connection.settings_dict, connections.settings["default"]):
        settings["NAME"] = name


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
