"""The home page's cards of tenants."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from blip0.common.admin.cards import Content, Figure, home_card
from tenants.choices import TenantStatus
from tenants.models import Tenant

NEW: Final = timedelta(days=7)
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
