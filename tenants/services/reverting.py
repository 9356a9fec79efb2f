"""Putting back what a change replaced, as the audit log has it.

Each is a change like any other: checked as the world is now, and recorded. Only the fields that
the record names are put back; later changes of others stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from blip0.common.actors import Actor
from blip0.common.exceptions import NotFound
from tenants.exceptions import CannotRevert
from tenants.models import AuditRecord, LimitOverride, Plan, Tenant
from tenants.services.settings import (
    PLAN_KEYS,
    TENANT_KEYS,
    limit_overrides_set,
    plan_of,
    plan_update,
    tenant_update,
)
from tenants.services.system_settings import setting_reset, setting_update


def revert_reason(entry: int, reason: str) -> str:
    """What the record of a revert gives as its reason."""
    told = f"back to before entry {entry}"
    return f"{told}: {reason.strip()}" if reason.strip() else told


def plan_revert(*, plan: Plan, entry: int, actor: Actor, reason: str = "") -> Plan:
    """Give the plan the name, order and limits that it had before the record `entry`.

    Raises `NotFound` and `CannotRevert` for the record, and what `plan_update` raises.
    """
    before = _replaced(entry, "plan", plan.pk, "plan.updated")
    data = {key: value for key, value in before.items() if key in PLAN_KEYS}
    return plan_update(plan=plan, data=data, actor=actor, reason=revert_reason(entry, reason))


def setting_revert(*, key: str, entry: int, actor: Actor, reason: str = "") -> None:
    """Let the setting have the value, or follow the default, as it did before the record `entry`.

    Raises `NotFound` and `CannotRevert` for the record, and what `setting_update` raises.
    """
    actions = ("system_setting.updated", "system_setting.reset")
    before = _replaced(entry, "system_setting", key, *actions)
    told = revert_reason(entry, reason)
    # A record names what differs: where only the value does, none of both was the default's.
    if before.get("is_default"):
        setting_reset(key=key, actor=actor, reason=told)
    else:
        setting_update(key=key, value=before["value"], actor=actor, reason=told)


@transaction.atomic
def tenant_revert(*, tenant: Tenant, entry: int, actor: Actor, reason: str = "") -> None:
    """Give the tenant the settings, or the overrides of limits, from before the record `entry`.

    Raises `NotFound` and `CannotRevert` for the record, also for one of the tenant's status, whose
    buttons take it back; and what the services of settings raise.
    """
    before = _replaced(entry, "tenant", tenant.pk, "tenant.updated", "tenant.limits_changed")
    told = revert_reason(entry, reason)
    if "limits" in before:
        rows = LimitOverride.objects.filter(tenant=tenant).values_list("limit", "value", "reason")
        kept = {(limit, value): why for limit, value, why in rows}
        overrides = [
            {"limit": limit, "value": value, "reason": kept.get((limit, value), told)}
            for limit, value in before["limits"].items()
        ]
        limit_overrides_set(tenant=tenant, overrides=overrides, actor=actor, reason=told)
        return
    data = {key: value for key, value in before.items() if key in TENANT_KEYS}
    if "plan" in data:
        data["plan"] = plan_of(data["plan"])
    tenant_update(tenant=tenant, data=data, actor=actor, reason=told)


def _replaced(entry: int, kind: str, object_id: object, *actions: str) -> Mapping[str, Any]:
    """What the record `entry` of this object says was there before."""
    records = AuditRecord.objects.filter(object_kind=kind, object_id=str(object_id))
    record = records.filter(pk=entry).first()
    if record is None:
        raise NotFound(f"There is no entry {entry} in the history of this {kind}.")
    if record.action not in actions or not record.before:
        raise CannotRevert(
            f"Entry {entry} is `{record.action}`, which replaced nothing that can be put back."
        )
    before: Mapping[str, Any] = record.before
    return before
