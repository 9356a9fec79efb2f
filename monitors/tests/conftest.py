"""A monitor to change."""

import pytest

from monitors.services import monitor_create
from monitors.tests.factories import make_monitor_document
from monitors.tests.support import ANA, as_stored
from triggers.tests.factories import TriggerFactory


@pytest.fixture
def monitor(in_acme):
    TriggerFactory.create(slug="on-call")
    TriggerFactory.create(slug="archive")
    document = make_monitor_document(triggers=["on-call"], networks=["ethereum_mainnet", "base"])
    return as_stored(monitor_create(tenant=in_acme, data=document, actor=ANA))
