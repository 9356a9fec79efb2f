"""What the database refuses, whoever writes."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from monitors.models import Monitor
from tenants.models import Tenant


@pytest.mark.parametrize(("amount", "window"), [(3, None), (None, 60), (0, 60), (3, 0)])
def test_monitor__half_a_threshold__refused(in_acme, amount, window):
    with pytest.raises(IntegrityError, match="monitor_threshold"):
        Monitor.objects.create(
            slug="m", name="M", threshold_amount=amount, threshold_window_s=window
        )


@pytest.mark.parametrize(("amount", "window"), [(3, None), (None, 60), (0, 60), (3, 0)])
def test_tenant__half_a_threshold__refused(acme, amount, window):
    with pytest.raises(IntegrityError, match="tenant_alert_threshold"):
        Tenant.objects.filter(pk=acme.pk).update(
            alert_threshold_amount=amount, alert_threshold_window_s=window
        )
