"""Who uses what: finders are asked once each, and the refusal lists whom they name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

import pytest

from blip0.common import usage
from blip0.common.exceptions import InUse


def first(ids: Collection[str]) -> list[str]:
    return [f"monitor of {name}" for name in sorted(ids)]


def second(ids: Collection[str]) -> list[str]:
    return ["template large"]


@pytest.fixture(autouse=True)
def _no_finders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "_finders", defaultdict(list))


def test_users_of__two_finders__answers_of_both_in_order() -> None:
    usage.register_usage("network", first)
    usage.register_usage("network", second)
    usage.register_usage("network", second)

    users = usage.users_of("network", ["base", "anvil"])

    assert users == ["monitor of anvil", "monitor of base", "template large"]


def test_users_of__nothing_asked_or_nobody_registered__nobody() -> None:
    usage.register_usage("network", second)

    assert usage.users_of("network", []) == []
    assert usage.users_of("trigger", ["slack"]) == []


def test_require_unused__used__refused_with_the_list() -> None:
    usage.register_usage("network", first)

    with pytest.raises(InUse, match="network base is in use by monitor of base") as caught:
        usage.require_unused("network", "base")

    assert caught.value.users == ["monitor of base"]


def test_require_unused__unused__passes() -> None:
    usage.require_unused("network", "base")
