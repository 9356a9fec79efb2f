"""Configuration versions: what the projection compares Redis with.

Written by SQL functions only (migration `versioning`), from deferred triggers on every projected
table. No code adds one: it would lie about what was committed.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

PLATFORM_SCOPE = "platform"
ALL_OBJECTS = "*"
"""`ConfigChange.object_id` where the whole scope must be rendered again."""


class ConfigVersion(models.Model):
    """The version of one scope: a tenant's id as text, or `platform`.

    `token` is drawn at random with each bump: after a restore, an equal version with another
    token is another history. `epoch` grows when an operator declares the old history void.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        SUSPENDED = "suspended", "Suspended"
        DELETED = "deleted", "Deleted"

    scope = models.CharField(max_length=36, primary_key=True)
    version = models.BigIntegerField()
    epoch = models.BigIntegerField(default=1)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACTIVE)
    token = models.UUIDField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["scope"]
        constraints = [
            models.CheckConstraint(
                # Redis scripts compute with doubles: 2^53 is where they lose count.
                condition=models.Q(version__gte=1, version__lt=2**53, epoch__gte=1),
                name="config_version_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} at {self.version}"


class ConfigChange(models.Model):
    """An object that changed at a version of a scope: what to render, after Redis' version.

    `token` is the version's own: where Redis holds another for the same number, its history is
    not this database's. Kept for an hour, and as long as the version is the scope's latest.
    """

    id = models.BigAutoField(primary_key=True)
    scope = models.CharField(max_length=36)
    version = models.BigIntegerField()
    token = models.UUIDField()
    kind = models.CharField(max_length=20)
    object_id = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["scope", "version", "kind", "object_id"], name="config_change_once"
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="config_change_by_age")]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id} at version {self.version}"
