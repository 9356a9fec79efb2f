"""Guards of models, admin pages and the database: they look at what Django has loaded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import ModelAdmin
from django.db import connection
from django.db.models import Model

from blip0.common.projected import Projected
from blip0.common.tenancy import TEMPLATE_SCHEMA, TENANT_SCHEMA_PATTERN
from blip0.testing.guards import APPS

_AUTOMATIC_INDEX = re.compile(r"_[0-9a-f]{6}_idx$")
_UNFOLD_ACTIONS = ("actions_list", "actions_detail", "actions_row", "actions_submit_line")


def automatic_names(models: Iterable[type[Model]]) -> Iterator[str]:
    """Indexes without a name of their own: the database's errors and plans then say nothing."""
    for model in models:
        for index in model._meta.indexes:
            if not index.name or _AUTOMATIC_INDEX.search(index.name):
                yield f"{model._meta.label}: index on {', '.join(index.fields)} has no name"
        for field in model._meta.local_fields:
            plain = getattr(field, "db_index", False) and not (field.is_relation or field.unique)
            if plain and field.name not in _inherited_from_libraries(model):
                yield f"{model._meta.label}.{field.name}: db_index; write an Index with a name"


def _inherited_from_libraries(model: type[Model]) -> set[str]:
    """Fields that an abstract base of somebody else's brings along."""
    return {
        field.name
        for base in model.__mro__
        if issubclass(base, Model)
        and base is not Model
        and base.__module__.split(".")[0] not in APPS
        for field in base._meta.local_fields
    }


def actions_without_permissions(admins: Iterable[ModelAdmin[Any]]) -> Iterator[str]:
    """Admin actions that anybody who sees the page may run."""
    for admin in admins:
        # Django has no public list that doesn't depend on a request's user.
        base = admin._get_base_actions()  # type: ignore[attr-defined]  # noqa: SLF001  # see above
        actions = [(action, name) for action, name, _ in base]
        for attribute in _UNFOLD_ACTIONS:
            names = _flat(getattr(admin, attribute, ()))
            actions += [(getattr(admin, name), name) for name in names]
        for action, name in actions:
            if not getattr(action, "allowed_permissions", ()):
                yield f"{type(admin).__name__}.{name} declares no permissions"


def _flat(actions: Iterable[Any]) -> Iterator[str]:
    """Names of unfold's actions; a group is a dictionary with `items`."""
    for action in actions:
        if isinstance(action, dict):
            yield from _flat(action.get("items", ()))
        else:
            yield action


@dataclass(frozen=True)
class VersionTriggerRow:
    """A trigger of the database that bumps a configuration version."""

    schema: str
    table: str
    function: str
    arguments: tuple[str, ...]
    deferred: bool
    truncate: bool


def version_triggers() -> list[VersionTriggerRow]:
    """Every enabled version trigger of public, the template and the tenants. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n.nspname, c.relname, p.proname, t.tgargs, t.tginitdeferred,"
            " (t.tgtype & 32) <> 0"
            " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE NOT t.tgisinternal AND t.tgenabled = 'O'"
            " AND p.proname IN ('blip0_config_changed', 'blip0_tenant_changed')"
        )
        return [
            VersionTriggerRow(
                schema,
                table,
                function,
                tuple(part.decode() for part in bytes(arguments).split(b"\0") if part),
                deferred,
                truncate,
            )
            for schema, table, function, arguments, deferred, truncate in cursor.fetchall()
        ]


def missing_version_triggers(
    projected: Iterable[Projected],
    tenant_apps: Iterable[str],
    rows: Iterable[VersionTriggerRow],
    tenant_schemas: Iterable[str],
) -> Iterator[str]:
    """Projected models whose changes would not move a version, in any schema that holds them."""
    deferred = {(row.schema, row.table): row for row in rows if row.deferred and not row.truncate}
    apps = set(tenant_apps)
    tenants = [TEMPLATE_SCHEMA, *tenant_schemas]
    for entry in projected:
        schemas = tenants if entry.model._meta.app_label in apps else ["public"]
        for schema in schemas:
            row = deferred.get((schema, entry.table))
            if row is None:
                yield f"{schema}.{entry.table} has no deferred version trigger"
            elif row.function == "blip0_config_changed" and row.arguments != (
                entry.kind,
                entry.owner_column,
            ):
                yield (
                    f"{schema}.{entry.table} records {row.arguments}, "
                    f"registered are {(entry.kind, entry.owner_column)}"
                )


def unregistered_version_triggers(
    projected: Iterable[Projected], rows: Iterable[VersionTriggerRow], exempt: Iterable[str]
) -> Iterator[str]:
    """Tables with a version trigger that no app says is projected: the registry has a gap."""
    known = {entry.table for entry in projected} | set(exempt)
    for table in sorted({row.table for row in rows} - known):
        yield f"{table} has a version trigger and is not registered as projected"


def tenant_schemas() -> list[str]:
    """Names of the tenants' schemas in this database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace ORDER BY nspname")
        return [name for (name,) in cursor.fetchall() if TENANT_SCHEMA_PATTERN.match(name)]
