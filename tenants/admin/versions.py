"""Versions of the configuration: only looked at."""

from __future__ import annotations

from django.contrib import admin

from blip0.common.admin.base import ViewOnlyAdmin
from blip0.common.admin.display import stamp
from tenants.models import ConfigChange, ConfigVersion


@admin.register(ConfigVersion)
class ConfigVersionAdmin(ViewOnlyAdmin[ConfigVersion]):
    list_display = ("scope", "version", "epoch", "status", "changed")
    list_filter = ("status",)
    search_fields = ("scope",)

    @admin.display(description="changed", ordering="changed_at")
    def changed(self, obj: ConfigVersion) -> str:
        return stamp(obj.changed_at)


@admin.register(ConfigChange)
class ConfigChangeAdmin(ViewOnlyAdmin[ConfigChange]):
    list_display = ("at", "scope", "version", "kind", "object_id")
    list_filter = ("kind",)
    search_fields = ("=scope", "=object_id")
    ordering = ("-id",)

    @admin.display(description="time", ordering="created_at")
    def at(self, obj: ConfigChange) -> str:
        return stamp(obj.created_at)
