"""What the machine says: few words, so that names, slugs and documents meet each other often.

Both tenants use the same ones. What is a tenant's alone is marked with its slug: descriptions,
messages and secrets.
"""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

from monitors.tests.factories import ERC20_ABI, USDC, WETH

NAMES = ("Whale", "whale", "Bridge", "Vault")
SLUGS = ("whale", "bridge", "vault", "mint")
_NO_CONDITIONS: dict[str, list[Any]] = {"functions": [], "events": [], "transactions": []}
_TRANSFER = {"signature": "Transfer(address,address,uint256)"}
WATCHED: tuple[dict[str, Any], ...] = (
    {
        "addresses": [{"address": USDC}],
        "match_conditions": {**_NO_CONDITIONS, "transactions": [{"status": "Failure"}]},
    },
    {
        "addresses": [{"address": USDC, "contract_spec": ERC20_ABI}],
        "match_conditions": {
            **_NO_CONDITIONS,
            "events": [{**_TRANSFER, "expression": "value > 5"}],
        },
    },
    {
        "addresses": [{"address": WETH, "contract_spec": ERC20_ABI[3:]}, {"address": USDC}],
        "match_conditions": {**_NO_CONDITIONS, "events": [_TRANSFER]},
    },
)
"""Addresses and what to look for there: only together do they make sense."""
FILTERS: tuple[list[dict[str, Any]], ...] = (
    [],
    [{"script_path": "filters/even_blocks.sh", "language": "Bash", "timeout_ms": 1000}],
)
ALERTING: tuple[dict[str, Any], ...] = (
    {},
    {"severity": "high"},
    {"threshold": {"amount": 3, "window_s": 600}, "min_interval_s": 60},
)
UNTILS = ("2090-01-01T00:00:00+00:00", "2091-01-01T00:00:00+00:00")

names, slugs = st.sampled_from(NAMES), st.sampled_from(SLUGS)
trigger_slugs: st.SearchStrategy[list[str]] = st.sampled_from(
    ([], ["whale"], ["whale"], ["whale", "bridge"], ["bridge", "mint"])
)
watched = st.sampled_from(WATCHED).map(copy.deepcopy)
alertings = st.sampled_from(ALERTING)
_rest = {
    "name": names,
    "paused": st.booleans(),
    "networks": st.sampled_from((["ethereum_mainnet"], ["base", "ethereum_mainnet"])),
    "trigger_conditions": st.sampled_from(FILTERS),
    "triggers": trigger_slugs,
    "alerting": alertings,
}
documents = st.builds(
    lambda watched, rest, slug: {**watched, **rest, "slug": slug},
    watched,
    st.fixed_dictionaries(_rest),
    slugs,
)
"""All keys of a monitor but `description` and `chain_configurations`."""
patches = st.builds(
    lambda watched, rest: {**watched, **rest},
    st.one_of(st.just({}), watched),
    st.fixed_dictionaries({}, optional={**_rest, "slug": slugs}),
)


def secret_of(kind: str, tenant: str, number: int) -> str:
    if kind == "slack":
        return f"https://hooks.slack.com/services/T0/B0/{tenant}{number:04}"
    return f"https://hooks.example.org/in/{tenant}{number:04}"
