"""Who uses what: finders are asked once each, and the refusal lists whom they name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

import pytest

from blip0.common import usage
from blip0.common.exceptions import InUse
from blip0.common.usage import Users


def first(ids: Collection[str], named: int) -> Users:
    return Users(number=len(ids), named=[f"monitor of {name}" for name in sorted(ids)][:named])


def second(ids: Collection[str], named: int) -> Users:
    return Users(number=1, named=["template large"][:named])


@pytest.fixture(autouse=True)
def _no_finders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "_finders", defaultdict(list))


def test_users_of__two_finders__answers_of_both_in_order() -> None:
    usage.register_usage("network", first)
    usage.register_usage("network", second)
    usage.register_usage("network", second)

    users = usage.users_of("network", ["base", "anvil"])

    assert users.named == ["monitor of anvil", "monitor of base", "template large"]
    assert users.number == 3


def test_users_of__fewer_named_than_there_are__the_first_and_all_counted() -> None:
    usage.register_usage("network", first)
    usage.register_usage("network", second)

    users = usage.users_of("network", ["base"], named=1)

    assert users == Users(number=2, named=["monitor of base"])
    assert users.unnamed == 1


def test_users_of__nothing_asked_or_nobody_registered__nobody() -> None:
    usage.register_usage("network", second)

    assert usage.users_of("network", []) == Users(number=0, named=[])
    assert usage.users_of("trigger", ["slack"]) == Users(number=0, named=[])


def test_require_unused__used__refused_with_the_list() -> None:
    usage.register_usage("network", first)

    with pytest.raises(InUse, match="network base is in use by monitor of base") as caught:
        usage.require_unused("network", "base")

    assert caught.value.users == ["monitor of base"]


def test_require_unused__a_user_that_has_gone_since_it_was_counted__still_refused() -> None:
    usage.register_usage("network", lambda ids, named: Users(number=1, named=[]))

    with pytest.raises(InUse, match="in use by 1 more"):
        usage.require_unused("network", "base")


def test_require_unused__unused__passes() -> None:
    usage.require_unused("network", "base")
