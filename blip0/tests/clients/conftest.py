from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from blip0.testing.api import ana
from blip0.testing.gunicorn import gunicorn
from monitors.tests.factories import make_monitor_document
from tenants.models import AuditRecord, Tenant

DONE = ["monitor.created", "monitor.updated", "monitor.deleted"]


@pytest.fixture
def server(write_through: None, acme: Tenant, tmp_path: Path) -> Iterator[str]:
    """A running server; Acme has the monitor `watched`. A journey leaves its records only."""
    ana().post("/api/v1/monitors", make_monitor_document(slug="watched"))
    last = AuditRecord.objects.latest("pk").pk
    with gunicorn(tmp_path) as url:
        yield url
    done = AuditRecord.objects.filter(pk__gt=last, object_kind="monitor").order_by("pk")
    assert list(done.values_list("action", flat=True)) == DONE
