"""What is only looked at: the audit log, and versions of the configuration."""

from __future__ import annotations

from django.contrib import admin

from blip0.common.admin.base import ViewOnlyAdmin
from blip0.common.admin.display import json_block, stamp
from tenants.models import AuditRecord, ConfigChange, ConfigVersion


@admin.register(AuditRecord)
class AuditRecordAdmin(ViewOnlyAdmin[AuditRecord]):
    audit_kind = "audit_record"
    list_display = ("at", "action", "actor_name", "object_kind", "object_name", "reason")
    list_filter = ("object_kind", "actor_kind", "created_at")
    search_fields = ("action", "actor_name", "object_name", "=object_id", "=request_id")
    search_help_text = "Action, actor, name or id of the object, id of the request"
    fields = (
        "at",
        "action",
        ("actor_name", "actor_kind"),
        "actor_id",
        ("object_name", "object_kind"),
        "object_id",
        "tenant_id",
        "reason",
        "was",
        "became",
        "request_id",
    )

    @admin.display(description="time", ordering="id")
    def at(self, obj: AuditRecord) -> str:
        return stamp(obj.created_at)

    @admin.display(description="before")
    def was(self, obj: AuditRecord) -> str:
        return json_block(obj.before)

    @admin.display(description="after")
    def became(self, obj: AuditRecord) -> str:
        return json_block(obj.after)


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
