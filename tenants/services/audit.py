"""Writing the audit log: within the caller's transaction, so that it is true or absent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog

from blip0.common.actors import Actor
from blip0.common.audit import difference, redact
from blip0.common.commits import after_commit
from tenants.models import AuditRecord

logger = structlog.get_logger(__name__)


def audit_record(
    *,
    action: str,
    actor: Actor,
    object_kind: str,
    object_id: object,
    object_name: str = "",
    tenant_id: UUID | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> AuditRecord:
    """Record that `actor` did `action` (`entity.verb`) to an object, and log the same event.

    With both `before` and `after`, only the fields that differ are kept. Everything is redacted.
    The request's id comes from the log context. One INSERT.
    """
    old: dict[str, Any] | None
    new: dict[str, Any] | None
    if before is not None and after is not None:
        old, new = difference(before, after)
    else:
        old = redact(before) if before is not None else None
        new = redact(after) if after is not None else None
    # What is rolled back (a dry run, `validate_only`, a failure) did not happen, in the log too.
    after_commit(
        logger.info,
        action,
        object_id=str(object_id),
        tenant_id=str(tenant_id) if tenant_id else None,
        actor_kind=actor.kind,
        actor_id=actor.id,
    )
    return AuditRecord.objects.create(
        action=action,
        tenant_id=tenant_id,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name[:254],
        object_kind=object_kind,
        object_id=str(object_id)[:64],
        object_name=object_name[:254],
        before=old,
        after=new,
        reason=reason[:500],
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", ""))[:64],
    )
