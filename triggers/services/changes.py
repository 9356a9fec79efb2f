"""Creating and updating triggers: one transaction each, checked, sealed and audited."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from typing import Any

from django.db import models, transaction

from blip0.common.actors import Actor
from blip0.common.canonical import canonical_size
from blip0.common.naming import conflicts_named, derived_slug
from blip0.common.tenancy import current_tenant_id
from blip0.common.validation.stored import findings_replace
from blip0.common.validation.text import WHITESPACE
from tenants.models import Tenant
from tenants.selectors import limits_of
from triggers.choices import DisabledReason
from triggers.contracts import TRIGGER_TYPES
from triggers.exceptions import TriggerLimitReached, TriggerTypeFixed
from triggers.models import Trigger
from triggers.services.drafts import (
    check_columns,
    check_document,
    envelope_checked,
    kept_whole,
    missing_secrets,
    require_secrets,
    resolve,
)
from triggers.services.records import audit_view, lock_trigger, record
from triggers.signals import trigger_changed
from triggers.store import columns_of, config_model, config_rows, sealed_config

DOCUMENT_KEYS = ("name", "trigger_type", "config")


@transaction.atomic
def trigger_create(
    *, tenant: Tenant, data: Mapping[str, Any], actor: Actor, secrets_missing: bool = False
) -> Trigger:
    """Create a trigger of the current tenant from its document.

    `secrets_missing` is for imports: a secret whose value is empty is stored as missing, and the
    trigger stays disabled until it is given. Raises `InvalidDocument`, `SlugTaken`, `NameTaken`
    and `TriggerLimitReached`.
    """
    if tenant.pk != current_tenant_id():
        raise RuntimeError("trigger_create: the connection is not in the schema of the tenant.")
    data = envelope_checked(data)
    kind, config = data.get("trigger_type"), data.get("config")
    missing = missing_secrets(kind, config) if secrets_missing else frozenset()
    document = {key: data[key] for key in DOCUMENT_KEYS if key in data}
    findings = check_document(document, missing=missing)

    _take_place(tenant)
    name = data["name"].strip(WHITESPACE)
    enabled = data.get("enabled", True) and not missing
    trigger = Trigger(
        slug=data.get("slug") or derived_slug(name, "trigger", Trigger.objects),
        name=name,
        trigger_type=data["trigger_type"],
        enabled=enabled,
        disabled_reason=_disabled_reason(enabled, missing),
    )
    row = config_model(trigger.trigger_type)(trigger=trigger)
    sealed = sealed_config(trigger.trigger_type, trigger.pk, data["config"])
    _assign(row, TRIGGER_TYPES.get(trigger.trigger_type).values(sealed))
    check_columns(row)
    with _conflicts_named(trigger):
        trigger.save(force_insert=True)
    row.save(force_insert=True)
    findings_replace("trigger", {trigger.pk: findings})
    record("trigger.created", trigger, actor=actor, after=audit_view(trigger, sealed))
    trigger_changed.send(Trigger, trigger=trigger, has_grown=True)
    return trigger


@transaction.atomic
def trigger_update(
    *,
    trigger: Trigger,
    data: Mapping[str, Any],
    actor: Actor,
    expected_version: int | None = None,
    reason: str = "",
) -> Trigger:
    """Change what `data` names; a `config` is given as a whole, but for its secrets.

    A secret that is left out, or sent as it is read, stays as it is, byte for byte; null removes
    an optional one. Nothing is written, and the version stays, where nothing changes. `reason`
    goes into the audit log. Returns the trigger as it is now. Raises `InvalidDocument`,
    `SlugTaken`, `NameTaken`, `TriggerTypeFixed`, `SecretUnreadable`, `Stale` and `TriggerGone`.
    """
    trigger = lock_trigger(trigger, expected_version)
    data = envelope_checked(data, trigger)
    kind, contract = trigger.trigger_type, TRIGGER_TYPES.get(trigger.trigger_type)
    if data.get("trigger_type", kind) != kind:
        raise TriggerTypeFixed(
            f"This is a trigger of the type `{kind}`, which never changes. "
            "Create another trigger, and put it into the monitors in this one's place.",
            pointer="/trigger_type",
        )
    row = config_rows(kind).get(pk=trigger.pk)
    stored = contract.config(columns_of(row))
    before = audit_view(trigger, stored)
    size = canonical_size([trigger.name, stored])
    enabled = data.get("enabled", trigger.enabled)
    wanted: dict[str, Any] = {"slug": data.get("slug") or trigger.slug, "enabled": enabled}
    columns: list[str] = []
    missing: frozenset[str] = frozenset()

    if data.keys() & {"name", "config"} or (enabled and not trigger.enabled):
        given = data["config"] if "config" in data else kept_whole(kind, stored)
        resolved = resolve(kind, trigger.pk, given, stored)
        if trigger.disabled_reason == DisabledReason.SECRET_MISSING:
            missing = missing_secrets(kind, resolved.config)
            if enabled:
                require_secrets(missing)
        name = data.get("name", trigger.name)
        document = {"name": name, "trigger_type": kind, "config": resolved.config}
        findings_replace("trigger", {trigger.pk: check_document(document, missing=missing)})
        wanted["name"] = name.strip(WHITESPACE)
        wanted["disabled_reason"] = _disabled_reason(enabled, missing)
        sealed = sealed_config(kind, trigger.pk, resolved.config, stored=stored, kept=resolved.kept)
        columns = _assign(row, contract.values(sealed))
        check_columns(row)
    elif enabled != trigger.enabled:
        wanted["disabled_reason"] = _disabled_reason(enabled, missing)

    fields = _assign(trigger, wanted)
    if not (fields or columns):
        return trigger
    trigger.version += 1
    with _conflicts_named(trigger):
        trigger.save(update_fields=[*fields, "version", "updated_at"])
    if columns:
        row.save(update_fields=columns)
    stored = contract.config(columns_of(row))
    record(
        _action(fields, columns, enabled=enabled),
        trigger,
        actor=actor,
        before=before,
        after=audit_view(trigger, stored),
        reason=reason,
    )
    has_grown = canonical_size([trigger.name, stored]) > size
    trigger_changed.send(Trigger, trigger=trigger, has_grown=has_grown)
    return trigger


def _take_place(tenant: Tenant) -> None:
    """Lock the tenant's row, so that two at once can't both take the last place of the plan.

    It also makes the search for a free slug safe. Other writers of the tenant's rows don't wait:
    keys aren't locked.
    """
    rows = Tenant.objects.select_related("plan").select_for_update(of=("self",), no_key=True)
    limit = limits_of(rows.get(pk=tenant.pk)).triggers
    if Trigger.objects.live().count() >= limit:
        raise TriggerLimitReached(
            f"The plan allows {limit} triggers, and that many are there. "
            "Delete one, or ask for a larger plan."
        )


def _conflicts_named(trigger: Trigger) -> AbstractContextManager[None]:
    return conflicts_named(
        slug=trigger.slug, name=trigger.name, noun="trigger", objects=Trigger.objects
    )


def _disabled_reason(enabled: bool, missing: Collection[str]) -> str:
    if enabled:
        return ""
    return DisabledReason.SECRET_MISSING if missing else DisabledReason.BY_MEMBER


def _assign(instance: models.Model, values: Mapping[str, Any]) -> list[str]:
    """Set the attributes that differ; returns their names."""
    changed = [name for name, value in values.items() if getattr(instance, name) != value]
    for name in changed:
        setattr(instance, name, values[name])
    return changed


def _action(fields: Collection[str], columns: Collection[str], *, enabled: bool) -> str:
    if not columns and "enabled" in fields and set(fields) <= {"enabled", "disabled_reason"}:
        return "trigger.enabled" if enabled else "trigger.disabled"
    return "trigger.updated"
