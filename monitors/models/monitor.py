"""Monitors and what they name: networks and triggers, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower, Trim

from blip0.common.models import StampedModel, UuidModel
from blip0.common.slugs import OBJECT_SLUG
from monitors.choices import Severity
from monitors.querysets import MonitorQuerySet
from platform_catalog.models import Network
from triggers.models import Trigger

if TYPE_CHECKING:
    from monitors.store import Content

_LIVE = models.Q(deleted_at__isnull=True)


class Monitor(UuidModel, StampedModel):
    """What to watch. Everything the runtime needs of it is rendered into one document.

    A monitor is snoozed while `snoozed_until` is set: a task clears it when its time has come, so
    that rendering never looks at the clock. Deleting keeps the row and frees slug and name.
    `version` grows with each change by a service. `chain_configurations` is the runtime's list,
    with viewing keys sealed.
    """

    slug = models.CharField(max_length=63, validators=[RegexValidator(OBJECT_SLUG)])
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    paused = models.BooleanField(default=False)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    snooze_reason = models.CharField(max_length=500, blank=True)
    chain_configurations = models.JSONField(default=list, blank=True, editable=False)

    # Alerting: what is empty here comes from the tenant's defaults.
    severity = models.CharField(max_length=10, choices=Severity.choices, blank=True)
    threshold_amount = models.PositiveIntegerField(null=True, blank=True)
    threshold_window_s = models.PositiveIntegerField(null=True, blank=True)
    min_interval_s = models.PositiveIntegerField(null=True, blank=True)

    version = models.PositiveIntegerField(default=1, editable=False)
    created_by = models.CharField(max_length=254, blank=True, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    content: Content | None = None
    """What belongs to it, where whoever wrote it knows; as old as the instance's own fields."""

    objects: ClassVar[MonitorQuerySet] = MonitorQuerySet.as_manager()  # type: ignore[assignment]  # manager made from a queryset

    class Meta:
        ordering = ["slug"]
        permissions = [("pause_monitor", "Can pause, resume, snooze and wake monitors")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(slug__regex=OBJECT_SLUG), name="monitor_slug"
            ),
            models.UniqueConstraint(fields=["slug"], condition=_LIVE, name="monitor_slug_unique"),
            models.UniqueConstraint(
                Lower(Trim("name")), condition=_LIVE, name="monitor_name_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(severity__in=["", *Severity.values]), name="monitor_severity"
            ),
            models.CheckConstraint(
                condition=models.Q(threshold_amount__isnull=True, threshold_window_s__isnull=True)
                # A comparison with NULL is unknown, and a CHECK lets the unknown pass.
                | models.Q(
                    threshold_amount__isnull=False,
                    threshold_window_s__isnull=False,
                    threshold_amount__gte=1,
                    threshold_window_s__gte=1,
                ),
                name="monitor_threshold",
                violation_error_message="Threshold: give both amount and window, each at least 1.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["snoozed_until"],
                condition=models.Q(snoozed_until__isnull=False),
                name="monitor_snoozed",
            ),
            models.Index(fields=["-created_at", "id"], name="monitor_by_age"),
        ]

    def __str__(self) -> str:
        return self.slug

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        self.content = None
        super().refresh_from_db(*args, **kwargs)


class MonitorNetwork(models.Model):
    """A network that a monitor watches. The reference is kept by a trigger, not a foreign key."""

    monitor = models.ForeignKey(
        Monitor, on_delete=models.CASCADE, related_name="network_links", db_index=False
    )
    network = models.ForeignKey(
        Network,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["monitor", "position"]
        constraints = [
            models.UniqueConstraint(fields=["monitor", "network"], name="monitor_network_once"),
        ]
        indexes = [models.Index(fields=["network"], name="monitor_network_network")]

    def __str__(self) -> str:
        return self.network_id


class MonitorTrigger(models.Model):
    """A trigger that a monitor fires, in the order of `position`."""

    monitor = models.ForeignKey(
        Monitor, on_delete=models.CASCADE, related_name="trigger_links", db_index=False
    )
    trigger = models.ForeignKey(Trigger, on_delete=models.PROTECT, related_name="monitor_links")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["monitor", "position"]
        constraints = [
            models.UniqueConstraint(fields=["monitor", "trigger"], name="monitor_trigger_once"),
        ]

    def __str__(self) -> str:
        return str(self.trigger_id)
