"""Cards of tenants on the home page; of keys and what happened on a tenant's own."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Count, F, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from blip0.common.admin.cards import Content, Figure, home_card, tenant_card
from blip0.common.admin.display import change_url, stamp
from tenants.choices import TenantStatus
from tenants.models import ApiKey, AuditRecord, Tenant

NEW: Final = timedelta(days=7)
LISTED: Final = 6
TONES: Final = {
    TenantStatus.PROVISIONING: "warning",
    TenantStatus.SUSPENDED: "warning",
    TenantStatus.PENDING_DELETION: "bad",
}


@home_card("tenants", title="Tenants", permissions=["tenants.view_tenant"], queries=1)
def tenants_card(_request: HttpRequest) -> Content:
    since = timezone.now() - NEW
    rows = (
        Tenant.objects.order_by()
        .values_list("status")
        .annotate(total=Count("pk"), new=Count("pk", filter=Q(created_at__gte=since)))
    )
    counts = {status: (total, new) for status, total, new in rows}
    listed = reverse("admin:tenants_tenant_changelist")
    figures = [
        Figure(
            label=status.label,
            value=counts[status][0],
            url=f"{listed}?{urlencode({'status__exact': status})}",
            tone=TONES.get(status, ""),
            note=f"{counts[status][1]} of them new this week" if counts[status][1] else "",
        )
        for status in TenantStatus
        if status in counts and status != TenantStatus.DELETED
    ]
    return Content(figures=figures)


@tenant_card("keys", title="API keys", permissions=["tenants.view_apikey"], queries=1)
def keys_card(_request: HttpRequest, tenant_id: UUID) -> Content:
    now = timezone.now()
    keys = ApiKey.objects.filter(tenant_id=tenant_id, revoked_at=None)
    rows = list(keys.order_by(F("last_used_at").desc(nulls_last=True))[: LISTED + 1])
    figures = [
        Figure(
            label=row.name,
            value=stamp(row.last_used_at) if row.last_used_at else "never used",
            url=change_url(ApiKey, row.pk),
            tone="warning" if row.expires_at and row.expires_at <= now else "",
            note="expired" if row.expires_at and row.expires_at <= now else "",
        )
        for row in rows[:LISTED]
    ]
    return Content(figures=figures, note="And more." if len(rows) > LISTED else "")


@tenant_card(
    "happened", title="What happened last", permissions=["tenants.view_auditrecord"], queries=1
)
def happened_card(_request: HttpRequest, tenant_id: UUID) -> Content:
    rows = AuditRecord.objects.filter(tenant_id=tenant_id).order_by("-id")[:LISTED]
    figures = [
        Figure(
            label=f"{row.action} {row.object_name}",
            value=stamp(row.created_at),
            url=change_url(AuditRecord, row.pk),
            note=f"by {row.actor_name}",
        )
        for row in rows
    ]
    return Content(figures=figures)
