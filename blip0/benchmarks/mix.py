"""What the callers of a thousand tenants ask for: 80 % reads, 15 % lists, 5 % writes, by chance.

Arrivals are Poisson's: they come at random, some at once. Those who read and those who write have
monitors of their own, so that it is known what each answer must be.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from blip0.benchmarks.load import CREATED, Call
from blip0.benchmarks.world import CREATED_SLUG, Place
from blip0.common.api.etags import etag_of
from blip0.common.tenancy import in_tenant
from cachesync.benchmarks.content import tenant_monitors
from monitors.models import Monitor
from monitors.selectors import monitor_representations
from platform_catalog.choices import NetworkType
from platform_catalog.models import MonitorTemplate, Network
from tenants.contracts import API_KEY_HEADER

READ, LIST, WRITE = "reads", "lists", "writes"
SHARES: Final[Mapping[str, int]] = {READ: 80, LIST: 15, WRITE: 5}
DELETED_AFTER_S: Final = 2.0
"""What a call has created is deleted by another one: the next run finds what this one found."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request without its time and its caller."""

    path: str
    method: str = "GET"
    headers: Mapping[str, str] | None = None
    body: Mapping[str, Any] | None = None
    expected: int = 200


class Mix:
    """Draws calls from a seed; but what they write is new each time, or it would change nothing."""

    def __init__(self, places: Sequence[Place], seed: int) -> None:
        self._places = places
        self._dice = random.Random(seed)  # noqa: S311  # who asks for what, and when
        self._content = random.Random()  # noqa: S311  # what they write
        evm = Network.objects.filter(network_type=NetworkType.EVM, enabled=True)
        self._networks = list(evm.order_by("slug").values_list("slug", flat=True))
        enabled = MonitorTemplate.objects.filter(enabled=True)
        self._templates = list(enabled.order_by("slug").values_list("slug", flat=True))
        self._drawn = 0

    def calls(self, *, rate: float, seconds: float) -> list[Call]:
        """Calls of so many seconds, `rate` a second on average, in order."""
        calls: list[Call] = []
        due = self._dice.expovariate(rate)
        while due < seconds:
            calls += self._drawn_calls(due, last=seconds)
            due += self._dice.expovariate(rate)
        return sorted(calls, key=lambda call: call.due)

    def _drawn_calls(self, due: float, *, last: float) -> Iterator[Call]:
        dice = self._dice
        [group] = dice.choices(list(SHARES), list(SHARES.values()))
        operations = _OPERATIONS[group]
        [name] = dice.choices(list(operations), [weight for weight, _ in operations.values()])
        if name == "create" and due + DELETED_AFTER_S > last:
            name = "pause"
        place = dice.choice(self._places)
        self._drawn += 1
        asked = operations[name][1](self, place)
        headers = {**_credential(place, dice), **(asked.headers or {})}
        call = Call(
            due=due,
            group=group,
            operation=name,
            method=asked.method,
            path=f"/api/v1/{asked.path}",
            headers=headers,
            body="" if asked.body is None else json.dumps(asked.body),
            expected=asked.expected,
            creates=self._drawn if name == "create" else None,
        )
        yield call
        if name == "create":
            yield replace(
                call,
                due=due + DELETED_AFTER_S,
                operation="delete",
                method="DELETE",
                path=CREATED,
                headers=_credential(place, dice),
                body="",
                expected=204,
            )

    def monitor(self, place: Place) -> Asked:
        return Asked(path=f"monitors/{self._read_one(place)}")

    def unchanged_monitor(self, place: Place) -> Asked:
        pk = self._read_one(place)
        with in_tenant(place.tenant_id):
            [shown] = monitor_representations([Monitor.objects.get(pk=pk)], for_json=True)
        return Asked(
            path=f"monitors/{pk}",
            headers={"If-None-Match": etag_of(shown)},
            expected=304,
        )

    def trigger(self, place: Place) -> Asked:
        return Asked(path=f"triggers/{self._dice.choice(place.triggers)[0]}")

    def network(self, _place: Place) -> Asked:
        return Asked(path=f"networks/{self._dice.choice(self._networks)}")

    def template(self, _place: Place) -> Asked:
        return Asked(path=f"templates/{self._dice.choice(self._templates)}")

    def monitors_of_network(self, _place: Place) -> Asked:
        network = self._dice.choice(self._networks)
        return Asked(path=f"monitors?paused=false&network={network}&page_size=50")

    def change_alerting(self, place: Place) -> Asked:
        threshold = {"amount": self._content.randrange(1, 10**9), "window_s": 600}
        return Asked(
            path=f"monitors/{self._written_one(place)}",
            method="PATCH",
            body={"alerting": {"severity": "high", "threshold": threshold}},
        )

    def change_conditions(self, place: Place) -> Asked:
        document = self._document(place)
        return Asked(
            path=f"monitors/{self._written_one(place)}",
            method="PATCH",
            body={key: document[key] for key in ("addresses", "match_conditions")},
        )

    def pause(self, place: Place) -> Asked:
        return Asked(path=f"monitors/{self._written_one(place)}/pause", method="POST")

    def resume(self, place: Place) -> Asked:
        return Asked(path=f"monitors/{self._written_one(place)}/resume", method="POST")

    def create(self, place: Place) -> Asked:
        number = uuid.uuid4().hex
        return Asked(
            path="monitors",
            method="POST",
            headers={"Idempotency-Key": uuid.uuid4().hex},
            body={
                **self._document(place),
                "name": f"Created {number}",
                "slug": f"{CREATED_SLUG}{number}",
            },
            expected=201,
        )

    def _document(self, place: Place) -> dict[str, Any]:
        slugs = [slug for _, slug in place.triggers]
        seed = self._content.randrange(10**6, 10**12)
        return next(tenant_monitors(seed, 1, networks=self._networks, triggers=slugs))

    def _read_one(self, place: Place) -> UUID:
        return self._dice.choice(place.monitors[::2])

    def _written_one(self, place: Place) -> UUID:
        return self._dice.choice(place.monitors[1::2])


def _credential(place: Place, dice: random.Random) -> dict[str, str]:
    """A person's token or a program's key, either as often."""
    if dice.random() < 0.5:
        return {"Authorization": f"Bearer {place.token}"}
    return {API_KEY_HEADER: place.key}


def _always(path: str) -> Callable[[Mix, Place], Asked]:
    return lambda _mix, _place: Asked(path=path)


_Weighted = Mapping[str, tuple[int, Callable[[Mix, Place], Asked]]]
_OPERATIONS: Final[Mapping[str, _Weighted]] = {
    READ: {
        "monitor": (30, Mix.monitor),
        "monitor, unchanged": (15, Mix.unchanged_monitor),
        "trigger": (12, Mix.trigger),
        "me": (10, _always("me")),
        "network": (8, Mix.network),
        "template": (5, Mix.template),
    },
    LIST: {
        "25 monitors": (5, _always("monitors")),
        "100 monitors": (2, _always("monitors?page_size=100")),
        "monitors of a network": (3, Mix.monitors_of_network),
        "triggers": (1, _always("triggers")),
        "matches": (2, _always("matches")),
        "audit log": (2, _always("audit-log?page_size=50")),
    },
    WRITE: {
        "change alerting": (30, Mix.change_alerting),
        "change conditions": (20, Mix.change_conditions),
        "pause": (15, Mix.pause),
        "resume": (15, Mix.resume),
        "create": (10, Mix.create),
    },
}
"""By group and name: the weight within the group, and how one is made up."""
