import copy
from typing import Any

import pytest

from blip0.tests.validation.helpers import examine, found, messages
from platform_catalog.validators.network import check_network

URL = "/rpc_urls/0/url/value"
NETWORK: Any = {
    "network_type": "EVM",
    "slug": "ethereum_mainnet",
    "name": "Ethereum",
    "rpc_urls": [
        {"type_": "rpc", "url": {"type": "Plain", "value": "https://rpc.example"}, "weight": 100}
    ],
    "chain_id": 1,
    "block_time_ms": 12000,
    "confirmation_blocks": 12,
    "cron_schedule": "0 */1 * * * *",
}
RECOVERY = {
    "enabled": True,
    "cron_schedule": "0 */5 * * * *",
    "max_blocks_per_run": 10,
    "max_block_age": 100,
    "max_retries": 3,
    "retry_delay_ms": 100,
}


def _check(**changes):
    return examine(check_network, {**NETWORK, **changes})


def _check_url(url, network_type="EVM", type_="rpc", kind="Plain", **facts):
    network = copy.deepcopy(NETWORK)
    network["network_type"] = network_type
    network["rpc_urls"][0].update(type_=type_, url={"type": kind, "value": url})
    return examine(check_network, network, **facts)


def test_network__complete_and_right__has_no_findings():
    assert _check(max_past_blocks=50, store_blocks=False, recovery_config=RECOVERY).findings == ()


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"name": ""}, "network.name", "/name"),
        ({"slug": "A"}, "network.slug", "/slug"),
        ({"slug": "a\n"}, "network.slug", "/slug"),
        ({"block_time_ms": 99}, "network.block_time", "/block_time_ms"),
        ({"confirmation_blocks": 0}, "network.confirmations", "/confirmation_blocks"),
        ({"cron_schedule": ""}, "cron.empty", "/cron_schedule"),
        ({"cron_schedule": "* * *"}, "cron.syntax", "/cron_schedule"),
        ({"max_past_blocks": 0}, "network.max_past_blocks", "/max_past_blocks"),
    ],
)
def test_network__what_the_runtime_refuses__is_invalid(changes, code, pointer):
    report = _check(**changes)

    assert (report.verdict, found(report)) == ("invalid", [("error", code, pointer)])


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"name": "  "}, "name.blank", "/name"),
        ({"name": "x" * 201}, "name.length", "/name"),
        ({"name": "a\nb"}, "name.control", "/name"),
        ({"slug": ""}, "slug.format", "/slug"),
        ({"slug": "1a"}, "slug.format", "/slug"),
        ({"slug": "a" * 64}, "slug.format", "/slug"),
        ({"cron_schedule": "0 0 0 * * 1"}, "cron.unsafe", "/cron_schedule"),
        ({"confirmation_blocks": 2**63}, "network.confirmations_range", "/confirmation_blocks"),
        (
            {"recovery_config": {**RECOVERY, "cron_schedule": "garbage"}},
            "cron.syntax",
            "/recovery_config/cron_schedule",
        ),
    ],
)
def test_network__what_policy_refuses__leaves_the_verdict(changes, code, pointer):
    report = _check(**changes)

    assert (report.verdict, found(report)) == ("ok", [("error", code, pointer)])
    assert report.findings[0].source == "policy"


def test_network__several_mistakes_of_form__are_all_found():
    report = _check(chain_id="1", rpc_urls=[{"type": "rpc", "weight": 2**32}], id=1, slug=None)

    assert found(report) == [
        ("error", "shape.missing", "/rpc_urls/0"),
        ("error", "shape.missing", "/rpc_urls/0"),
        ("error", "shape.range", "/rpc_urls/0/weight"),
        ("error", "shape.type", "/chain_id"),
        ("error", "shape.type", "/slug"),
        ("error", "shape.unknown", "/id"),
        ("error", "shape.unknown", "/rpc_urls/0/type"),
    ]
    assert "Unknown field `type`: did you mean `type_`?" in messages(report)


@pytest.mark.parametrize("value", ["Unlimited", "", -1, 1.0, True, 2**64, []])
def test_max_past_blocks__neither_integer_nor_the_word__is_a_parse_error(value):
    assert _check(max_past_blocks=value).verdict == "parse_error"


def test_max_past_blocks__unlimited_and_stored__is_warned_about_by_the_runtime():
    report = _check(max_past_blocks="unlimited", store_blocks=True)

    assert found(report) == [("warning", "network.store_unlimited", "/max_past_blocks")]
    assert report.findings[0].source == "runtime"


@pytest.mark.parametrize(
    ("url", "network_type", "type_", "verdict"),
    [
        ("https://", "EVM", "rpc", "ok"),
        ("HTTPS://x", "EVM", "rpc", "invalid"),
        ("ftp://x", "Stellar", "rpc", "invalid"),
        ("wss://x", "Midnight", "ws_rpc", "ok"),
        ("https://x", "Midnight", "ws_rpc", "invalid"),
        ("wss://x", "Midnight", "rpc", "invalid"),
        ("https://x", "Solana", "ws_rpc", "invalid"),
    ],
)
def test_endpoint__type_and_prefix__follow_the_network_type(url, network_type, type_, verdict):
    assert _check_url(url, network_type, type_).verdict == verdict


@pytest.mark.parametrize(
    ("url", "finding"),
    [
        ("https://user:pass@x.y", ("error", "network.url_credentials", URL)),
        ("https://x.y/?apikey=1", ("error", "network.url_key", URL)),
        ("https://x.y/?q=0123456789abcdef", ("error", "network.url_key", URL)),
        ("https://[x", ("error", "network.url", URL)),
        ("https://", ("error", "network.url", URL)),
        (
            "https://x.y/v3/0123456789abcdef",
            ("warning", "network.url_key_path", URL),
        ),
        ("http://x.y", ("warning", "network.insecure_url", URL)),
        ("wss://x.y", ("warning", "network.websocket", URL)),
    ],
)
def test_endpoint__plain_url_that_tells_too_much__is_pointed_out(url, finding):
    report = _check_url(url)

    assert (report.verdict, found(report)) == ("ok", [finding])


def test_endpoint__url_with_a_key__is_not_repeated_in_the_message():
    assert "sesame" not in messages(_check_url("https://x.y/?apikey=sesame"))


def test_endpoint__reference__is_checked_as_the_runtime_sees_it_unresolved():
    report = _check_url("RPC_URL", kind="Environment", author="staff")

    assert (report.verdict, found(report)) == ("invalid", [("error", "network.endpoint_url", URL)])


@pytest.mark.parametrize("rpc_urls", [[], [{**NETWORK["rpc_urls"][0], "weight": 0}]])
def test_endpoints__none_with_a_weight__is_a_warning(rpc_urls):
    assert found(_check(rpc_urls=rpc_urls)) == [("warning", "network.no_endpoint", "/rpc_urls")]


def test_endpoint__weight_above_100__is_invalid():
    report = _check(rpc_urls=[{**NETWORK["rpc_urls"][0], "weight": 101}])

    assert found(report) == [("error", "network.endpoint_weight", "/rpc_urls/0/weight")]
    assert report.verdict == "invalid"


def test_network__as_a_list_of_members__is_read_as_the_runtime_does():
    members = [
        "EVM", "a", "A", [["rpc", {"type": "plain", "value": "ftp://x"}, 1]], None, None,
        1000, 1, "0 * * * * *", None, None, None,
    ]  # fmt: skip
    report = examine(check_network, members)

    assert report.verdict == "invalid"
    assert ("error", "network.endpoint_url", URL) in found(report)


@pytest.mark.parametrize(
    ("changes", "low"),
    [
        # 60 s / 12 s + 12 + 1
        ({"max_past_blocks": 17}, True),
        ({"max_past_blocks": 18}, False),
        ({"max_past_blocks": 1}, True),
        ({"max_past_blocks": "unlimited"}, False),
        ({"max_past_blocks": None}, False),
        ({"max_past_blocks": 312, "cron_schedule": "0 0 * * * *"}, True),
        ({"max_past_blocks": 313, "cron_schedule": "0 0 * * * *"}, False),
        ({"max_past_blocks": 2, "cron_schedule": "0 0 0 30 2 *"}, True),
    ],
)
def test_max_past_blocks__below_what_one_pause_brings__is_warned_about(changes, low):
    report = _check(**changes)

    assert (("warning", "network.max_past_blocks_low", "/max_past_blocks") in found(report)) is low
    assert report.verdict == "ok"


@pytest.mark.parametrize(
    "changes",
    [
        {"cron_schedule": "*", "max_past_blocks": 1},
        {"block_time_ms": 0, "max_past_blocks": 1},
        {"confirmation_blocks": 2**64 - 1, "max_past_blocks": 1},
    ],
)
def test_max_past_blocks__beside_broken_timing__raises_nothing(changes):
    assert _check(**changes).errors
