"""A changed trigger: what is said about the monitors that name it may no longer be true.

One that makes a monitor's document too large is refused here, in the transaction that writes it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from blip0.common.commits import after_commit
from blip0.common.tenancy import current_tenant_id, in_tenant
from monitors.projections import monitor_ids_for
from monitors.services.recheck import findings_recheck
from monitors.services.sizes import require_fitting_documents
from triggers.models import Trigger
from triggers.signals import trigger_changed

AT_ONCE = 10
"""Monitors that a request checks anew after its commit; more are left to the beat."""


def connect() -> None:
    """Called once, by `AppConfig.ready()`."""
    trigger_changed.connect(_trigger_changed, dispatch_uid="findings")


def _trigger_changed(*, trigger: Trigger, has_grown: bool, **_kwargs: Any) -> None:
    if has_grown:
        require_fitting_documents(trigger)
    monitors = monitor_ids_for(triggers=[trigger.pk])
    if 0 < len(monitors) <= AT_ONCE:
        # Should it fail, the change is made, and the beat will look anyway.
        after_commit(_recheck, current_tenant_id(), monitors)


def _recheck(tenant_id: UUID, monitors: Collection[UUID]) -> None:
    with in_tenant(tenant_id):
        findings_recheck(monitors=monitors, triggers=())
