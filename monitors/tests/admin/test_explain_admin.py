"""A monitor's page of explanation, and the playground: shown, tried, escaped, permitted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from blip0.common.admin.pages import ADMIN_PAGES
from blip0.common.tenancy import in_tenant
from blip0.testing.queries import count_queries
from monitors.expressions.kinds import Chain
from monitors.expressions.trying import MAX_VALUES_SIZE
from monitors.models import Monitor
from monitors.services import monitor_create
from monitors.tests.factories import (
    MatchConditionFactory,
    MatchFactory,
    MonitorAddressFactory,
    MonitorFactory,
    MonitorNetworkFactory,
    ScriptConditionFactory,
    make_monitor_document,
)
from monitors.tests.support import ANA
from tenants.models import AuditRecord, Tenant
from triggers.services import trigger_create
from triggers.tests.factories import document as trigger_document

PLAYGROUND = "/admin/pages/expression-playground/"
HOSTILE = "<script>alert(1)</script>"
TRANSFER = "Transfer(address,address,uint256)"
VALUES = "value: uint256 = 900\nto: address = 0xAb"


def _url(monitor: Monitor) -> str:
    return reverse("admin:monitors_monitor_explain", args=[monitor.pk])


def _made(tenant: Tenant, **changes: Any) -> Monitor:
    with in_tenant(tenant.pk):
        return monitor_create(tenant=tenant, data=make_monitor_document(**changes), actor=ANA)


def _watching(tenant: Tenant, expression: str | None) -> Monitor:
    event: dict[str, str] = {"signature": TRANSFER}
    if expression is not None:
        event["expression"] = expression
    return _made(tenant, match_conditions={"functions": [], "events": [event], "transactions": []})


def _text(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def dead(acme: Tenant) -> Monitor:
    """Paused, with an expression that can never be true."""
    monitor = _watching(acme, "value > 10 and to == 0xAb")
    with in_tenant(acme.pk):
        Monitor.objects.filter(pk=monitor.pk).update(paused=True)
    return monitor


# -- the page of a monitor -----------------------------------------------------------------------


def test_page__for_those_who_only_look__reasons_and_a_button(
    looking: Client, dead: Monitor
) -> None:
    assert f'href="{_url(dead)}"' in _text(
        looking, reverse("admin:monitors_monitor_change", args=[dead.pk])
    )

    page = _text(looking, _url(dead))

    told = "It doesn't fire. It is paused: resume it. None of its conditions can ever match."
    assert escape(told) in page
    assert "Never matches" in page
    assert escape('`to` (address) is the text "0xAb"') in page
    assert "expression.constant" in page
    assert "filters/even_blocks.sh" in page


def test_page__nothing_is_changed__by_looking_or_trying(looking: Client, dead: Monitor) -> None:
    before = AuditRecord.objects.count()

    looking.get(_url(dead))
    sent = {"chain": "EVM", "expression": "value > 5", "values": VALUES}
    assert looking.post(_url(dead), sent).status_code == 200

    assert AuditRecord.objects.count() == before


def test_page__triggers__linked_and_without_secrets(looking: Client, acme: Tenant) -> None:
    with in_tenant(acme.pk):
        data = {**trigger_document("slack"), "trigger_type": "slack", "name": "On call"}
        trigger = trigger_create(tenant=acme, data=data, actor=ANA)
    page = _text(looking, _url(_made(acme, triggers=["on-call"])))

    link = reverse("admin:triggers_trigger_change", args=[trigger.pk])
    assert f'href="{link}">on-call</a>' in page
    assert "hooks.slack.com" not in page


def test_page__last_match__told_and_linked(looking: Client, dead: Monitor, acme: Tenant) -> None:
    assert "It has never matched." in _text(looking, _url(dead))

    with in_tenant(acme.pk):
        for day in (1, 3, 2):
            MatchFactory.create(
                monitor_id=dead.pk, matched_at=datetime(2026, 1, day, 12, tzinfo=UTC)
            )
        MatchFactory.create(matched_at=datetime(2026, 1, 9, tzinfo=UTC))  # another one's
    page = _text(looking, _url(dead))

    assert "2026-01-03 12:00:00 UTC" in page
    url = f"{reverse('admin:monitors_match_changelist')}?q={dead.pk}"
    assert f'href="{url}"' in page
    assert "2026-01-03" in _text(looking, url)


def test_page__hostile_texts_everywhere__escaped(looking: Client, acme: Tenant) -> None:
    with in_tenant(acme.pk):
        monitor = MonitorFactory.create(
            name=HOSTILE, snoozed_until=datetime(2030, 1, 1, tzinfo=UTC), snooze_reason=HOSTILE
        )
        MonitorNetworkFactory.create(monitor=monitor)
        MonitorAddressFactory.create(monitor=monitor, address=HOSTILE)
        for number, expression in enumerate((f"a == '{HOSTILE}'", f"{HOSTILE} == 1")):
            MatchConditionFactory.create(
                monitor=monitor,
                position=number,
                signature=f"{HOSTILE}({number})",
                expression=expression,
            )
        ScriptConditionFactory.create(monitor=monitor, arguments=[HOSTILE])

    page = _text(looking, _url(monitor))

    assert HOSTILE not in page
    assert escape(HOSTILE) in page
    sent = {"chain": "EVM", "expression": f"a == '{HOSTILE}'", "values": f"a: string = {HOSTILE}"}
    answer = looking.post(_url(monitor), sent).content.decode()
    assert "It matches." in answer
    assert HOSTILE not in answer


def test_page__more_conditions_and_addresses__as_many_queries(
    looking: Client, acme: Tenant
) -> None:
    with in_tenant(acme.pk):
        monitor = MonitorFactory.create()
        MonitorNetworkFactory.create(monitor=monitor)

    def grow(numbers: range) -> None:
        with in_tenant(acme.pk):
            for number in numbers:
                address = f"0x{number:040x}"
                MonitorAddressFactory.create(monitor=monitor, position=number, address=address)
                MatchConditionFactory.create(
                    monitor=monitor, position=number, expression="value > 5"
                )

    counts = []
    for numbers in (range(1), range(1, 30)):
        grow(numbers)
        looking.get(_url(monitor))
        with count_queries() as log:
            looking.get(_url(monitor))
        counts.append(len(log))

    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("rights", "status"), [(("monitors.view_monitor",), 200), ((), 403)], ids=["view", "none"]
)
def test_page__right_to_view_monitors__is_what_it_takes(
    clerk: Callable[..., Client],
    enter: Callable[[Client], None],
    dead: Monitor,
    rights: tuple[str, ...],
    status: int,
) -> None:
    client = clerk("tenants.view_tenant", "tenants.enter_tenant", *rights)
    enter(client)

    assert client.get(_url(dead)).status_code == status
    assert client.post(_url(dead), {"chain": "EVM"}).status_code == status


def test_page__of_another_tenant_or_deleted__404(
    looking: Client, acme: Tenant, globex: Tenant
) -> None:
    foreign, gone = _made(globex), _made(acme)
    with in_tenant(acme.pk):
        Monitor.objects.filter(pk=gone.pk).update(deleted_at=gone.created_at)

    assert looking.get(_url(foreign)).status_code == 404
    assert looking.get(_url(gone)).status_code == 404


def test_page__outside_any_tenant__sent_to_the_tenants(staff: Client, dead: Monitor) -> None:
    response = staff.get(_url(dead))

    assert response["Location"] == reverse("admin:tenants_tenant_changelist")


# -- trying --------------------------------------------------------------------------------------


def test_try__begins_with_the_first_expression_and_its_names(
    looking: Client, dead: Monitor
) -> None:
    form = looking.get(_url(dead)).context["try"]

    assert form.initial["expression"] == "value > 10 and to == 0xAb"
    assert "value: uint256 = 1000000000" in form.initial["values"].split("\n")


def test_try__of_the_condition_in_the_url__begins_with_that_one(
    looking: Client, acme: Tenant
) -> None:
    monitor = _made(acme)  # a function, an event with an expression, a transaction

    form = looking.get(f"{_url(monitor)}?condition=functions/0&chain=EVM").context["try"]

    assert form.initial["expression"] == ""
    names = [line.partition(":")[0] for line in form.initial["values"].split("\n")]
    assert names == ["to", "value"]


@pytest.mark.parametrize("query", ["?condition=nothing/9&chain=X", "?chain=%00", "?condition="])
def test_try__of_a_condition_that_is_none__begins_with_the_first(
    looking: Client, dead: Monitor, query: str
) -> None:
    form = looking.get(f"{_url(dead)}{query}").context["try"]

    assert form.initial["expression"] == "value > 10 and to == 0xAb"


def test_try__of_a_monitor_without_conditions__is_empty(looking: Client, acme: Tenant) -> None:
    with in_tenant(acme.pk):
        monitor = MonitorFactory.create()

    assert looking.get(_url(monitor)).context["try"].initial == {}


def test_try__values__verdict_trace_and_what_was_skipped(looking: Client, dead: Monitor) -> None:
    sent = {"chain": "EVM", "expression": "value > 1000 and to == 0xAb", "values": VALUES}

    page = looking.post(_url(dead), sent).content.decode()

    assert "It does not match." in page
    assert escape("`value` is 900, which is not > 1000.") in page
    assert "Not looked at: what stands before it has decided." in page


def test_playground__mistake__pointed_out_and_nothing_lost(staff: Client) -> None:
    sent = {"chain": "EVM", "expression": "value > 1000 && to == 0xAb", "values": VALUES}

    response = staff.post(PLAYGROUND, sent)

    page = response.content.decode()
    assert escape("value > 1000 && to == 0xAb\n             ^^") in page
    form = response.context["try"]
    (error,) = form.errors["expression"]
    assert error.startswith("Column 14: expected `and`, `or` or the end, found `&&`")
    assert form["values"].value() == VALUES


@pytest.mark.parametrize(
    ("sent", "field", "says"),
    [
        ({"expression": ""}, "expression", "This field is required."),
        ({"expression": "a == 1" + " " * 5000}, "expression", "at most 4096 characters"),
        ({"expression": "é" * 3000}, "expression", "6000 bytes; 4096 are allowed"),
        ({"chain": "Bitcoin"}, "chain", "Bitcoin is not one of the available choices"),
        ({"values": "value = 5"}, "values", "Line 1: `value = 5` is no value; write"),
        ({"values": "x" * (MAX_VALUES_SIZE + 1)}, "values", "65536 are allowed"),
    ],
)
def test_playground__bad_input__error_at_its_field(
    staff: Client, sent: dict[str, str], field: str, says: str
) -> None:
    good = {"chain": "EVM", "expression": "value > 5", "values": VALUES}

    form = staff.post(PLAYGROUND, good | sent).context["try"]

    assert list(form.errors) == [field]
    assert says in form.errors[field][0]
    assert form.attempt is None


@pytest.mark.parametrize("chain", ["EVM", "Stellar", "Solana", "Midnight"])
def test_playground__as_it_begins__can_be_sent_and_matches(staff: Client, chain: Chain) -> None:
    begun = staff.get(f"{PLAYGROUND}?chain={chain}").context["try"].initial

    answer = staff.post(PLAYGROUND, begun).context["try"]

    assert begun["chain"] == chain
    assert answer.errors == {}
    assert answer.attempt.verdict.startswith("It matches")


def test_playground__chain_that_is_none__evm(staff: Client) -> None:
    assert staff.get(f"{PLAYGROUND}?chain=Bitcoin").context["try"].initial["chain"] == "EVM"


def test_playground__catalogue_editor__may_since_templates_have_expressions(
    clerk: Callable[..., Client],
) -> None:
    client = clerk("platform_catalog.view_monitortemplate")

    assert PLAYGROUND in _text(client, "/admin/")
    assert "Nothing is saved." in _text(client, PLAYGROUND)


def test_playground__post_without_a_token__403(acme: Tenant, staff: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = staff.cookies

    assert strict.post(PLAYGROUND, {"chain": "EVM"}).status_code == 403


def test_pages__that_ask_nothing__take_no_post(staff: Client) -> None:
    quiet = [page for page in ADMIN_PAGES.values() if not page.asks]

    assert quiet
    assert {staff.post(page.url).status_code for page in quiet} == {405}
