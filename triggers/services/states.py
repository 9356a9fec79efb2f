"""Enabling, disabling and deleting triggers."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from blip0.common.actors import Actor
from blip0.common.exceptions import InUse
from blip0.common.usage import users_of
from blip0.common.validation.stored import findings_replace
from triggers.models import Trigger
from triggers.services.changes import trigger_update
from triggers.services.records import audit_view, lock_trigger, record
from triggers.signals import trigger_changed
from triggers.store import sealed_configs


def trigger_enable(
    *, trigger: Trigger, actor: Actor, reason: str = "", expected_version: int | None = None
) -> Trigger:
    """Let monitors fire it again. Nothing happens where it is enabled.

    `reason` is for the audit log. Raises `InvalidDocument` where the runtime would refuse it, as
    with a secret that is still missing since an import; also `SecretUnreadable`, `Stale` and
    `TriggerGone`.
    """
    return trigger_update(
        trigger=trigger,
        data={"enabled": True},
        actor=actor,
        expected_version=expected_version,
        reason=reason,
    )


def trigger_disable(
    *, trigger: Trigger, actor: Actor, reason: str = "", expected_version: int | None = None
) -> Trigger:
    """Keep it, and its monitors, but send nothing. Nothing happens where it is disabled.

    `reason` is for the audit log. Raises `Stale` and `TriggerGone`.
    """
    return trigger_update(
        trigger=trigger,
        data={"enabled": False},
        actor=actor,
        expected_version=expected_version,
        reason=reason,
    )


@transaction.atomic
def trigger_delete(
    *, trigger: Trigger, actor: Actor, expected_version: int | None = None
) -> Trigger:
    """Delete a trigger that no live monitor names; its slug and name are free again.

    The row stays, for history. Raises `InUse` with the monitors, `Stale` and `TriggerGone`.
    """
    trigger = lock_trigger(trigger, expected_version)
    # The lock comes first: a monitor that is about to name the trigger locks its row, too.
    if users := users_of("trigger", [str(trigger.pk)]).named:
        raise InUse(
            f"The trigger `{trigger.slug}` is in use: {', '.join(users[:10])}. "
            "Take it out of these first, or disable it.",
            users=users,
        )
    config = sealed_configs([trigger.pk]).get(trigger.pk, {})
    trigger.deleted_at = timezone.now()
    trigger.version += 1
    trigger.save(update_fields=["deleted_at", "version", "updated_at"])
    findings_replace("trigger", {trigger.pk: ()})
    record("trigger.deleted", trigger, actor=actor, before=audit_view(trigger, config))
    trigger_changed.send(Trigger, trigger=trigger, has_grown=False)
    return trigger
