"""System settings and the audit log."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from blip0.common.system_settings import SETTINGS
from tenants.choices import ActorKind


class SystemSetting(models.Model):
    """A setting that staff change at run time. Keys and types come from a registry."""

    key = models.CharField(max_length=63, primary_key=True)
    value = models.JSONField()
    updated_at = models.DateTimeField(auto_now=True, editable=False)
    updated_by = models.CharField(max_length=254, blank=True, editable=False)

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        """The name that people know it by."""
        return SETTINGS.get(self.key).label if self.key in SETTINGS else self.key


class AuditRecord(models.Model):
    """Who did what to which object, when and why. A trigger refuses every UPDATE and DELETE.

    Holds ids *and* names, and no foreign key: a record outlives what it speaks of. `before` and
    `after` hold the fields that differ, redacted: no secret ever gets here. `tenant_id` is empty
    for what staff do to the platform.
    """

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(auto_now_add=True)
    tenant_id = models.UUIDField(null=True)
    actor_kind = models.CharField(max_length=10, choices=ActorKind.choices)
    actor_id = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(max_length=254)
    action = models.CharField(max_length=60, help_text="entity.verb, such as monitor.paused")
    object_kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64)
    object_name = models.CharField(max_length=254, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-id"]
        permissions = [("export_auditrecord", "Can export the audit log")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(action__regex=r"^[a-z_]+\.[a-z_]+$"), name="audit_action"
            ),
            models.CheckConstraint(
                condition=models.Q(actor_kind__in=ActorKind.values), name="audit_actor_kind"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "-id"], name="audit_by_tenant"),
            models.Index(fields=["tenant_id", "action", "-id"], name="audit_by_action"),
            models.Index(fields=["tenant_id", "actor_id", "-id"], name="audit_by_actor"),
            models.Index(fields=["object_kind", "object_id", "-id"], name="audit_by_object"),
            # What staff look for across all tenants.
            models.Index(fields=["action", "-id"], name="audit_by_action_anywhere"),
            models.Index(fields=["actor_id", "-id"], name="audit_by_actor_anywhere"),
            models.Index(fields=["actor_name", "-id"], name="audit_by_actor_name"),
            models.Index(fields=["object_id", "-id"], name="audit_by_object_id"),
            models.Index(fields=["object_name", "-id"], name="audit_by_object_name"),
            models.Index(
                fields=["request_id"], name="audit_by_request", condition=~models.Q(request_id="")
            ),
            # Ids follow time: a few pages tell where a day lies.
            BrinIndex(fields=["created_at"], name="audit_by_time", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_name or self.object_id}"
