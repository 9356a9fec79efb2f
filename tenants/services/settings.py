"""What staff set: a tenant's own settings, its limits and domains, and the plans.

A tenant's status isn't among them: see `lifecycle`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import models, transaction

from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict, InUse, InvalidField, Stale
from blip0.common.setting_kinds import Text
from blip0.common.system_settings import SettingDefinition, setting_value
from tenants.choices import Limit, TenantStatus
from tenants.models import Domain, LimitOverride, Plan, Tenant
from tenants.services.audit import audit_record

TENANT_KEYS = (
    "name",
    "plan",
    "alert_severity",
    "alert_threshold_amount",
    "alert_threshold_window_s",
    "alert_min_interval_s",
    "allow_viewing_keys",
    "allow_unfiltered_monitors",
)
PLAN_KEYS = ("name", "position", *(limit.value for limit in Limit))


@transaction.atomic
def tenant_update(
    *,
    tenant: Tenant,
    data: Mapping[str, Any],
    actor: Actor,
    expected: datetime | None = None,
    reason: str = "",
) -> Tenant:
    """Change what `data` names of `TENANT_KEYS`; `plan` is a `Plan`.

    Where nothing changes, nothing is written. Raises `InvalidField`, and `Stale` where the row is
    no longer as it was at `expected`, its `updated_at`.
    """
    locked = Tenant.objects.select_for_update(no_key=True, of=("self",)).get(pk=tenant.pk)
    if locked.status == TenantStatus.DELETED:
        raise Conflict(f"Tenant {locked.slug} is deleted; nothing of it can be changed.")
    if expected is not None and locked.updated_at != expected:
        raise Stale(f"Tenant {locked.slug} was changed since you read it.")
    changed = _set(locked, data, TENANT_KEYS)
    if (locked.alert_threshold_amount is None) != (locked.alert_threshold_window_s is None):
        raise InvalidField(
            "Threshold: give both amount and window, or neither.",
            pointer="/alert_threshold_amount",
        )
    if changed:
        locked.save(update_fields=[*changed, "updated_at"])
        _audit("tenant.updated", "tenant", locked, actor, changed, tenant=locked, reason=reason)
    return locked


@transaction.atomic
def limit_overrides_set(
    *, tenant: Tenant, overrides: Sequence[Mapping[str, Any]], actor: Actor, reason: str = ""
) -> None:
    """Make these the tenant's overrides: `limit`, `value` and `reason` each, a limit once.

    `reason` is that of the record; without one it has those of what is new. Raises `InvalidField`.
    """
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    stored = {row.limit: row for row in LimitOverride.objects.filter(tenant=tenant)}
    before = {limit: row.value for limit, row in stored.items()}
    after: dict[str, int] = {}
    reasons: list[str] = []
    for entry in overrides:
        limit = entry["limit"]
        if limit in after:
            raise InvalidField(f"limit {limit}: is there twice.", pointer="/limit")
        row = stored.pop(limit, None) or LimitOverride(tenant=tenant, limit=limit)
        if _set(row, entry, ("value", "reason")):
            row.save()
            reasons.append(row.reason)
        after[limit] = row.value
    for row in stored.values():
        row.delete()
    if after != before or reasons:
        audit_record(
            action="tenant.limits_changed",
            actor=actor,
            object_kind="tenant",
            object_id=tenant.pk,
            object_name=tenant.slug,
            tenant_id=tenant.pk,
            before={"limits": before},
            after={"limits": after},
            reason=reason or "; ".join(reasons),
        )


@transaction.atomic
def domain_add(*, tenant: Tenant, domain: str, is_primary: bool, actor: Actor) -> Domain:
    """Let a host name stand for the tenant. Raises `InvalidField`."""
    row = Domain(tenant=tenant, domain=domain.strip().lower(), is_primary=is_primary)
    _require_clean(row)
    row.save()
    _audit("domain.added", "domain", row, actor, {"domain": (None, row.domain)}, tenant=tenant)
    return row


@transaction.atomic
def domain_remove(*, domain: Domain, actor: Actor) -> None:
    """The host name stands for nobody from now on."""
    gone = {"domain": (domain.domain, None)}
    _audit("domain.removed", "domain", domain, actor, gone, tenant=domain.tenant)
    domain.delete()


def plan_of(slug: str) -> Plan:
    """The plan; without a slug the default one. Raises `InvalidField`, which lists all."""
    slug = slug or setting_value(DEFAULT_PLAN)
    plan = Plan.objects.filter(slug=slug).first()
    if plan is None:
        known = ", ".join(Plan.objects.values_list("slug", flat=True))
        raise InvalidField(f"plan {slug!r}: one of {known}.", pointer="/plan")
    return plan


def _require_plan(slug: str) -> None:
    plan_of(slug)


DEFAULT_PLAN: Final = SettingDefinition(
    key="default_plan",
    label="Default plan",
    help="The slug of the plan that a new tenant gets where nobody names another one.",
    kind=Text(longest=63),
    default=lambda: "free",
    clean=str.strip,
    check=_require_plan,
)


@transaction.atomic
def plan_create(*, data: Mapping[str, Any], actor: Actor) -> Plan:
    """`data`: slug and `PLAN_KEYS`. Raises `InvalidField`, which also names what is taken."""
    plan = Plan(**{key: data[key] for key in ("slug", *PLAN_KEYS) if key in data})
    _require_clean(plan)
    plan.save(force_insert=True)
    stated = {key: (None, getattr(plan, key)) for key in PLAN_KEYS}
    _audit("plan.created", "plan", plan, actor, stated)
    return plan


@transaction.atomic
def plan_update(*, plan: Plan, data: Mapping[str, Any], actor: Actor, reason: str = "") -> Plan:
    """Change what `data` names of `PLAN_KEYS`; it holds for the plan's tenants at once.

    What a tenant has beyond a lowered limit stays. Raises `InvalidField`.
    """
    locked = Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    changed = _set(locked, data, PLAN_KEYS)
    if changed:
        locked.save(update_fields=[*changed, "updated_at"])
        _audit("plan.updated", "plan", locked, actor, changed, reason=reason)
    return locked


@transaction.atomic
def plan_delete(*, plan: Plan, actor: Actor) -> None:
    """Raises `InUse`, which lists tenants on the plan; deleted ones count too.

    The default plan is in use.
    """
    locked = Plan.objects.select_for_update().get(pk=plan.pk)
    if locked.slug == setting_value(DEFAULT_PLAN):
        raise InUse(
            f"The plan {locked.slug} is the default of new tenants. Set another default first.",
            users=[f"setting {DEFAULT_PLAN.key}"],
        )
    users = [f"tenant {slug}" for slug in locked.tenants.values_list("slug", flat=True)[:20]]
    if users:
        raise InUse(
            f"The plan {locked.slug} is in use by {', '.join(users[:5])}. Move them first.",
            users=users,
        )
    _audit("plan.deleted", "plan", locked, actor, {"name": (locked.name, None)})
    locked.delete()


Changes = Mapping[str, tuple[Any, Any]]


def _set(row: models.Model, data: Mapping[str, Any], keys: Collection[str]) -> Changes:
    """Set what differs, and check the row; each change as it was and as it is."""
    changed = {
        key: (getattr(row, key), data[key])
        for key in keys
        if key in data and getattr(row, key) != data[key]
    }
    for key, (_, value) in changed.items():
        setattr(row, key, value)
    if changed:
        _require_clean(row)
    return changed


def _require_clean(row: models.Model) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        field, texts = next(iter(error.message_dict.items()))
        pointer = "" if field == "__all__" else f"/{field}"
        raise InvalidField(" ".join(texts), pointer=pointer) from None


def _audit(
    action: str,
    kind: str,
    row: models.Model,
    actor: Actor,
    changes: Changes,
    *,
    tenant: Tenant | None = None,
    reason: str = "",
) -> None:
    audit_record(
        action=action,
        actor=actor,
        object_kind=kind,
        object_id=row.pk,
        object_name=str(row),
        tenant_id=tenant.pk if tenant else None,
        before={key: _stated(old) for key, (old, _) in changes.items()},
        after={key: _stated(new) for key, (_, new) in changes.items()},
        reason=reason,
    )


def _stated(value: Any) -> Any:
    """Rows by their keys: a plan's name may change."""
    return value.pk if isinstance(value, models.Model) else value
