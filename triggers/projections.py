"""What the runtime gets of triggers. Set-based: the number of queries never depends on rows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias
from uuid import UUID

import orjson
from django.db import connection

from blip0.common.sealing import CannotOpen
from triggers.contracts import TRIGGER_TYPES
from triggers.store import config_columns, opened_config

SecretDelivery: TypeAlias = Literal["sealed", "plain"]


@dataclass(frozen=True, slots=True)
class TriggerDocument:
    """A trigger as rendered. `problem` says why its `config` can't be delivered, else it is "".

    A problem is one trigger's: it never stops the rendering of another.
    """

    name: str
    trigger_type: str
    enabled: bool
    deleted: bool
    config: dict[str, Any]
    problem: str = ""


def trigger_documents(
    ids: Collection[UUID] | None,
    *,
    secret_delivery: SecretDelivery = "sealed",  # noqa: S107 - a mode, not a secret
) -> dict[UUID, TriggerDocument]:
    """The current tenant's triggers, deleted ones too; all of them for `None`.

    One query. With `plain` delivery, for a runtime that can't open secrets yet, they stand in
    clear text.
    """
    documents = {}
    with connection.cursor() as cursor:
        cursor.execute(_statement(), {"ids": None if ids is None else list(ids)})
        for pk, name, kind, enabled, deleted, columns in cursor.fetchall():
            config, problem = _delivered(kind, pk, columns, secret_delivery)
            documents[pk] = TriggerDocument(name, kind, enabled, deleted, config, problem)
    return documents


@lru_cache(maxsize=1)
def _statement() -> str:
    """Plain SQL for the reason of `monitors.projections.rows`."""
    return (
        "SELECT id, name, trigger_type, enabled, deleted_at IS NOT NULL, "
        f"{config_columns()} FROM triggers_trigger "
        "WHERE %(ids)s::uuid[] IS NULL OR id = ANY(%(ids)s)"
    )


def ozm_trigger(document: TriggerDocument, tenant_slug: str) -> dict[str, Any]:
    """The runtime's `Trigger` object. Its name is unique over all tenants by the tenant's slug."""
    return {
        "name": f"{document.name} [{tenant_slug}]",
        "trigger_type": document.trigger_type,
        "config": document.config,
    }


def _delivered(
    kind: str, trigger_id: UUID, columns: str | None, delivery: SecretDelivery
) -> tuple[dict[str, Any], str]:
    if columns is None:
        return {}, "the trigger has no configuration"
    config = TRIGGER_TYPES.get(kind).config(orjson.loads(columns))
    if delivery == "sealed":
        return config, ""
    try:
        return opened_config(kind, trigger_id, config), ""
    except CannotOpen as error:
        return {}, f"a secret can't be opened: {error}"
