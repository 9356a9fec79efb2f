"""Celery: tasks take a tenant's id explicitly; a worker keeps none between tasks."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, task_postrun, task_prerun
from django.db import connection
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "blip0.settings")

app = Celery("blip0")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect
def _keep_djangos_logging(**_kwargs: Any) -> None:
    """Django's LOGGING stands: without a receiver Celery would put its own handlers on top."""


@task_prerun.connect
@task_postrun.connect
def _leave_tenant(**_kwargs: Any) -> None:
    """A worker keeps its connection: a task must not run in the tenant of the one before."""
    connection.set_schema_to_public()
