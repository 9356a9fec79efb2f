"""What must be true of the database for the projection to keep its promise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from blip0.common.db.version_triggers import (
    missing_version_triggers,
    tenant_schemas,
    version_triggers,
)
from blip0.common.projected import projected
from tenants.services.schemas import schemas_unlike_template

HINT = (
    "Changes there would reach the runtime within the cycle of deep verification only. Add a "
    "VersionTrigger to a migration (docs/add-a-projected-field.md) and run `manage.py migrate`."
)


def triggers_missing() -> list[str]:
    """A line for each projected table, in any schema, whose changes move no version."""
    return list(
        missing_version_triggers(
            projected(), settings.TENANT_APPS, version_triggers(), tenant_schemas()
        )
    )


@register(Tags.database)
def every_projected_table_has_its_triggers(
    *, databases: Sequence[str] | None = None, **_kwargs: Any
) -> list[CheckMessage]:
    """`cachesync.E001`. Says nothing while migrations are due: they may be what brings them."""
    if not databases or _migrations_are_due():
        return []
    return [Error(f"{line}.", hint=HINT, id="cachesync.E001") for line in triggers_missing()]


def _migrations_are_due() -> bool:
    executor = MigrationExecutor(connections["default"])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return bool(plan) or bool(schemas_unlike_template())
