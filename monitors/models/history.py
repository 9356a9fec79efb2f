"""What happened: findings of the validators, matches and the deliveries they caused.

None of these is rendered, so none has a version trigger. They name monitors and triggers by id
and name: history outlives what it speaks of.
"""

from __future__ import annotations

from django.db import models

from blip0.common.models import UuidModel
from monitors.choices import ExecutionStatus, FindingLevel


class Finding(models.Model):
    """What validation has to say about a saved monitor or trigger."""

    class Subject(models.TextChoices):
        MONITOR = "monitor", "Monitor"
        TRIGGER = "trigger", "Trigger"

    subject = models.CharField(max_length=10, choices=Subject.choices)
    subject_id = models.UUIDField()
    level = models.CharField(max_length=10, choices=FindingLevel.choices)
    code = models.CharField(max_length=60)
    pointer = models.CharField(max_length=300, blank=True, help_text="JSON pointer, RFC 6901.")
    message = models.TextField()
    source = models.CharField(max_length=10, help_text="runtime or policy")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["subject", "subject_id", "pointer"]
        indexes = [models.Index(fields=["subject", "subject_id"], name="finding_by_subject")]

    def __str__(self) -> str:
        return f"{self.level} {self.code} {self.pointer}"


class Match(UuidModel):
    """A transaction that matched a monitor, as a runtime reported it. `event_id` makes it once."""

    event_id = models.CharField(max_length=64, unique=True)
    monitor_id = models.UUIDField()
    monitor_name = models.CharField(max_length=254)
    network = models.CharField(max_length=63)
    block_number = models.PositiveBigIntegerField()
    transaction_id = models.CharField(
        max_length=128, help_text="Hash, or Solana's signature, of the transaction."
    )
    matched_at = models.DateTimeField()
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-matched_at", "-id"]
        verbose_name_plural = "matches"
        indexes = [
            models.Index(fields=["monitor_id", "-matched_at"], name="match_by_monitor"),
            models.Index(fields=["network", "-matched_at"], name="match_by_network"),
            models.Index(fields=["transaction_id"], name="match_by_transaction"),
            models.Index(fields=["-matched_at", "-id"], name="match_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.monitor_name} at {self.network} #{self.block_number}"


class TriggerExecution(UuidModel):
    """An attempt to deliver a match through a trigger, and why it failed."""

    match = models.ForeignKey(
        Match, on_delete=models.CASCADE, related_name="executions", db_index=False
    )
    trigger_id = models.UUIDField()
    trigger_name = models.CharField(max_length=254)
    attempt = models.PositiveSmallIntegerField(default=1)
    status = models.CharField(max_length=10, choices=ExecutionStatus.choices)
    error = models.TextField(blank=True)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    executed_at = models.DateTimeField()

    class Meta:
        ordering = ["-executed_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["match", "trigger_id", "attempt"], name="trigger_execution_once"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=ExecutionStatus.values),
                name="trigger_execution_status",
            ),
        ]
        indexes = [
            models.Index(fields=["trigger_id", "-executed_at"], name="execution_by_trigger"),
            models.Index(fields=["status", "-executed_at"], name="execution_by_status"),
            models.Index(fields=["-executed_at", "-id"], name="execution_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.trigger_name}: {self.status}"
