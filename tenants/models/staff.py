"""How staff prove who they are, and where they are signed in."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from blip0.common.db.fields import SealedTextField, sealed_check
from blip0.common.models import UuidModel
from tenants.choices import SessionEnd
from tenants.models.user import User


class TwoFactor(models.Model):
    """A person's second factor: an authenticator app, and codes for when it is lost.

    `secret` is sealed. `last_step` is the 30-second step of the newest code that was taken: that
    one and older ones are refused. A recovery code is good while its hash is in the list.
    """

    user = models.OneToOneField(
        User, primary_key=True, on_delete=models.CASCADE, related_name="two_factor"
    )
    secret = SealedTextField()
    last_step = models.BigIntegerField(editable=False)
    recovery_hashes = ArrayField(models.CharField(max_length=64), editable=False)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name_plural = "two-factor sign-ins"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            sealed_check("secret", name="two_factor_sealed"),
        ]

    def __str__(self) -> str:
        return f"Two-factor sign-in of {self.user}"


class StaffSession(UuidModel):
    """A sign-in to the back office. The browser's session holds its id; it counts while this does.

    Django's session key, which is a credential, isn't here. `last_seen_at` is written once a
    minute at most.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="staff_sessions")
    began_at = models.DateTimeField(editable=False)
    last_seen_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField(editable=False)
    address = models.CharField(max_length=45, blank=True, editable=False)
    user_agent = models.CharField(max_length=300, blank=True, editable=False)
    two_factor = models.BooleanField("two-factor", editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)
    end_reason = models.CharField(
        max_length=12, choices=SessionEnd.choices, blank=True, editable=False
    )

    class Meta:
        ordering = ["-began_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, end_reason="")
                | models.Q(ended_at__isnull=False, end_reason__in=SessionEnd.values),
                name="staff_session_end",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-began_at"], name="staff_session_by_user"),
            models.Index(fields=["expires_at"], name="staff_session_by_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.user} since {self.began_at:%Y-%m-%d %H:%M}"
