"""A monitor explained: whether it runs, what it covers, what never fires, whom it tells."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from blip0.common.tenancy import in_tenant
from blip0.testing.queries import count_queries
from monitors.models import Monitor
from monitors.services import monitor_create, monitor_explain, monitor_pause, monitor_snooze
from monitors.services.explained_conditions import ConditionExplained
from monitors.services.explaining import Explanation
from monitors.tests.factories import (
    ERC20_ABI,
    USDC,
    WETH,
    MatchConditionFactory,
    MonitorFactory,
    MonitorNetworkFactory,
    make_monitor_document,
)
from monitors.tests.support import ANA
from monitors.tests.watching import PROGRAM, SOROBAN
from platform_catalog.models import Network
from tenants.choices import TenantStatus
from tenants.models import Tenant
from triggers.services import trigger_create, trigger_disable
from triggers.tests.factories import document as trigger_document

TRANSFER = "Transfer(address,address,uint256)"
NEVER = "value > 10 and to == 0xAb"
"""`to` is an address, and 0xAb is none."""


def _conditions(**lists: Any) -> dict[str, Any]:
    return {"functions": [], "events": [], "transactions": [], **lists}


def _made(tenant: Tenant, **changes: Any) -> Monitor:
    return monitor_create(tenant=tenant, data=make_monitor_document(**changes), actor=ANA)


def _explained(tenant: Tenant, monitor: Monitor) -> Explanation:
    return monitor_explain(monitor=Monitor.objects.get(pk=monitor.pk), tenant=tenant)


def _stops(explanation: Explanation) -> list[str]:
    return [step.says for step in explanation.steps if step.state == "stops"]


def _warnings(explanation: Explanation) -> list[str]:
    return [step.says for step in explanation.steps if step.state == "warning"]


def _only_condition(explanation: Explanation) -> ConditionExplained:
    (condition,) = explanation.conditions
    return condition


# -- does it run? --------------------------------------------------------------------------------


def test_explain__fine__nothing_stops_it(in_acme: Tenant) -> None:
    explanation = _explained(in_acme, _made(in_acme))

    assert _stops(explanation) == []
    assert explanation.verdict == "It runs; see what is marked."
    assert "It tells nobody: it names no trigger." in _warnings(explanation)


def test_explain__all_that_can_stop_it__each_is_told(in_acme: Tenant) -> None:
    monitor = _made(in_acme)
    monitor_pause(monitor=monitor, actor=ANA)
    until = datetime(2026, 12, 1, 8, 30, tzinfo=UTC)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    monitor_snooze(monitor=monitor, until=until, now=now, reason="Migration", actor=ANA)
    Network.objects.filter(slug="ethereum_mainnet").update(enabled=False)
    in_acme.status, in_acme.status_reason = TenantStatus.SUSPENDED, "Unpaid"

    explanation = _explained(in_acme, monitor)

    assert _stops(explanation) == [
        "The tenant is suspended: Unpaid.",
        "It is paused: resume it.",
        "It is snoozed until 2026-12-01 08:30 UTC: Migration.",
        "All its networks are disabled: ethereum_mainnet.",
    ]
    assert explanation.verdict.startswith("It doesn't fire. The tenant is suspended: Unpaid. It is")
    assert explanation.networks == ("ethereum_mainnet (EVM, disabled)",)


def test_explain__one_network_of_two_disabled__warns(in_acme: Tenant) -> None:
    monitor = _made(in_acme, networks=["base", "ethereum_mainnet"])
    Network.objects.filter(slug="base").update(enabled=False)

    explanation = _explained(in_acme, monitor)

    assert _stops(explanation) == []
    assert "Disabled, and not watched: base." in _warnings(explanation)


def test_explain__no_condition_can_match__that_stops_it(in_acme: Tenant) -> None:
    dead = _conditions(events=[{"signature": TRANSFER, "expression": NEVER}])
    monitor = _made(in_acme, match_conditions=dead)

    assert _stops(_explained(in_acme, monitor)) == ["None of its conditions can ever match."]


def test_explain__some_conditions_never_match__named_by_chain(in_acme: Tenant) -> None:
    some = _conditions(
        events=[{"signature": TRANSFER, "expression": NEVER}, {"signature": TRANSFER}],
        functions=[{"signature": "mint(address)"}],
    )
    explanation = _explained(in_acme, _made(in_acme, match_conditions=some))

    assert _stops(explanation) == []
    assert "Never matches on EVM: functions/0, events/0." in _warnings(explanation)


def test_explain__evm_without_addresses__that_stops_it(in_acme: Tenant) -> None:
    explanation = _explained(in_acme, _made(in_acme, addresses=[]))

    assert "Without addresses nothing matches on EVM." in _stops(explanation)


# -- where it looks ------------------------------------------------------------------------------


def test_explain__addresses__on_which_networks_and_with_which_spec(in_acme: Tenant) -> None:
    monitor = _made(
        in_acme,
        networks=["base", "ethereum_mainnet", "stellar_mainnet", "solana_mainnet"],
        addresses=[
            {"address": USDC, "contract_spec": ERC20_ABI},
            {"address": WETH},
            {"address": SOROBAN},
            {"address": PROGRAM},
        ],
    )

    shown = [(one.networks, one.spec) for one in _explained(in_acme, monitor).addresses]

    evm = ["base", "ethereum_mainnet"]
    assert shown == [
        (evm, "EVM ABI ee30a9eb0c84."),
        (
            evm,
            (
                "None of its own. On EVM it is decoded with one that another monitor brings, "
                "or not at all."
            ),
        ),
        (
            ["stellar_mainnet"],
            "None of its own. On Stellar it is another monitor's, or the one on the chain.",
        ),
        (["solana_mainnet"], "None of its own. Solana needs none."),
    ]


def test_explain__transactions_only__no_spec_is_needed(in_acme: Tenant) -> None:
    monitor = _made(
        in_acme,
        addresses=[{"address": WETH}],
        match_conditions=_conditions(transactions=[{"status": "Any"}]),
    )

    (address,) = _explained(in_acme, monitor).addresses

    assert address.spec == "None, and none is needed: there are no functions and events."


# -- what it looks for ---------------------------------------------------------------------------


def test_explain__signature__on_which_specs_it_is(in_acme: Tenant) -> None:
    other = [entry for entry in ERC20_ABI if entry["name"] != "Transfer"]
    monitor = _made(
        in_acme,
        addresses=[
            {"address": WETH, "contract_spec": other},
            {"address": USDC, "contract_spec": ERC20_ABI},
        ],
        match_conditions=_conditions(events=[{"signature": TRANSFER}]),
    )

    (evm,) = _only_condition(_explained(in_acme, monitor)).chains

    assert (evm.found_on, evm.missing_on, evm.never) == ([USDC], [WETH], "")
    assert evm.known_variables == {"from": "address", "to": "address", "value": "uint256"}


def test_explain__misspelt_signature__says_what_may_be_meant(in_acme: Tenant) -> None:
    conditions = _conditions(events=[{"signature": "Transfer(address,address,uint)"}])
    condition = _only_condition(_explained(in_acme, _made(in_acme, match_conditions=conditions)))

    (finding,) = condition.findings
    assert f"Did you mean `{TRANSFER}`?" in finding.message
    assert condition.never


def test_explain__expression__outline_with_kinds_and_what_is_never_true(in_acme: Tenant) -> None:
    conditions = _conditions(events=[{"signature": TRANSFER, "expression": NEVER}])
    condition = _only_condition(_explained(in_acme, _made(in_acme, match_conditions=conditions)))

    (evm,) = condition.chains
    assert [(one.line.depth, one.line.text, one.dead) for one in evm.lines] == [
        (0, "all of these:", False),
        (1, "`value` (uint256) is greater than the number 10", False),
        (1, '`to` (address) is the text "0xAb"', True),
    ]
    assert evm.lines[2].problem.startswith("Column 16: This is never true")
    assert evm.never == "Its expression can never be true."
    assert condition.never
    assert condition.findings == []


def test_explain__two_chains__each_reads_it_in_its_way(in_acme: Tenant) -> None:
    monitor = _made(
        in_acme,
        networks=["ethereum_mainnet", "solana_mainnet"],
        addresses=[{"address": USDC, "contract_spec": ERC20_ABI}, {"address": PROGRAM}],
        match_conditions=_conditions(
            functions=[{"signature": "transfer(address,uint256)"}],
            events=[{"signature": TRANSFER, "expression": NEVER}],
        ),
    )

    function, event = _explained(in_acme, monitor).conditions

    assert [(one.chain, one.never, one.note) for one in event.chains] == [
        ("EVM", "Its expression can never be true.", ""),
        (
            "Solana",
            "",
            "The runtime ignores the expression here: it matches as if there were none.",
        ),
    ]
    assert not event.never
    assert [one.note for one in function.chains] == ["", "The runtime ignores functions here."]


def test_explain__stored_expression_that_does_not_parse__is_pointed_out(in_acme: Tenant) -> None:
    monitor = MonitorFactory.create()
    MonitorNetworkFactory.create(monitor=monitor)
    MatchConditionFactory.create(monitor=monitor, expression="value > 5 && to == 0xAb")

    condition = _only_condition(_explained(in_acme, monitor))

    assert condition.mistake.split("\n")[:2] == ["value > 5 && to == 0xAb", "          ^^"]
    assert condition.chains[0].never == "Its expression doesn't parse."


# -- after a match -------------------------------------------------------------------------------


def test_explain__scripts_and_triggers__in_order_and_without_secrets(in_acme: Tenant) -> None:
    slugs = []
    for name in ("Off", "On"):
        data = {**trigger_document("slack"), "trigger_type": "slack", "name": name}
        trigger = trigger_create(tenant=in_acme, data=data, actor=ANA)
        slugs.append(trigger.slug)
        if name == "Off":
            trigger_disable(trigger=trigger, reason="Noise", actor=ANA)

    explanation = _explained(in_acme, _made(in_acme, triggers=slugs))

    shown = [(one.slug, one.type, one.enabled, one.why_not) for one in explanation.triggers]
    assert shown == [
        ("off", "Slack", False, "Disabled by a member"),
        ("on", "Slack", True, ""),
    ]
    (script,) = explanation.scripts
    assert (script.name, script.arguments, script.timeout_ms) == (
        "filters/even_blocks.sh",
        ["--verbose"],
        1000,
    )
    assert "hooks.slack.com" not in repr(explanation)


def test_explain__a_larger_monitor__as_many_queries(in_acme: Tenant) -> None:
    small = _made(in_acme)
    large = _made(
        in_acme,
        name="Large",
        slug="large",
        networks=["base", "ethereum_mainnet"],
        addresses=[
            {"address": f"0x{number:040x}", "contract_spec": [*ERC20_ABI[: number % 5]]}
            for number in range(30)
        ],
        match_conditions=_conditions(events=[{"signature": TRANSFER}] * 30),
    )
    counts = []
    for monitor in (small, large):
        with count_queries() as log:
            monitor_explain(monitor=monitor, tenant=in_acme)
        counts.append(len(log))

    assert counts[0] == counts[1]


# -- the command ---------------------------------------------------------------------------------


def _printed(*arguments: str) -> str:
    out = StringIO()
    call_command("monitor_explain", *arguments, stdout=out)
    return out.getvalue()


def test_command__a_monitor__tells_what_the_page_tells(acme: Tenant) -> None:
    conditions = _conditions(events=[{"signature": TRANSFER, "expression": NEVER}])
    with in_tenant(acme.pk):
        _made(acme, match_conditions=conditions)

    printed = _printed("acme", "large-usdc-transfers")

    assert printed.startswith(
        "large-usdc-transfers: It doesn't fire. None of its conditions can ever match.\n"
    )
    for line in (
        "  ✖ None of its conditions can ever match.",
        "  events/0 Transfer(address,address,uint256)",
        "    on EVM: never. Its expression can never be true.",
        f"      found in the spec of {USDC}",
        "      variables: from address, to address, value uint256",
        '      ✖   `to` (address) is the text "0xAb"',
        "  filters/even_blocks.sh, 1000 ms at most",
    ):
        assert line in printed.splitlines()


@pytest.mark.parametrize("arguments", [("acme", "nothing"), ("nobody", "large-usdc-transfers")])
def test_command__no_such_monitor__says_so(acme: Tenant, arguments: tuple[str, str]) -> None:
    with pytest.raises(CommandError, match="There is no"):
        _printed(*arguments)
