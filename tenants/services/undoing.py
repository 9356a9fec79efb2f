"""Putting back what a change replaced, as the audit log has it: what every undo shares.

Each is a change like any other: checked as the world is now, and recorded.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from django.db import models, transaction

from blip0.common.actors import Actor
from blip0.common.audit import REDACTED
from blip0.common.exceptions import Conflict, NotFound
from blip0.common.undoing import UNDOS
from blip0.common.validation import Finding
from blip0.common.validation.findings import pointer
from tenants.exceptions import CannotRevert
from tenants.models import AuditRecord
from tenants.selectors.records import records_of

M = TypeVar("M", bound=models.Model)


@transaction.atomic
def change_revert(
    *, record: AuditRecord, actor: Actor, newest: int, reason: str = "", **given: Any
) -> AuditRecord | None:
    """Undo the change that `record` tells of. The record that this leaves; None for no change.

    `newest` is the id of the newest record of the object that the caller has seen, `given` what the
    kind's undo asks for (`blip0.common.undoing`). A tenant's object: inside its schema. Raises
    `CannotRevert`, `Conflict` where somebody was faster, and what the undo's service raises.
    """
    if record.object_kind not in UNDOS:
        raise CannotRevert(
            f"Changes of a {record.object_kind} can't be undone, but of: {', '.join(UNDOS)}."
        )
    undo = UNDOS.get(record.object_kind)
    if record.before is None and record.after is not None:
        raise CannotRevert(f"Entry {record.pk} tells of its making: there is no state before that.")
    if not undo.is_of(record):
        raise CannotRevert(
            f"Entry {record.pk} is `{record.action}`, which replaced nothing that can be put back."
        )
    undo.run(record=record, actor=actor, reason=reason, **given)
    records = records_of(record.object_kind, record.object_id, tenant_id=record.tenant_id)
    # The service has locked the object: whoever was faster is seen here.
    since = list(records.filter(pk__gt=newest)[:2])
    if len(since) > 1:
        raise Conflict(
            "It was changed meanwhile, and nothing was undone. Open its history again to see how "
            "it is now."
        )
    return since[0] if since else None


def undo_reason(record: AuditRecord, reason: str) -> str:
    """What the record of an undo gives as its reason."""
    return _with_reason(f"undo of entry {record.pk}", reason)


def back_reason(entry: int, reason: str) -> str:
    """The same where all that came after the entry is undone, too."""
    return _with_reason(f"back to before entry {entry}", reason)


def found(rows: models.QuerySet[M], record: AuditRecord, **named: object) -> M:
    """The row that the record is of, by its id or as `named`. Raises `NotFound`."""
    row = rows.filter(**(named or {"pk": record.object_id})).first()
    if row is None:
        raise NotFound(
            f"{record.object_name or record.object_id} is no longer there, and a deletion can't "
            "be undone: make it anew."
        )
    return row


def replaced(
    record: AuditRecord, known: Collection[str], *, lost: Collection[str] = ()
) -> dict[str, Any]:
    """What each field was before; None for one that wasn't there. Raises `CannotRevert`.

    All of the change or nothing: it raises for a field that isn't `known`, and for a value in
    which the log left a secret out, but in fields that are `lost`: these the caller has asked for.
    """
    before, after = record.before or {}, record.after or {}
    values = {key: before.get(key) for key in {**before, **after}}
    for key, value in values.items():
        if key not in known:
            raise CannotRevert(
                f"Entry {record.pk} doesn't hold all that it replaced of `{key}`: set that by hand."
            )
        if key not in lost and _has_gaps(value):
            raise CannotRevert(
                f"The history keeps no secrets, and `{key}` had some: set that by hand."
            )
    return values


class Given:
    """What the caller gives for what the history names but doesn't hold."""

    def __init__(self, member: str, given: Mapping[str, Any] | None) -> None:
        self._member = member
        self._given = given or {}
        self._used: set[str] = set()
        self._refused: dict[str, str] = {}

    def take(self, name: str, *, or_say: str) -> Any:
        """What was given under this name; None, and to be said, where there is nothing."""
        self._used.add(name)
        value = self._given.get(name)
        if value is None:
            self.refuse(name, or_say)
        elif isinstance(value, str) and (value == REDACTED or value.startswith("…")):
            self.refuse(name, "This is how a secret is shown, not the secret: give all of it.")
        return value

    def refuse(self, name: str, message: str) -> None:
        self._refused[name] = message

    def findings(self) -> list[Finding]:
        spare = "That state needs no such entry, or the tenant still has it; remove this one."
        missing = [
            self._finding("revert.missing", name, message)
            for name, message in self._refused.items()
        ]
        unused = sorted(self._given.keys() - self._used)
        return missing + [self._finding("revert.spare", name, spare) for name in unused]

    def _finding(self, code: str, name: str, message: str) -> Finding:
        place = pointer(((None, self._member), name))
        return Finding("error", code, place, message, "policy", "policy")


def _with_reason(told: str, reason: str) -> str:
    return f"{told}: {reason.strip()}" if reason.strip() else told


def _has_gaps(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_gaps, value.values()))
    if isinstance(value, list):
        return any(map(_has_gaps, value))
    return value == REDACTED
