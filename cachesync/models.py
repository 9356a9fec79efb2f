"""What is projected, for people: the projection itself never decides by these rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from blip0.common.actors import Actor, ActorKind


class ProjectedDocument(models.Model):
    """The state of one document, across all tenants, in one table.

    Serves projection states, staff's search, counts, and the rule that a catalogue key stays while
    any projected document names it. `scope` is a tenant's id as text, or `platform`.
    """

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        SNOOZED = "snoozed", "Snoozed"
        INACTIVE = "inactive", "Inactive"
        INVALID = "invalid", "Invalid"

    scope = models.CharField(max_length=36)
    kind = models.CharField(max_length=10, help_text="monitor, network or filter")
    object_id = models.CharField(max_length=64)
    name = models.CharField(max_length=300)
    slug = models.CharField(max_length=63)
    state = models.CharField(max_length=10, choices=State.choices)
    reason = models.CharField(max_length=500, blank=True)
    networks = ArrayField(models.CharField(max_length=63), default=list)
    scripts = ArrayField(models.CharField(max_length=63), default=list)
    addresses = ArrayField(models.CharField(max_length=200), default=list)
    rev = models.BigIntegerField(help_text="The scope's version at which the bytes were written.")
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveIntegerField(default=0, help_text="Bytes of the document.")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["scope", "kind", "slug"]
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "kind", "object_id"], name="projected_document_once"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["monitor", "network", "filter"]),
                name="projected_document_kind",
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "state"], name="projected_by_state"),
            GinIndex(fields=["networks"], name="projected_networks"),
            GinIndex(fields=["scripts"], name="projected_scripts"),
            GinIndex(fields=["addresses"], name="projected_addresses"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.slug}: {self.state}"


class ProjectedScope(models.Model):
    """What is known of a scope's projection beside Redis itself: for people, and for patience.

    `epoch` and `rev` tell how far `ProjectedDocument` is told; the row is the lock of whoever
    writes there. Behind Redis where a writer died in between, or two of them came in another
    order: the sweep then has the scope's rows written anew.

    The condition decides nothing about what is right. It spaces out the attempts at a scope that
    fails, and keeps a history that was once seen to be another one known as such, also when the
    log of changes that proved it is gone.
    """

    class Condition(models.TextChoices):
        SETTLED = "settled", "Settled"
        FAILING = "failing", "Failing"
        AHEAD = "ahead", "Redis is ahead"
        DIVERGED = "diverged", "Another history"

    OTHER_HISTORY = (Condition.AHEAD, Condition.DIVERGED)
    """An operator decides, and nothing is written until then."""

    scope = models.CharField(max_length=36, primary_key=True)
    rev = models.BigIntegerField(default=0)
    epoch = models.BigIntegerField(default=0)
    duration_ms = models.PositiveIntegerField(
        default=0, help_text="How long the last rendering and writing took."
    )
    verified_at = models.DateTimeField(
        null=True, help_text="When every byte in Redis was last compared with a new rendering."
    )
    condition = models.CharField(
        max_length=10, choices=Condition.choices, default=Condition.SETTLED
    )
    since = models.DateTimeField(null=True, help_text="When the condition began.")
    error = models.CharField(max_length=500, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    failed_rev = models.BigIntegerField(
        null=True, help_text="The version that failed: another one is tried at once."
    )
    retry_at = models.DateTimeField(null=True)
    other_token = models.CharField(
        max_length=36, blank=True, help_text="Redis' version of another history."
    )

    class Meta:
        ordering = ["scope"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(condition__in=["settled", "failing", "ahead", "diverged"]),
                name="projected_scope_condition",
            ),
        ]
        indexes = [
            models.Index(
                fields=["condition"],
                condition=~models.Q(condition="settled"),
                name="projected_scope_unsettled",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} at {self.rev}"


class Sample(models.Model):
    """The platform's figures once a minute, for charts; kept for seven days."""

    taken_at = models.DateTimeField(primary_key=True)
    values = models.JSONField()

    class Meta:
        ordering = ["-taken_at"]

    def __str__(self) -> str:
        return f"{self.taken_at:%Y-%m-%d %H:%M}"


class ProjectionRun(models.Model):
    """What somebody has done to the projection by hand: by a button, or by its command.

    Without `scopes` it is about all of them, and only one such run is open at a time. Whoever
    works on it tells so every few seconds; one that falls silent has died, and is in nobody's way.
    """

    class Kind(models.TextChoices):
        COMPARISON = "comparison", "Comparison"
        REPAIR = "repair", "Repair"
        REBUILD = "rebuild", "Rebuild"

    class Status(models.TextChoices):
        OPEN = "open", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        LOST = "lost", "Never finished"

    SILENCE = timedelta(minutes=2)
    """Longer than any scope may take: who has said nothing for so long says nothing any more."""

    kind = models.CharField(max_length=10, choices=Kind.choices)
    scopes = ArrayField(
        models.CharField(max_length=36),
        default=list,
        blank=True,
        help_text="Tenants' ids, or platform; empty means all.",
    )
    document = models.CharField(
        max_length=80, blank=True, help_text="The only document of the scope that was looked at."
    )
    new_epoch = models.BooleanField(default=False, help_text="What Redis held was declared void.")
    epoch = models.BigIntegerField(null=True, help_text="The epoch that began.")
    reason = models.CharField(max_length=500, blank=True)
    actor_name = models.CharField(max_length=254)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=6, choices=Status.choices, default=Status.OPEN)
    done = models.PositiveIntegerField(default=0, help_text="Scopes that are done.")
    total = models.PositiveIntegerField(default=0, help_text="Scopes in all.")
    results = models.JSONField(default=dict, blank=True, help_text="Scopes by what became of them.")
    error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField(help_text="When whoever works on it was last heard of.")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("repair_projection", "Can compare and repair what Redis holds"),
            ("rebuild_projection", "Can rebuild the whole projection and begin an epoch"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["status"],
                condition=models.Q(status="open", scopes=[]),
                name="projection_run_of_all_once",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["comparison", "repair", "rebuild"]),
                name="projection_run_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["open", "done", "failed", "lost"]),
                name="projection_run_status",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def actor(self) -> Actor:
        """Who began it."""
        return Actor(cast(ActorKind, self.actor_kind), self.actor_id, self.actor_name)

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN

    def is_silent(self, now: datetime) -> bool:
        """Whether it is open, and nobody works on it any more, or ever has."""
        return self.is_open and now - self.heard_at > self.SILENCE


class ProjectionDifference(models.Model):
    """What Redis held otherwise than Postgres when a scope was last compared by hand.

    A scope's rows go with its next comparison, also with that of the reconciliation.
    """

    class Kind(models.TextChoices):
        MISSING = "missing", "Missing"
        ALTERED = "altered", "Altered"
        CONTENT = "content", "Other content"
        UNLISTED = "unlisted", "Unlisted"
        SURPLUS = "surplus", "Surplus"
        ACTIVE = "active", "Active set"
        META = "meta", "Meta"
        ORPHAN = "orphan", "Orphan"
        AHEAD = "ahead", "Redis is ahead"
        DIVERGED = "diverged", "Another history"

    scope = models.CharField(max_length=36)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    document = models.CharField(max_length=80, blank=True, help_text="Empty: the whole scope.")
    found_at = models.DateTimeField()

    class Meta:
        ordering = ["scope", "kind", "document"]
        verbose_name = "difference"
        verbose_name_plural = "drift"
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "kind", "document"], name="projection_difference_once"
            ),
        ]
        indexes = [models.Index(fields=["kind"], name="projection_difference_by_kind")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.document or self.scope}"
