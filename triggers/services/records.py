"""What every change of a trigger shares: its lock, and its line in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blip0.common.actors import Actor
from blip0.common.exceptions import Stale
from blip0.common.tenancy import current_tenant_id
from tenants.services.audit import audit_record
from triggers.contracts.base import Config
from triggers.exceptions import TriggerGone
from triggers.models import Trigger


def lock_trigger(trigger: Trigger, expected_version: int | None) -> Trigger:
    """The row as committed now, locked until the transaction ends.

    Raises `TriggerGone`, and `Stale` where it has another version than the caller has seen.
    """
    locked = Trigger.objects.live().select_for_update().filter(pk=trigger.pk).first()
    if locked is None:
        raise TriggerGone(f"The trigger `{trigger.slug}` has been deleted.")
    if expected_version is not None and locked.version != expected_version:
        raise Stale(
            f"The trigger `{locked.slug}` has version {locked.version}, not {expected_version}: "
            "somebody changed it meanwhile. Read it again, and repeat the change.",
            current_version=locked.version,
        )
    return locked


def audit_view(trigger: Trigger, config: Config) -> dict[str, Any]:
    """The trigger as the audit log compares it, one entry a field of the configuration.

    Secrets are in it sealed: a new one differs, and the log blanks it.
    """
    fields = {f"config.{key}": value for key, value in config.items() if key != "headers"}
    headers = config.get("headers") or {}
    return {
        "name": trigger.name,
        "slug": trigger.slug,
        "trigger_type": trigger.trigger_type,
        "enabled": trigger.enabled,
        "disabled_reason": trigger.disabled_reason,
        **fields,
        **{f"config.headers.{name}": value for name, value in headers.items()},
    }


def record(
    action: str,
    trigger: Trigger,
    *,
    actor: Actor,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    audit_record(
        action=action,
        actor=actor,
        object_kind="trigger",
        object_id=trigger.pk,
        object_name=trigger.slug,
        tenant_id=current_tenant_id(),
        before=before,
        after=after,
        reason=reason,
    )
