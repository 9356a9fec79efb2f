"""What a tenant should be: plain Python that is told of each change and knows no database.

A `Side` says how a change must be answered, how the API must show what there is, and what must
stand in the runtime's Redis.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]
MESSAGE = {"title": "${monitor.name}", "body": "See ${transaction.hash}"}


@dataclass
class Trigger:
    """`secret` is the plain URL, the only secret that these have."""

    id: str
    slug: str
    name: str
    kind: str
    secret: str
    body: str
    enabled: bool = True
    version: int = 1

    @property
    def key(self) -> str:
        return "slack_url" if self.kind == "slack" else "url"

    def config(self, secret: Document) -> Document:
        return {self.key: secret, "message": {**MESSAGE, "body": self.body}}

    def shown(self) -> Document:
        return {
            "id": self.id,
            "slug": self.slug,
            "name": self.name,
            "trigger_type": self.kind,
            "enabled": self.enabled,
            "disabled_reason": None if self.enabled else "by_member",
            "version": self.version,
            "config": self.config({"set": True, "hint": f"…{self.secret[-4:]}"}),
        }

    def projected(self, tenant: str) -> Document:
        """As in Redis, with its secret opened."""
        return {
            "name": f"{self.name} [{tenant}]",
            "trigger_type": self.kind,
            "config": self.config({"type": "Plain", "value": self.secret}),
        }


@dataclass
class Monitor:
    """`document` is what its owner wrote; `past` holds it as it was before each change."""

    id: str
    document: Document
    snoozed_until: str | None = None
    version: int = 1
    past: list[Document] = field(default_factory=list)

    @property
    def stands(self) -> bool:
        """Whether it is stopped by itself, whatever its tenant is."""
        return self.document["paused"] or self.snoozed_until is not None

    def changed(self, document: Document, snoozed_until: str | None) -> bool:
        """Become this; False where it is this already, which must change nothing."""
        if (document, snoozed_until) == (self.document, self.snoozed_until):
            return False
        self.past.append(self.document)
        self.document, self.snoozed_until = deepcopy(document), snoozed_until
        self.version += 1
        return True

    def shown(self) -> Document:
        return {
            **self.document,
            "id": self.id,
            "snoozed_until": self.snoozed_until,
            "version": self.version,
        }


@dataclass
class Side:
    """A tenant. What was deleted stays in `gone`: the tenant's contract specs outlive it."""

    id: str
    slug: str
    suspended: bool = False
    alerting: Document = field(default_factory=dict)
    room: dict[str, int] = field(default_factory=dict)
    """How many `monitors` and `triggers` there may be."""
    monitors: dict[str, Monitor] = field(default_factory=dict)
    gone: list[Monitor] = field(default_factory=list)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    members: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Email and role by the membership's id."""
    invitations: dict[str, tuple[str, str, str, str]] = field(default_factory=dict)
    """Email, role, state and who made it, by id."""
    keys: dict[str, tuple[str, str, bool]] = field(default_factory=dict)
    """Name, its creator's email and whether it is good, by id."""
    log: list[tuple[str, str]] = field(default_factory=list)
    """Actions on monitors and triggers with the object's id, the oldest first."""

    def role_of(self, email: str) -> str | None:
        return dict(self.members.values()).get(email)

    # How a change must be answered.

    def refusal(
        self, document: Document, among: str, *, but: str = "", new: bool = False
    ) -> int | None:
        """The status that refuses this name, slug or these triggers; None where all is well.

        `but` is the object's own id; a `new` one must find room.
        """
        slugs = {trigger.slug for trigger in self.triggers.values()}
        if not set(document.get("triggers", ())) <= slugs:
            return 422
        if new and len(getattr(self, among)) >= self.room[among]:
            return 422
        others = self._named(among, but)
        taken = {(key, value) for other in others for key, value in other}
        mine = {("slug", document["slug"]), ("name", document["name"].lower())}
        return 409 if mine & taken else None

    def _named(self, among: str, but: str) -> Iterator[set[tuple[str, str]]]:
        for each in getattr(self, among).values():
            if each.id != but:
                shown = each.shown()
                yield {("slug", shown["slug"]), ("name", shown["name"].lower())}

    def users_of(self, trigger: Trigger) -> list[str]:
        return [
            monitor.id
            for monitor in self.monitors.values()
            if trigger.slug in monitor.document["triggers"]
        ]

    def logged(self, object_id: str) -> list[str]:
        return [action for action, each in self.log if each == object_id]

    def has_specs(self, document: Document) -> bool:
        """Whether each contract spec of the document is still kept somewhere."""
        everything = [*self.monitors.values(), *self.gone]
        kept = {spec for each in everything for spec in _specs(each.document)}
        return set(_specs(document)) <= kept

    # What must be there.

    def running(self) -> set[str]:
        """The ids of the active set."""
        if self.suspended:
            return set()
        return {monitor.id for monitor in self.monitors.values() if not monitor.stands}

    def projected(self) -> dict[str, Document]:
        """Every document of the runtime by the monitor's id, with its secrets opened."""
        return {monitor.id: self._projected(monitor) for monitor in self.monitors.values()}

    def _projected(self, monitor: Monitor) -> Document:
        document = monitor.document
        by_slug = {trigger.slug: trigger for trigger in self.triggers.values()}
        told = [by_slug[slug] for slug in document["triggers"] if by_slug[slug].enabled]
        kept = ("networks", "addresses", "match_conditions", "trigger_conditions")
        return {
            "schema": 1,
            "id": monitor.id,
            "tenant_id": self.id,
            "slug": document["slug"],
            "alerting": {**self.alerting, **document["alerting"]},
            "monitor": {
                "name": f"{document['name']} [{self.slug}]",
                "paused": monitor.stands,
                "triggers": [trigger.id for trigger in told],
                **{key: document[key] for key in kept},
            },
            "triggers": {trigger.id: trigger.projected(self.slug) for trigger in told},
        }


def _specs(document: Document) -> Iterator[str]:
    for entry in document["addresses"]:
        if "contract_spec" in entry:
            yield json.dumps(entry["contract_spec"], sort_keys=True)
