"""What the platform does around Celery's tasks and logging."""

from __future__ import annotations

from typing import Any

from celery.signals import beat_init, setup_logging, task_postrun, task_prerun, worker_ready

from blip0.common.scraping import serve_metrics
from blip0.common.tenancy import leave_tenant


@setup_logging.connect
def _keep_djangos_logging(**_kwargs: Any) -> None:
    """Django's LOGGING stands: without a receiver Celery would put its own handlers on top."""


@task_prerun.connect
@task_postrun.connect
def _leave_tenant(**_kwargs: Any) -> None:
    """A worker keeps its connection: a task must not run in the tenant of the one before."""
    leave_tenant()


@worker_ready.connect
@beat_init.connect
def _serve_metrics(**_kwargs: Any) -> None:
    """Once the worker's pool is forked: none of its processes inherits the port."""
    serve_metrics()
