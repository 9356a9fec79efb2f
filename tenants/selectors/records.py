"""Reads over the audit log."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from tenants.models import AuditRecord


def records_of(
    kind: str, object_id: str, *, tenant_id: UUID | None = None
) -> QuerySet[AuditRecord]:
    """What was recorded of one object, the newest first; of a tenant's, within that tenant.

    By the index `audit_by_object`.
    """
    records = AuditRecord.objects.filter(object_kind=kind, object_id=object_id).order_by("-pk")
    return records if tenant_id is None else records.filter(tenant_id=tenant_id)
