import pytest
from django.db import connection, transaction

from monitors.models import Monitor
from tenants.models import ConfigChange, ConfigVersion


def test_ground__monitor_committed__version_bumped_once(committed, in_acme):
    before = ConfigVersion.objects.get(scope=str(in_acme.pk)).version
    with transaction.atomic():
        a = Monitor.objects.create(slug="a", name="A")
        Monitor.objects.create(slug="b", name="B")
        Monitor.objects.filter(slug="a").update(paused=True)
    after = ConfigVersion.objects.get(scope=str(in_acme.pk)).version
    assert after == before + 1
    assert ConfigChange.objects.filter(scope=str(in_acme.pk), version=after).count() == 2


def test_ground__rolled_back__nothing_left(in_acme):
    assert Monitor.objects.count() == 0
    Monitor.objects.create(slug="a", name="A")


def test_ground__rolled_back__nothing_left_again(in_acme):
    assert Monitor.objects.count() == 0
    Monitor.objects.create(slug="a", name="A")
