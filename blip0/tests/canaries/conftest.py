"""Acme and Globex, each full of its own canaries, with real commits and the projection at work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from celery import current_app

from blip0.tests.canaries.planting import Planted, plant
from tenants.models import SystemSetting, Tenant
from triggers.tests.receivers import web


class Both(NamedTuple):
    acme: Planted
    globex: Planted


@pytest.fixture
def both(write_through: None, acme: Tenant, globex: Tenant) -> Iterator[Both]:
    current_app.control.purge()  # what an earlier test left is about rows that are gone
    SystemSetting.objects.create(key="allowed_targets", value=["127.0.0.1"])
    with web() as receiver, web() as other:
        planted = Both(
            plant(acme, "wvkcanary", "192.0.2.1", receiver),
            plant(globex, "zqxcanary", "198.51.100.1", other),
        )
        for side in planted:
            side.marks.read(side.tenant)
        # Words of the platform's are nobody's mark, however long.
        shared = planted.acme.marks.values & planted.globex.marks.values
        for side in planted:
            side.marks.values -= shared
        yield planted
