"""Findings of what is saved: kept with the save, and found anew when the world moves."""

from __future__ import annotations

import threading
import time
from io import StringIO
from uuid import UUID

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection, connections

from blip0.common.tenancy import current_schema, in_tenant
from blip0.common.validation import Finding
from blip0.common.validation.stored import findings_replace, stored_findings
from monitors import receivers
from monitors.models import Finding as FindingRow
from monitors.models import Monitor
from monitors.services import (
    findings_recheck,
    findings_recheck_due,
    monitor_clone,
    monitor_create,
    monitor_delete,
)
from monitors.services import recheck as recheck_module
from monitors.tasks import recheck_findings
from monitors.tests.factories import make_monitor_document
from monitors.tests.support import ANA, update
from platform_catalog.models import Network
from platform_catalog.services.networks import network_disable, network_enable
from tenants.models import ConfigVersion, LimitOverride, Plan
from tenants.services.settings import plan_update
from tenants.services.system_settings import setting_update
from triggers.models import SlackConfig
from triggers.services import trigger_create, trigger_update
from triggers.tests.factories import document as trigger_document

ID = UUID("5d1a8f6e-0000-4000-8000-000000000000")


def a_finding(**changes):
    values = {
        "level": "warning",
        "code": "monitor.example",
        "pointer": "/name",
        "message": "An example.",
        "source": "policy",
        "stage": "policy",
    }
    return Finding(**{**values, **changes})


def make(tenant, slug="watch", **changes):
    document = make_monitor_document(name=slug, slug=slug, **changes)
    return monitor_create(tenant=tenant, data=document, actor=ANA)


def codes(subject):
    return {f.code for f in stored_findings(subject._meta.model_name, subject.pk)}


def disable(slug="ethereum_mainnet"):
    network_disable(network=Network.objects.get(pk=slug), actor=ANA)


def allow(*targets):
    setting_update(key="allowed_targets", value=list(targets), actor=ANA)


def _make_inside(tenant):
    with in_tenant(tenant.pk):
        make(tenant)


# The store


def test_replace__same_findings_in_another_order__writes_nothing(in_acme, count_queries):
    first, second = a_finding(), a_finding(level="error", source="runtime", stage="validate")
    assert findings_replace("monitor", {ID: (first, second, first)}) == 1
    rows = list(FindingRow.objects.values())

    with count_queries() as log:
        assert findings_replace("monitor", {ID: (second, first)}) == 0

    assert len(log) == 1
    assert list(FindingRow.objects.values()) == rows
    assert stored_findings("monitor", ID) == (second, first), "errors first"


def test_replace__one_of_two_goes__the_other_keeps_its_row(in_acme):
    stays, goes = a_finding(), a_finding(code="monitor.other")
    findings_replace("monitor", {ID: (stays, goes)})
    row = FindingRow.objects.get(code=stays.code)

    findings_replace("monitor", {ID: (a_finding(code="monitor.new"), stays)})

    assert FindingRow.objects.get(code=stays.code).pk == row.pk
    assert {f.code for f in stored_findings("monitor", ID)} == {"monitor.example", "monitor.new"}


def test_replace__what_the_table_cannot_hold__is_made_to_fit(in_acme):
    long = "/a" + "/x" * 200 + "/nul\0"
    findings_replace("trigger", {ID: (a_finding(pointer=long, message="a\0b"),)})

    (kept,) = stored_findings("trigger", ID)

    assert len(kept.pointer) <= 300
    assert long.startswith(kept.pointer + "/")
    assert "\0" not in kept.message
    assert findings_replace("trigger", {ID: (a_finding(pointer=long, message="a\0b"),)}) == 0


def test_replace__monitor_and_trigger_of_one_id__are_two(in_acme):
    findings_replace("monitor", {ID: (a_finding(),)})

    assert stored_findings("trigger", ID) == ()


# With a save


def test_save__monitor_without_a_spec__is_kept_with_what_is_said(in_acme):
    disable("base")
    monitor = make(in_acme)

    assert "network.disabled" not in codes(monitor)
    findings_replace("monitor", {monitor.pk: (a_finding(),)})
    update(monitor, {"description": "New"})
    assert "monitor.example" not in codes(monitor)


def test_save__what_was_allowed_before__is_saved_and_said(in_acme):
    monitor = make(in_acme)
    disable()
    LimitOverride.objects.create(tenant=in_acme, limit="conditions_per_monitor", value=1, reason="")

    update(monitor, {"description": "New"})

    assert {"network.disabled", "plan.conditions"} <= codes(monitor)


def test_save__clone_and_delete__have_their_own(in_acme):
    monitor = make(in_acme)
    findings_replace("monitor", {monitor.pk: (a_finding(),)})

    clone = monitor_clone(monitor=monitor, name="Clone", actor=ANA)
    assert "monitor.example" not in codes(clone)
    monitor_delete(monitor=monitor, actor=ANA)
    assert codes(monitor) == set()


def test_save__findings_differ__no_version_moves(committed, acme):
    with in_tenant(acme.pk):
        monitor = make(acme)
        versions = list(ConfigVersion.objects.order_by("scope").values())
        findings_replace("monitor", {monitor.pk: (a_finding(),)})

    assert list(ConfigVersion.objects.order_by("scope").values()) == versions


# When the world moves


def test_recheck__network_disabled_and_enabled__comes_and_goes(in_acme):
    monitor, other = make(in_acme), make(in_acme, "other", networks=["base"])
    disable()

    assert findings_recheck() == 1
    assert "network.disabled" in codes(monitor)
    assert "network.disabled" not in codes(other)
    assert findings_recheck() == 0

    network_enable(network=Network.objects.get(pk="ethereum_mainnet"), actor=ANA)
    assert findings_recheck(monitors=[other.pk], triggers=()) == 0
    assert findings_recheck(monitors=[monitor.pk], triggers=()) == 1
    assert "network.disabled" not in codes(monitor)


def test_recheck__many_monitors__queries_do_not_grow(in_acme, count_queries, monkeypatch):
    counts = []
    for wanted in (2, 12):
        for number in range(Monitor.objects.count(), wanted):
            make(in_acme, f"m{number}")
        with count_queries() as log:
            findings_recheck(triggers=())
        counts.append(len(log))

    assert counts[0] == counts[1]
    monkeypatch.setattr(recheck_module, "BATCH", 5)
    disable()
    assert findings_recheck() == 12


def test_recheck__trigger_whose_secret_cannot_be_opened__says_so(in_acme):
    trigger = trigger_create(tenant=in_acme, data=trigger_document("slack"), actor=ANA)
    sealed = SlackConfig.objects.get(pk=trigger.pk).slack_url
    SlackConfig.objects.filter(pk=trigger.pk).update(slack_url=sealed[:-8] + "AAAAAAA=")

    assert findings_recheck() == 1
    assert codes(trigger) == {"secret.unreadable"}


def test_recheck__trigger_changed__monitors_that_name_it_are_checked_on_commit(committed, acme):
    with in_tenant(acme.pk):
        trigger = trigger_create(tenant=acme, data=trigger_document("slack", slug="ops"), actor=ANA)
        named, other = make(acme, triggers=["ops"]), make(acme, "other")
        for monitor in (named, other):
            findings_replace("monitor", {monitor.pk: (a_finding(),)})

        trigger_update(trigger=trigger, data={"name": "New"}, actor=ANA)

        assert "monitor.example" not in codes(named)
        assert "monitor.example" in codes(other)
        assert current_schema() == acme.schema_name


def test_recheck__trigger_of_many_monitors_changed__is_left_to_the_beat(
    committed, acme, monkeypatch
):
    monkeypatch.setattr(receivers, "AT_ONCE", 1)
    with in_tenant(acme.pk):
        trigger = trigger_create(tenant=acme, data=trigger_document("slack", slug="ops"), actor=ANA)
        monitors = [make(acme, slug, triggers=["ops"]) for slug in ("a", "b")]
        findings_replace("monitor", {monitor.pk: (a_finding(),) for monitor in monitors})

        trigger_update(trigger=trigger, data={"name": "New"}, actor=ANA)
        assert all("monitor.example" in codes(monitor) for monitor in monitors)

    recheck_findings()
    with in_tenant(acme.pk):
        assert not any("monitor.example" in codes(monitor) for monitor in monitors)


def test_recheck_due__nothing_changed__looks_at_nobody(committed, acme, globex):
    assert set(findings_recheck_due()) == {acme.pk, globex.pk}

    assert findings_recheck_due() == {}
    assert current_schema() == "public"


@pytest.mark.parametrize(
    ("change", "whom"),
    [
        pytest.param(lambda _acme: disable("base"), {"acme", "globex"}, id="network"),
        pytest.param(
            lambda _acme: plan_update(
                plan=Plan.objects.get(slug="pro"), data={"conditions_per_monitor": 1}, actor=ANA
            ),
            {"acme", "globex"},
            id="plan",
        ),
        pytest.param(
            lambda acme: LimitOverride.objects.create(
                tenant=acme, limit="monitors", value=1, reason=""
            ),
            {"acme"},
            id="override",
        ),
        pytest.param(_make_inside, {"acme"}, id="monitor"),
        pytest.param(lambda _acme: allow("hooks.internal"), {"acme", "globex"}, id="setting"),
        pytest.param(lambda _acme: cache.clear(), {"acme", "globex"}, id="forgotten"),
    ],
)
def test_recheck_due__something_changed__looks_at_those_it_may_concern(
    committed, acme, globex, change, whom
):
    findings_recheck_due()

    change(acme)

    slugs = {acme.pk: "acme", globex.pk: "globex"}
    assert {slugs[pk] for pk in findings_recheck_due()} == whom


def test_recheck__lowered_plan__is_said_by_the_beat(committed, acme):
    with in_tenant(acme.pk):
        monitor = make(acme)
    findings_recheck_due()
    plan_update(plan=acme.plan, data={"conditions_per_monitor": 1}, actor=ANA)

    assert findings_recheck_due()[acme.pk] == 1

    with in_tenant(acme.pk):
        assert "plan.conditions" in codes(monitor)


def test_recheck__target_no_longer_allowed__is_said_by_the_beat_and_goes_again(committed, acme):
    allow("hooks.internal")
    data = trigger_document("webhook")
    data["config"]["url"]["value"] = "https://hooks.internal/in"
    with in_tenant(acme.pk):
        trigger = trigger_create(tenant=acme, data=data, actor=ANA)
    findings_recheck_due()

    for targets, said in (((), True), (("hooks.internal",), False)):
        allow(*targets)
        assert findings_recheck_due()[acme.pk] == 1
        with in_tenant(acme.pk):
            assert ("trigger.target" in codes(trigger)) == said


def test_recheck__many_triggers__queries_do_not_grow(in_acme, count_queries):
    counts = []
    for more in (2, 10):
        for number in range(more):
            data = trigger_document("webhook", name=f"{number} of {more}")
            trigger_create(tenant=in_acme, data=data, actor=ANA)
        with count_queries() as log:
            findings_recheck(monitors=())
        counts.append(len(log))

    assert counts[0] == counts[1]


def test_replace__two_at_the_same_time__leave_each_finding_once(committed, acme):
    """The second one waits for the first, and then looks again."""
    with in_tenant(acme.pk):
        connection.set_autocommit(False)
        try:
            findings_replace("monitor", {ID: (a_finding(),)})
            waiting = _in_a_thread(acme)
            connection.commit()
        finally:
            connection.set_autocommit(True)
        assert waiting() == 0
        assert FindingRow.objects.count() == 1


def _in_a_thread(tenant):
    """Start the same change elsewhere; gives what waits for its outcome."""
    outcome = []

    def work():
        try:
            with in_tenant(tenant.pk):
                outcome.append(findings_replace("monitor", {ID: (a_finding(),)}))
        finally:
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.3)
    assert not outcome, "it waits"

    def wait():
        thread.join()
        return outcome[0]

    return wait


def test_command__one_tenant_or_all__says_how_many(committed, acme, globex):
    _make_inside(acme)
    disable()
    output = StringIO()

    call_command("findings_recheck", "--tenant", "acme", stdout=output)
    call_command("findings_recheck", stdout=output)

    assert output.getvalue().splitlines() == [
        "acme: the findings of 1 objects changed",
        "acme: the findings of 0 objects changed",
        "globex: the findings of 0 objects changed",
    ]
    with pytest.raises(CommandError, match="nobody"):
        call_command("findings_recheck", "--tenant", "nobody")
