"""Filters on monitors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from monitors.choices import MonitorState

if TYPE_CHECKING:
    from monitors.models import Monitor


class MonitorQuerySet(models.QuerySet["Monitor"]):
    def live(self) -> MonitorQuerySet:
        """Monitors that aren't deleted."""
        return self.filter(deleted_at__isnull=True)

    def running(self) -> MonitorQuerySet:
        """Live monitors that are neither paused nor snoozed."""
        return self.live().filter(paused=False, snoozed_until__isnull=True)

    def in_state(self, state: MonitorState) -> MonitorQuerySet:
        """Live monitors that are paused; or else snoozed; or neither."""
        if state == MonitorState.PAUSED:
            return self.live().filter(paused=True)
        if state == MonitorState.SNOOZED:
            return self.live().filter(paused=False, snoozed_until__isnull=False)
        return self.running()
