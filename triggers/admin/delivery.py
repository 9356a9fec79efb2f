"""Test deliveries: only looked at."""

from __future__ import annotations

from django.contrib import admin

from blip0.common.admin.base import ViewOnlyAdmin
from blip0.common.admin.display import column, stamp
from triggers.models import DeliveryTest


@admin.register(DeliveryTest)
class DeliveryTestAdmin(ViewOnlyAdmin[DeliveryTest]):
    list_display = ("at", "trigger", "succeeded", "status", "took", "requested_by")
    fields = ("trigger", "at", "succeeded", "status", "took", "requested_by")
    list_filter = ("succeeded",)
    list_select_related = ("trigger",)
    search_fields = ("trigger__slug", "trigger__name", "requested_by")

    took = column("duration_ms", "duration (ms)")

    @admin.display(description="time", ordering="created_at")
    def at(self, obj: DeliveryTest) -> str:
        return stamp(obj.created_at)
