"""Monitor templates: what a tenant may start from."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models

from blip0.common.models import StampedModel
from blip0.common.slugs import OBJECT_SLUG
from platform_catalog.choices import NetworkType


class MonitorTemplate(StampedModel):
    """A monitor without networks, addresses and triggers, which the tenant adds.

    `document` is what the API takes for a new monitor; `network_types` says where it makes sense.
    """

    slug = models.CharField(
        max_length=63, primary_key=True, validators=[RegexValidator(OBJECT_SLUG)]
    )
    name = models.CharField(max_length=200, unique=True)
    description = models.TextField(blank=True)
    network_types = ArrayField(models.CharField(max_length=10, choices=NetworkType.choices))
    document = models.JSONField()
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(slug__regex=OBJECT_SLUG), name="monitor_template_slug"
            ),
        ]

    def __str__(self) -> str:
        return self.slug
