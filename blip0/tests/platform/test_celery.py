"""Whatever process Django runs in, Celery is ours."""

from __future__ import annotations

from celery import current_app, signals
from django.conf import settings

from blip0.common.tenancy import current_schema, in_tenant
from tenants.models import Tenant


def test_current_app__in_any_process__is_ours_with_its_broker() -> None:
    assert current_app.main == "blip0"
    assert current_app.conf.broker_url == settings.CELERY_BROKER_URL


def test_logging__of_celery__is_left_to_django() -> None:
    assert signals.setup_logging.receivers


def test_task__before_and_after__is_in_no_tenant(acme: Tenant) -> None:
    for signal in (signals.task_prerun, signals.task_postrun):
        with in_tenant(acme.pk):
            signal.send(sender=None)

            assert current_schema() == "public"


def test_schedule__every_task__is_one_that_a_worker_knows() -> None:
    current_app.loader.import_default_modules()

    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert scheduled - set(current_app.tasks) == set()
