"""The machine itself: foreign ids, and what must hold after every step."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from blip0.common.sealing import Place, is_sealed, keyring
from blip0.tests.machine import words
from blip0.tests.machine.documents import DATA, MonitorRules, TriggerRules
from blip0.tests.machine.people import PeopleRules, TenantRules
from blip0.tests.machine.stage import API, WANDERERS, Caller, without_stamps
from blip0.tests.machine.truth import Side
from cachesync.keys import Scope
from monitors.tests.factories import make_monitor_document
from tenants.choices import Role

FOREIGN: dict[str, tuple[tuple[str, str, Any], ...]] = {
    "monitors": (
        ("get", "", None),
        ("put", "", make_monitor_document(name="Taken")),
        ("patch", "", {"name": "Taken"}),
        ("delete", "", None),
        ("get", "/document", None),
        ("get", "/history", None),
        ("get", "/projection", None),
        ("post", "/pause", None),
        ("post", "/resume", None),
        ("post", "/snooze", {"until": "2090-01-01T00:00:00Z"}),
        ("delete", "/snooze", None),
        ("post", "/clone", {"name": "Taken"}),
        ("post", "/revert", {"entry": 1}),
    ),
    "triggers": (
        ("get", "", None),
        ("patch", "", {"name": "Taken"}),
        ("delete", "", None),
        ("post", "/enable", None),
        ("post", "/disable", None),
        ("post", "/test", None),
    ),
    "members": (("get", "", None), ("patch", "", {"role": "viewer"}), ("delete", "", None)),
    "invitations": (("get", "", None), ("delete", "", None)),
    "api-keys": (("get", "", None), ("delete", "", None)),
}


LOOKS_EVERY = 4


class TwoTenants(MonitorRules, TriggerRules, PeopleRules, TenantRules):
    """Any history of two tenants; the other one's things are never there, and nothing is lost."""

    @initialize(
        monitors=st.lists(words.documents, min_size=2, max_size=4),
        kind=st.sampled_from(["slack", "webhook"]),
    )
    def begin(self, monitors: list[dict[str, Any]], kind: str) -> None:
        """An empty history has nothing to go wrong in."""
        for owner in self.owners.values():
            self.create_trigger_of(owner, "Whale", "whale", kind)
            for document in monitors:
                self.create(owner, document)
        for email in WANDERERS[:1]:
            self.sign_in_to(email, "acme")

    @rule(data=DATA, kind=st.sampled_from(tuple(FOREIGN)))
    def reach_across(self, data: st.DataObject, kind: str) -> None:
        """Every operation with an id of the other tenant's is a 404; the invariants then prove
        that neither tenant was changed by it."""
        if not (people := self.people()):
            return
        caller = self.pick(data, people)
        theirs = getattr(self.other(caller.side), kind.replace("api-", ""))
        if not theirs:
            return
        foreign = self.pick(data, list(theirs))
        for method, path, body in FOREIGN[kind]:
            answer = getattr(caller.client, method)(f"{API}/{kind}/{foreign}{path}", body)
            allowed = caller.rank >= 2 or (kind in ("monitors", "triggers") and caller.rank == 1)
            reads = method == "get" and kind not in ("invitations", "api-keys")
            expect = 404 if allowed or reads else 403
            assert answer.status_code == expect, (method, path, answer.content)

    @invariant()
    def each_tenant_sees_what_is_theirs(self) -> None:
        for slug, side in self.sides.items():
            owner = self.owners[slug]
            if side.suspended:
                answer = owner.client.get(f"{API}/monitors")
                assert (answer.status_code, answer.json()["code"]) == (403, "tenant_suspended")
                continue
            for kind in ("monitors", "triggers"):
                shown = [each.shown() for each in getattr(side, kind).values()]
                shown.sort(key=lambda each: each["slug"])
                assert self.listed(owner, kind) == shown

    @invariant()
    def people_log_and_usage_are_true(self) -> None:
        """Now and then: what goes wrong here stays wrong."""
        self.steps += 1
        for owner in self.owners.values() if self.steps % LOOKS_EVERY == 0 else ():
            side = owner.side
            if side.suspended:
                continue
            members = {
                row["id"]: (row["user"]["email"], row["role"])
                for row in self.listed(owner, "members")
            }
            assert members == side.members
            invitations = {
                row["id"]: (row["email"], row["role"], row["state"], row["invited_by"])
                for row in self.listed(owner, "invitations")
            }
            assert invitations == side.invitations
            keys = {
                row["id"]: (row["name"], row["created_by"], row["revoked_at"] is None)
                for row in self.listed(owner, "api-keys")
            }
            assert keys == side.keys
            self.log_and_usage_are_true(owner)

    def log_and_usage_are_true(self, owner: Caller) -> None:
        side = owner.side
        written = [
            (row["action"], row["object"]["id"])
            for row in self.listed(owner, "audit-log")
            if row["object"]["kind"] in ("monitor", "trigger")
        ]
        assert written == side.log[::-1][: len(written)]
        limits = self.send(owner, "get", "/usage", expect=200, needs=Role.VIEWER).json()["limits"]
        for what, room in side.room.items():
            used = len(getattr(side, what))
            assert limits[what] == {"limit": room, "used": used, "over_limit": used > room}

    def listed(self, owner: Caller, kind: str) -> list[dict[str, Any]]:
        url = f"/{kind}?page_size=100"
        rows = self.send(owner, "get", url, expect=200).json()["results"]
        return [without_stamps(row) for row in rows]

    @invariant()
    def redis_holds_what_should_run_and_nothing_else(self) -> None:
        """Every key of every tenant is one that the truth knows, and says what the truth says."""
        keys: set[str] = set()
        for side in self.sides.values():
            scope, expected = Scope(side.id), side.projected()
            assert self.redis.smembers(scope.active) == side.running()
            assert set(self.redis.hkeys(scope.index)) == set(expected)
            for monitor_id, document in expected.items():
                text = str(self.redis.get(scope.document(monitor_id)))
                assert [mark for mark in self.marks(self.other(side)) if mark in text] == []
                assert opened(json.loads(text), side) == document
                keys.add(scope.document(monitor_id))
            for monitor in side.gone:
                key = scope.document(monitor.id)
                assert self.redis.ttl(key) > 0, "a deleted monitor's document must expire"
                keys.add(key)
            keys |= {
                key for key in (scope.meta, scope.index, scope.active) if self.redis.exists(key)
            }
        assert set(self.redis.keys("tenant:*")) == keys


def opened(document: dict[str, Any], side: Side) -> dict[str, Any]:
    """The document with its triggers' secrets in clear: each opens in its own place only."""
    for trigger_id, trigger in document["triggers"].items():
        for key, value in trigger["config"].items():
            if key in ("slack_url", "url"):
                assert is_sealed(value["value"])
                place = Place(UUID(side.id), UUID(trigger_id), key)
                value["value"] = keyring().open(value["value"], place)
    return document
