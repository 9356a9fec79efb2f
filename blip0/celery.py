"""Celery: tasks take a tenant's id explicitly; a worker keeps none between tasks."""

import os
from typing import Any, Final

from celery import Celery
from celery.signals import worker_process_init
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "blip0.settings")

app = Celery("blip0")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)

NICENESS: Final = 10
"""Where processors are shared, those who wait for an answer come first."""


@worker_process_init.connect
def _yield_to_requests(**_: Any) -> None:
    os.nice(NICENESS)
