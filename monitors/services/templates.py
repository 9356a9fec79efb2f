"""Monitors that begin as a template of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from blip0.common.actors import Actor
from blip0.common.exceptions import InvalidField
from monitors.models import Monitor
from monitors.services.changes import monitor_create
from platform_catalog.contracts import document_from_template
from platform_catalog.models import MonitorTemplate
from tenants.models import Tenant


@transaction.atomic
def monitor_from_template(
    *,
    tenant: Tenant,
    template: str,
    name: str,
    networks: Sequence[str],
    addresses: Sequence[Mapping[str, Any]],
    triggers: Sequence[str],
    actor: Actor,
    slug: str | None = None,
) -> Monitor:
    """Create a monitor of a template, given by slug, and what it lacks.

    The monitor is its own from then on: later changes of the template don't reach it. Raises
    `InvalidField` for an unknown template, and what `monitor_create` raises.
    """
    row = MonitorTemplate.objects.filter(pk=template, enabled=True).first()
    if row is None:
        raise InvalidField(
            f"There is no template `{template}`; see `GET /templates`.",
            pointer="/template",
            code="template.unknown",
        )
    document = document_from_template(
        row.document, name=name, networks=networks, addresses=addresses, triggers=triggers
    )
    return monitor_create(
        tenant=tenant,
        data={**document, "slug": slug},
        actor=actor,
        reason=f"template {row.slug}",
    )
