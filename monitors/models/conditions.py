"""When a monitor matches: conditions on the chain's data, and filter scripts after them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from monitors.choices import ConditionKind, TransactionStatus
from monitors.models.monitor import Monitor
from platform_catalog.models import FilterScript


class MatchCondition(models.Model):
    """A function, an event or a transaction, each with an optional expression.

    `signature` is for functions and events, `status` for transactions. An absent expression is
    null: an empty one would be refused.
    """

    monitor = models.ForeignKey(
        Monitor, on_delete=models.CASCADE, related_name="match_conditions", db_index=False
    )
    kind = models.CharField(max_length=11, choices=ConditionKind.choices)
    position = models.PositiveSmallIntegerField()
    signature = models.TextField(blank=True)
    status = models.CharField(max_length=7, choices=TransactionStatus.choices, blank=True)
    expression = models.TextField(null=True, blank=True)  # noqa: DJ001 - absent differs from empty

    class Meta:
        ordering = ["monitor", "kind", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["monitor", "kind", "position"], name="match_condition_position"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    kind=ConditionKind.TRANSACTION,
                    signature="",
                    status__in=TransactionStatus.values,
                )
                | (
                    models.Q(kind__in=[ConditionKind.FUNCTION, ConditionKind.EVENT], status="")
                    & ~models.Q(signature="")
                ),
                name="match_condition_shape",
                violation_error_message=(
                    "A transaction has a status, a function or event has a signature."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.signature or self.status


class ScriptCondition(models.Model):
    """A filter script of the catalogue that may drop a match. Null arguments are left out."""

    monitor = models.ForeignKey(
        Monitor, on_delete=models.CASCADE, related_name="script_conditions", db_index=False
    )
    position = models.PositiveSmallIntegerField()
    script = models.ForeignKey(
        FilterScript,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    arguments = ArrayField(models.CharField(max_length=500), null=True, blank=True)
    timeout_ms = models.PositiveIntegerField()

    class Meta:
        ordering = ["monitor", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["monitor", "position"], name="script_condition_position"
            ),
            models.CheckConstraint(
                condition=models.Q(timeout_ms__gte=1), name="script_condition_timeout"
            ),
        ]
        indexes = [models.Index(fields=["script"], name="script_condition_script")]

    def __str__(self) -> str:
        return self.script_id
