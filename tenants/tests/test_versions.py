"""The log of changes stays short, and long enough."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from tenants.models import ConfigChange
from tenants.services.versions import KEPT, configchanges_prune

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    ConfigChange.objects.all().delete()
    return timezone.now()


def record(scope: str, version: int, at: datetime, *objects: str) -> None:
    for name in objects:
        ConfigChange.objects.create(
            scope=scope,
            version=version,
            token=uuid.uuid4(),
            kind="monitor",
            object_id=name,
            created_at=at,
        )


def kept() -> list[tuple[str, int, str]]:
    rows = ConfigChange.objects.order_by("scope", "version", "object_id")
    return list(rows.values_list("scope", "version", "object_id"))


def test_configchanges_prune__older_than_kept__goes_but_the_newest_of_each_scope(now):
    old, young = now - KEPT - timedelta(seconds=1), now - KEPT + timedelta(seconds=1)
    record("busy", 1, old, "a")
    record("busy", 2, old, "a", "b")
    record("busy", 3, young, "c")
    record("quiet", 7, now - timedelta(days=9), "a", "b")
    record("new", 1, young, "a")

    assert configchanges_prune(now=now) == 1

    # Redis may hold busy at 2: then 3 alone is rendered.
    assert kept() == [
        ("busy", 2, "a"),
        ("busy", 2, "b"),
        ("busy", 3, "c"),
        ("new", 1, "a"),
        ("quiet", 7, "a"),
        ("quiet", 7, "b"),
    ]
    assert configchanges_prune(now=now) == 0
