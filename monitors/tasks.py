"""What the beat does for monitors."""

from __future__ import annotations

from datetime import datetime

import structlog
from celery import shared_task
from django.db import DatabaseError, connection
from django.utils import timezone

from blip0.common.tenancy import in_tenant
from monitors.selectors import tenants_with_ended_snoozes
from monitors.services import findings_recheck_due, snoozes_end, spec_conflicts_look
from platform_catalog.models import SpecConflictLook

logger = structlog.get_logger(__name__)


@shared_task
def end_snoozes() -> None:
    """End every tenant's snoozes whose time has come. Asks only tenants that have one."""
    now = timezone.now()
    for tenant_id in tenants_with_ended_snoozes(now):
        try:
            with in_tenant(tenant_id):
                snoozes_end(now=now)
        except DatabaseError:  # one tenant's trouble doesn't keep the others asleep
            logger.exception("snoozes.end_failed", tenant_id=str(tenant_id))


@shared_task
def recheck_findings() -> None:
    """Check objects anew whose findings rest on something that has changed."""
    for tenant_id, differing in findings_recheck_due().items():
        if differing:
            logger.info("findings.changed", tenant_id=str(tenant_id), objects=differing)


@shared_task(time_limit=600)
def look_for_spec_conflicts(asked: str = "") -> None:
    """Every ten minutes by beat, and when staff ask: at `asked`, in ISO 8601.

    One look is for all who asked before it began.
    """
    since = datetime.fromisoformat(asked) if asked else None
    try:
        if since is None or not SpecConflictLook.objects.filter(looked_at__gte=since).exists():
            spec_conflicts_look(now=timezone.now())
    finally:
        # It was in all schemas, and a session keeps what it learnt of them.
        connection.close()
