"""A monitor's page tells how far its last change has come."""

from __future__ import annotations

import re
import socket
import time

import pytest
from django.conf import settings
from django.test import override_settings
from django.urls import reverse
from django.utils.html import strip_tags

from blip0.common.actors import Actor
from blip0.common.tenancy import in_tenant
from cachesync.keys import Scope
from cachesync.reader import Follower, connect
from cachesync.services.reconcile import reconcile
from cachesync.store import Store
from monitors.services import monitor_create, monitor_pause
from monitors.tests.factories import make_monitor_document

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def monitor(acme):
    with in_tenant(acme.pk):
        return monitor_create(
            tenant=acme, data=make_monitor_document(), actor=Actor.system("tests")
        )


def shown(client, monitor):
    page = client.get(reverse("admin:monitors_monitor_change", args=[monitor.pk]))
    assert page.status_code == 200
    html = page.content.decode()
    block = html[html.index("Last change") : html.index("What validation says")]
    return " ".join(strip_tags(re.sub(r"</(div|li|p|span)>", " ", block)).split()), html


def test_monitor_page__a_change_on_its_way__saved_applied_acknowledged(acme, monitor, inside):
    text, _ = shown(inside, monitor)
    assert re.search(r"✔ saved, version \d+ → … not in Redis yet", text)

    reconcile(store=Store())
    text, _ = shown(inside, monitor)
    assert re.search(r"✔ saved, version \d+ → ✔ applied, 20.* → … no runtime is there", text)
    assert re.search(r"Active, version \d+, [\d,]+ bytes", text)

    one = Follower(connect(settings.REDIS_PROJECTION_URL), instance="one")
    one.start()
    one.acknowledge()
    assert "→ ✔ acknowledged by 1 of 1 runtime" in shown(inside, monitor)[0]
    with in_tenant(acme.pk):
        monitor_pause(monitor=monitor, actor=Actor.system("tests"))
    reconcile(store=Store())
    text, _ = shown(inside, monitor)
    assert "→ … acknowledged by 0 of 1 runtime" in text
    assert " Paused, version" in text


def test_monitor_page__refused__by_whom_and_why_and_escaped(
    acme, monitor, inside, projection_redis
):
    reconcile(store=Store())
    projection_redis.zadd("runtime:instances", {"<b>one</b>": time.time()})
    reason = f"NACK 1:999 {monitor.pk}: <script>alert(1)</script>"
    projection_redis.hset("runtime:<b>one</b>:ack", Scope(str(acme.pk)).id, reason)

    text, html = shown(inside, monitor)

    assert "→ ✖ acknowledged by 0 of 1 runtime" in text
    assert "<script>alert" not in html
    assert "<b>one" not in html
    assert "&lt;b&gt;one&lt;/b&gt;</strong> goes on with what it had: &lt;script&gt;" in html


def test_monitor_page__redis_away__unknown_and_no_error(monitor, inside, in_haste):
    reconcile(store=Store())
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"redis://127.0.0.1:{deaf.getsockname()[1]}/0"
        with override_settings(REDIS_PROJECTION_URL=url):
            started = time.monotonic()
            text, _ = shown(inside, monitor)
            assert time.monotonic() - started < settings.PROJECTION_TIMEOUT_S
    assert "✔ saved → ? not known: Redis doesn't answer" in text.replace("&#x27;", "'")
