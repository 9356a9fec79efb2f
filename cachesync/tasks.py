"""Celery's part of the projection."""

from __future__ import annotations

from celery import shared_task
from django.db import connection
from django.utils import timezone

from cachesync.models import ProjectionRun
from cachesync.services.reconcile import RECONCILE_LOCK
from cachesync.services.reconcile import reconcile as reconcile_all
from cachesync.services.runs import run_complete
from cachesync.services.samples import sample_take
from cachesync.services.sweep import only_one
from cachesync.store import Store


@shared_task(name="cachesync.tasks.reconcile", time_limit=120)
def reconcile() -> None:
    """Every 30 s by beat. A second one at the same time does nothing."""
    with only_one(RECONCILE_LOCK) as alone:
        if alone:
            reconcile_all(store=Store())
    # It was in the schemas of a slice of all tenants, and a session keeps what it learnt of them.
    connection.close()


@shared_task
def sample() -> None:
    """Every minute by beat: the figures, for charts."""
    sample_take(store=Store(), now=timezone.now())


@shared_task(time_limit=3600)
def perform_run(run_id: int) -> None:
    """Do what staff asked for. A worker that dies leaves a row that falls silent."""
    try:
        run_complete(ProjectionRun.objects.get(pk=run_id), store=Store())
    finally:
        connection.close()  # as above
