"""Triggers and the record of their test deliveries."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower, Trim

from blip0.common.models import StampedModel, UuidModel
from blip0.common.slugs import OBJECT_SLUG
from triggers.choices import DisabledReason, TriggerKind
from triggers.querysets import TriggerQuerySet

_LIVE = models.Q(deleted_at__isnull=True)


class Trigger(UuidModel, StampedModel):
    """A way to tell somebody. Its typed configuration is a row of its type's table.

    Deleting keeps the row and frees slug and name. `version` grows with each change by a service.
    """

    slug = models.CharField(max_length=63, validators=[RegexValidator(OBJECT_SLUG)])
    name = models.CharField(max_length=200)
    trigger_type = models.CharField(max_length=10, choices=TriggerKind.choices)
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(
        max_length=20, choices=DisabledReason.choices, blank=True, editable=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[TriggerQuerySet] = TriggerQuerySet.as_manager()  # type: ignore[assignment]  # manager made from a queryset

    class Meta:
        ordering = ["slug"]
        permissions = [("enable_trigger", "Can enable and disable triggers")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(slug__regex=OBJECT_SLUG), name="trigger_slug"
            ),
            models.UniqueConstraint(fields=["slug"], condition=_LIVE, name="trigger_slug_unique"),
            models.UniqueConstraint(
                Lower(Trim("name")), condition=_LIVE, name="trigger_name_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(trigger_type__in=TriggerKind.values), name="trigger_type"
            ),
            models.CheckConstraint(
                condition=models.Q(enabled=False) | models.Q(disabled_reason=""),
                name="trigger_disabled_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.slug


class DeliveryTest(UuidModel):
    """The outcome of a test delivery. The answer's body is never kept."""

    trigger = models.ForeignKey(
        Trigger, on_delete=models.CASCADE, related_name="delivery_tests", db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    succeeded = models.BooleanField()
    status = models.CharField(max_length=100, help_text="HTTP status, SMTP reply code or error.")
    duration_ms = models.PositiveIntegerField()
    requested_by = models.CharField(max_length=254)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["trigger", "-created_at"], name="delivery_test_by_trigger")]

    def __str__(self) -> str:
        return f"{self.trigger} at {self.created_at:%Y-%m-%d %H:%M}"
