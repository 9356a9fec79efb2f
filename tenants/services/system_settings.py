"""What staff set for the whole platform."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction

from blip0.common.actors import Actor
from blip0.common.system_settings import setting_definition, settings_forget
from tenants.models import SystemSetting
from tenants.selectors import setting_state
from tenants.services.audit import audit_record


@transaction.atomic
def setting_update(*, key: str, value: object, actor: Actor, reason: str = "") -> None:
    """Let a setting have this JSON value. Its default is no value: it then follows the default.

    Raises `NotFound` for an unknown key, and `InvalidField`. Where nothing changes, nothing is
    written.
    """
    definition = setting_definition(key)
    new = definition.accept(value)
    _lock(key)
    row = SystemSetting.objects.filter(pk=key).first()
    before = setting_state(definition, row)
    is_default = new == before.default
    if (row is None) if is_default else (new == before.value and not before.problem):
        return
    if is_default:
        SystemSetting.objects.filter(pk=key).delete()
    else:
        SystemSetting.objects.update_or_create(
            pk=key, defaults={"value": new, "updated_by": actor.name[:254]}
        )
    audit_record(
        action="system_setting.reset" if is_default else "system_setting.updated",
        actor=actor,
        object_kind="system_setting",
        object_id=key,
        object_name=definition.label,
        before={"value": row.value if row else _json(before.default), "is_default": row is None},
        after={"value": _json(new), "is_default": is_default},
        reason=reason,
    )
    transaction.on_commit(settings_forget)


def setting_reset(*, key: str, actor: Actor, reason: str = "") -> None:
    """Let a setting follow its default again. Raises `NotFound`."""
    value = setting_definition(key).default()
    setting_update(key=key, value=value, actor=actor, reason=reason)


def _lock(key: str) -> None:
    """Until the transaction's end nobody else changes it; a row to lock may not be there yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('setting ' || %s, 0))", [key])


def _json(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
