"""Abstract bases of the models."""

from __future__ import annotations

import uuid

from django.db import models


class UuidModel(models.Model):
    """A random UUID as primary key: safe to show, and no hint of how many rows there are."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True


class StampedModel(models.Model):
    """When a row came to be and when a service last changed it."""

    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    class Meta:
        abstract = True
