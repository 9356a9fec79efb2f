"""What the runtime gets of triggers. Set-based: the number of queries never depends on rows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from uuid import UUID

from blip0.common.sealing import CannotOpen
from triggers.models import Trigger
from triggers.store import opened_config, sealed_configs

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

    At most six queries, which the caller wraps in one snapshot. With `plain` delivery, for a
    runtime that can't open secrets yet, they stand in clear text.
    """
    triggers = Trigger.objects.order_by()
    if ids is not None:
        triggers = triggers.filter(pk__in=ids)
    rows = list(triggers.values_list("pk", "name", "trigger_type", "enabled", "deleted_at"))
    configs = sealed_configs((pk, kind) for pk, _, kind, _, _ in rows)
    documents = {}
    for pk, name, kind, enabled, deleted_at in rows:
        config, problem = _delivered(kind, pk, configs.get(pk), secret_delivery)
        documents[pk] = TriggerDocument(
            name, kind, enabled, deleted_at is not None, config, problem
        )
    return documents


def ozm_trigger(document: TriggerDocument, tenant_slug: str) -> dict[str, Any]:
    """The runtime's `Trigger` object. Its name is unique over all tenants by the tenant's slug."""
    return {
        "name": f"{document.name} [{tenant_slug}]",
        "trigger_type": document.trigger_type,
        "config": document.config,
    }


def _delivered(
    kind: str, trigger_id: UUID, config: dict[str, Any] | None, delivery: SecretDelivery
) -> tuple[dict[str, Any], str]:
    if config is None:
        return {}, "the trigger has no configuration"
    if delivery == "sealed":
        return config, ""
    try:
        return opened_config(kind, trigger_id, config), ""
    except CannotOpen as error:
        return {}, f"a secret can't be opened: {error}"
