"""Sign-ins: what access and refresh tokens stand on."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from blip0.common.models import UuidModel
from tenants.choices import FamilyEnd
from tenants.models.tenant import Tenant
from tenants.models.user import User
from tenants.querysets import WatchedQuerySet


class TokenFamily(UuidModel):
    """One sign-in of a user in a tenant, and the tokens that came of it; its id is their `sid`.

    Of the refresh tokens only the newest is good. `fingerprint` is of the password
    that it was given for; it is over once that differs from the user's.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="token_families")
    viewer = models.ForeignKey(
        User,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        editable=False,
        help_text="Staff who see the API as the user does, and change nothing.",
    )
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="token_families")
    fingerprint = models.CharField(max_length=16, editable=False)
    current_jti = models.CharField(max_length=32, editable=False)
    previous_jti = models.CharField(max_length=32, blank=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    rotated_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField(editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)
    end_reason = models.CharField(
        max_length=12, choices=FamilyEnd.choices, blank=True, editable=False
    )

    objects: ClassVar[models.Manager[Any]] = WatchedQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "token families"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, end_reason="")
                | models.Q(ended_at__isnull=False, end_reason__in=FamilyEnd.values),
                name="token_family_end",
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="token_family_by_expiry")]

    def __str__(self) -> str:
        return f"{self.user} in {self.tenant} since {self.created_at:%Y-%m-%d %H:%M}"
