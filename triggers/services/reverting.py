"""Undoing a change of a trigger, as the audit log has it: what it replaced holds again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction

from blip0.common.actors import Actor
from blip0.common.validation import InvalidDocument
from tenants.models import AuditRecord
from tenants.services.undoing import Given, found, replaced, undo_reason
from triggers.contracts import TRIGGER_TYPES
from triggers.contracts.base import plain_secret
from triggers.models import Trigger
from triggers.services.changes import trigger_update
from triggers.services.drafts import is_mask, kept_whole
from triggers.services.records import lock_trigger
from triggers.store import columns_of, config_rows, secrets_in

TRIGGER_ACTIONS: Final = frozenset({"trigger.updated", "trigger.enabled", "trigger.disabled"})
_KEYS: Final = ("name", "slug", "enabled")
_CONFIG: Final = "config."
_HEADERS: Final = "headers."


@transaction.atomic
def trigger_revert(
    *,
    record: AuditRecord,
    actor: Actor,
    reason: str = "",
    secrets: Mapping[str, Any] | None = None,
) -> Trigger:
    """Give the trigger of the current tenant back what the record says was replaced.

    The log keeps no secret. Those that the change replaced or took away, `lost_secrets`, must be in
    `secrets`: in plain text, or as `{"set": true}` where the stored one shall stay. Raises
    `NotFound`, `CannotRevert`, `InvalidDocument` for all that must be given and isn't, or is and
    needn't be, and what `trigger_update` raises.
    """
    trigger = lock_trigger(found(Trigger.objects.live(), record), None)
    kind = trigger.trigger_type
    lost, given = lost_secrets(kind, record), Given("secrets", secrets)
    taken = {field: _secret(field, given) for field in lost}
    if findings := given.findings():
        raise InvalidDocument(findings)
    fields = _config_fields({**(record.before or {}), **(record.after or {})})
    before = replaced(
        record,
        (*_KEYS, "disabled_reason", *(f"{_CONFIG}{field}" for field in fields)),
        lost=[f"{_CONFIG}{field}" for field in lost],
    )
    data: dict[str, Any] = {key: before[key] for key in _KEYS if key in before}
    if fields:
        contract = TRIGGER_TYPES.get(kind)
        stored = contract.config(columns_of(config_rows(kind).get(pk=trigger.pk)))
        wanted = {field: before[f"{_CONFIG}{field}"] for field in fields} | taken
        config = _put_back(kept_whole(kind, stored), wanted)
        # Null takes a secret or the headers away; anything else goes by its absence.
        data["config"] = {
            key: value
            for key, value in config.items()
            if value is not None or key in contract.kept_keys
        }
    return trigger_update(
        trigger=trigger, data=data, actor=actor, reason=undo_reason(record, reason)
    )


def lost_secrets(kind: str, record: AuditRecord) -> list[str]:
    """The fields of secrets that the change replaced or took away: an undo asks for them."""
    return list(secrets_in(kind, _put_back({}, _config_fields(record.before or {}))))


def _config_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration's part of what a record holds, by field; headers are fields, too."""
    return {
        key.removeprefix(_CONFIG): value for key, value in values.items() if key.startswith(_CONFIG)
    }


def _put_back(config: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """The document with these fields; a header that is None goes, the last one with all of them."""
    headers = dict(config.get("headers") or {})
    made = dict(config)
    for field, value in fields.items():
        if field.startswith(_HEADERS):
            headers[field.removeprefix(_HEADERS)] = value
            left = {name: text for name, text in headers.items() if text is not None}
            made["headers"] = left or None
        else:
            made[field] = value
    return made


def _secret(field: str, given: Given) -> object:
    """What was given for a secret, in the form in which it stands in a document."""
    taken = given.take(
        field,
        or_say=f"This change replaced `{field}`, and the history keeps no secrets. Give the one "
        'that shall hold again, or say that the stored one stays: {"set": true}.',
    )
    if taken is None or is_mask(taken):
        return taken
    if not isinstance(taken, str):
        given.refuse(field, 'A text, or {"set": true} for the stored one to stay.')
        return None
    return taken if field.startswith(_HEADERS) else plain_secret(taken)
