"""What the platform does around Celery's tasks, logging, and a process' first connection."""

from __future__ import annotations

from typing import Any

from celery.signals import beat_init, setup_logging, task_postrun, task_prerun, worker_ready
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import receiver

from blip0.common.db.pooling import require_own_session
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


@receiver(connection_created)
def _own_session(connection: BaseDatabaseWrapper, **_kwargs: Any) -> None:
    """Once a process, before its first query: no pooler may share its sessions."""
    connection_created.disconnect(_own_session)
    try:
        require_own_session(connection.connection, connection.get_connection_params())
    except ImproperlyConfigured:
        connection_created.connect(_own_session)
        connection.close()
        raise


@worker_ready.connect
@beat_init.connect
def _serve_metrics(**_kwargs: Any) -> None:
    """Once the worker's pool is forked: none of its processes inherits the port."""
    serve_metrics()
