"""Reads of triggers, for API, admin, export and the apps above. Secrets never leave here."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from blip0.common.canonical import canonical_size
from blip0.common.exceptions import NotFound
from triggers.models import Trigger
from triggers.store import live_triggers, masked_config, sealed_configs
from triggers.validators.templates import template_of


def trigger_by_slug(slug: str) -> Trigger:
    """The live trigger of the current tenant. Raises `NotFound`. One query."""
    try:
        return Trigger.objects.live().get(slug=slug)
    except Trigger.DoesNotExist:
        raise NotFound(f"There is no trigger `{slug}`.") from None


@dataclass(frozen=True, slots=True)
class TriggerContent:
    """What the check of a monitor asks of a trigger.

    `id` is what a monitor links to; `template` is the text of its message, as far as the runtime
    fills in variables; `size` the bytes that it takes in a monitor's document, secrets sealed and
    all.
    """

    id: UUID
    template: str
    size: int


def trigger_contents(
    slugs: Collection[str] | None = None, *, lock: bool = False
) -> dict[str, TriggerContent]:
    """The current tenant's live triggers, or those among `slugs`, by slug. One query.

    With `lock`, inside a transaction, none of them can be deleted before it ends: what links to
    a trigger takes this lock, or it may link to one that is just being deleted.
    """
    return {
        slug: TriggerContent(
            id=pk,
            template=template_of(kind, config),
            size=canonical_size({"name": name, "trigger_type": kind, "config": config}),
        )
        for pk, slug, name, kind, config in live_triggers(slugs, lock=lock)
    }


def trigger_representation(trigger: Trigger) -> dict[str, Any]:
    """The trigger in the form that its owner reads and writes, secrets masked. One query."""
    return _represent([trigger])[0]


def trigger_representations(triggers: Iterable[Trigger]) -> list[dict[str, Any]]:
    """`trigger_representation` of each, in their order. One query."""
    return _represent(list(triggers))


def _represent(triggers: list[Trigger]) -> list[dict[str, Any]]:
    configs = sealed_configs(trigger.pk for trigger in triggers)
    return [
        {
            "id": str(trigger.pk),
            "slug": trigger.slug,
            "name": trigger.name,
            "trigger_type": trigger.trigger_type,
            "enabled": trigger.enabled,
            "disabled_reason": trigger.disabled_reason or None,
            "version": trigger.version,
            "created_at": trigger.created_at.isoformat(),
            "updated_at": trigger.updated_at.isoformat(),
            "config": masked_config(trigger.trigger_type, trigger.pk, configs.get(trigger.pk, {})),
        }
        for trigger in triggers
    ]
