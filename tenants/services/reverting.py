"""Undoing changes of what staff set: plans, system settings, tenants' settings, members' roles.

Only the fields that the record names are put back; later changes of others stay.
"""

from __future__ import annotations

from django.db import transaction

from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict
from tenants.models import AuditRecord, LimitOverride, Membership, Plan, Tenant
from tenants.selectors.limits import lowered_over, over_told
from tenants.services.members import member_change_role
from tenants.services.settings import (
    PLAN_KEYS,
    TENANT_KEYS,
    limit_overrides_set,
    plan_of,
    plan_update,
    tenant_update,
)
from tenants.services.system_settings import setting_reset, setting_update
from tenants.services.undoing import found, replaced, undo_reason

PLAN_ACTIONS = frozenset({"plan.updated"})
SETTING_ACTIONS = frozenset({"system_setting.updated", "system_setting.reset"})
TENANT_ACTIONS = frozenset({"tenant.updated", "tenant.limits_changed"})
"""Not those of its status, whose buttons take it back."""
MEMBER_ACTIONS = frozenset({"member.role_changed"})


@transaction.atomic
def plan_revert(
    *, record: AuditRecord, actor: Actor, reason: str = "", lower_anyway: bool = False
) -> Plan:
    """Give the plan the name, order and limits that it had before the record.

    Raises `Conflict` where tenants would be over a limit that this lowers, unless `lower_anyway`;
    also what `plan_update` raises.
    """
    plan = found(Plan.objects.select_for_update(no_key=True), record)
    data = replaced(record, PLAN_KEYS)
    if not lower_anyway and (over := lowered_over(plan, data)):
        told = "; ".join(f"{limit}: {over_told(those)}" for limit, those in over.items())
        raise Conflict(
            f"{told}. They keep what they have. Switch on “Lower it all the same” "
            "(--lower-anyway) to do it.",
            pointer="/lower_anyway",
        )
    return plan_update(plan=plan, data=data, actor=actor, reason=undo_reason(record, reason))


def setting_revert(*, record: AuditRecord, actor: Actor, reason: str = "") -> None:
    """Let the setting have the value, or follow the default, as it did before the record.

    Raises what `setting_update` raises.
    """
    before = replaced(record, ("value", "is_default"))
    key, told = record.object_id, undo_reason(record, reason)
    # A record names what differs: where only the value does, none of both was the default's.
    if before.get("is_default"):
        setting_reset(key=key, actor=actor, reason=told)
    elif "value" in before:
        setting_update(key=key, value=before["value"], actor=actor, reason=told)


@transaction.atomic
def tenant_revert(*, record: AuditRecord, actor: Actor, reason: str = "") -> None:
    """Give the tenant the settings, or the overrides of limits, from before the record.

    Raises what the services of settings raise.
    """
    tenant = found(Tenant.objects.all(), record)
    data = replaced(record, ("limits", *TENANT_KEYS))
    told = undo_reason(record, reason)
    if "limits" in data:
        rows = LimitOverride.objects.filter(tenant=tenant).values_list("limit", "value", "reason")
        kept = {(limit, value): why for limit, value, why in rows}
        overrides = [
            {"limit": limit, "value": value, "reason": kept.get((limit, value), told)}
            for limit, value in data["limits"].items()
        ]
        limit_overrides_set(tenant=tenant, overrides=overrides, actor=actor, reason=told)
        return
    if "plan" in data:
        data["plan"] = plan_of(data["plan"])
    tenant_update(tenant=tenant, data=data, actor=actor, reason=told)


def member_revert(*, record: AuditRecord, actor: Actor, reason: str = "") -> Membership:
    """Give the member the role from before the record. Raises what `member_change_role` raises."""
    members = Membership.objects.select_related("user", "tenant")
    membership = found(members, record, user=record.object_id, tenant=record.tenant_id)
    role = replaced(record, ("role",))["role"]
    told = undo_reason(record, reason)
    return member_change_role(membership=membership, role=role, actor=actor, reason=told)
