"""Answers to requests with an `Idempotency-Key`."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from tenants.models.tenant import Tenant


class KeptAnswer(models.Model):
    """What a request was answered, for a day: whoever sends it again gets this instead.

    `id` is a hash of tenant, principal, method, path and key. Written in the request's own
    transaction, so that it is there exactly if its effect is. Secrets that are shown once are null
    in it.
    """

    id = models.CharField(max_length=64, primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    fingerprint = models.CharField(max_length=64, help_text="Of the request's payload.")
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField()
    body = models.TextField(blank=True, help_text="JSON; empty where there was none.")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                # A refused request had no effect, and may be tried again.
                condition=models.Q(status__gte=200, status__lt=300),
                name="kept_answer_success",
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="kept_answer_by_age")]

    def __str__(self) -> str:
        return f"{self.status} at {self.created_at:%Y-%m-%d %H:%M}"
