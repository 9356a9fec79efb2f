"""Versions of the configuration: only looked at."""

from __future__ import annotations

from django.contrib import admin

from blip0.common.admin.display import stamp
from tenants.admin.scopes import ScopedAdmin
from tenants.models import ConfigChange, ConfigVersion


@admin.register(ConfigVersion)
class ConfigVersionAdmin(ScopedAdmin[ConfigVersion]):
    list_display = ("where", "version", "epoch", "status", "changed")
    list_filter = ("status",)
    search_fields = ("=scope",)
    search_help_text = "The tenant's slug or id, or platform"
    fields = ("where", "scope_id", "version", "epoch", "status", "token", "changed_at")

    @admin.display(description="changed", ordering="changed_at")
    def changed(self, obj: ConfigVersion) -> str:
        return stamp(obj.changed_at)


@admin.register(ConfigChange)
class ConfigChangeAdmin(ScopedAdmin[ConfigChange]):
    list_display = ("at", "where", "version", "kind", "object_id")
    list_filter = ("kind",)
    search_fields = ("=scope", "=object_id")
    search_help_text = "The tenant's slug or id, or the object's id"
    fields = ("where", "scope_id", "version", "kind", "object_id", "token", "created_at")
    ordering = ("-id",)

    @admin.display(description="time", ordering="created_at")
    def at(self, obj: ConfigChange) -> str:
        return stamp(obj.created_at)
