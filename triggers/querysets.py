"""Filters on triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from triggers.models import Trigger


class TriggerQuerySet(models.QuerySet["Trigger"]):
    def live(self) -> TriggerQuerySet:
        """Triggers that aren't deleted."""
        return self.filter(deleted_at__isnull=True)

    def enabled(self) -> TriggerQuerySet:
        return self.live().filter(enabled=True)
