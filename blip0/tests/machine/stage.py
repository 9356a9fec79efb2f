"""The stage of the machine: two tenants, who calls for them, and calls whose answers are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import redis
from django.conf import settings
from django.core.cache import cache
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine
from rest_framework.test import APIClient

from blip0.common.system_settings import settings_forget
from blip0.testing.api import signed_in
from blip0.testing.world import PASSWORD
from blip0.tests.machine.truth import Side
from tenants.choices import Role
from tenants.models import Membership, Tenant, User
from tenants.selectors import limits_of
from tenants.store.facts import trust_again

API = "/api/v1"
OWNERS = {"acme": "ana@acme.test", "globex": "olga@globex.test"}
WANDERERS = ("twin@both.test", "guest@both.test")
"""Twin belongs to both tenants at first, Guest to none."""
RANK: dict[str | None, int] = {
    Role.VIEWER: 0,
    Role.EDITOR: 1,
    Role.ADMIN: 2,
    Role.OWNER: 3,
    None: -1,
}
T = TypeVar("T")


@dataclass(eq=False)
class Caller:
    """Somebody with credentials: a person, or the API key with the id `key` that `email` made."""

    email: str
    client: APIClient
    side: Side
    key: str = ""

    @property
    def rank(self) -> int:
        return RANK[self.side.role_of(self.email)]


class Stage(RuleBasedStateMachine):
    """Sets both tenants up; rules are in subclasses. `restore` brings a fresh database."""

    restore: Callable[[], None]

    def __init__(self) -> None:
        super().__init__()
        type(self).restore()
        cache.clear()
        settings_forget()
        trust_again()
        self.redis = redis.Redis.from_url(settings.REDIS_PROJECTION_URL, decode_responses=True)
        self.redis.flushall()
        for email in WANDERERS:
            User.objects.create_user(email, PASSWORD)
        twin = User.objects.get(email=WANDERERS[0])
        for tenant in Tenant.objects.filter(slug__in=OWNERS):
            Membership.objects.create(tenant=tenant, user=twin, role=Role.ADMIN)
        self.sides = {slug: self._side(slug) for slug in OWNERS}
        self.owners = {
            slug: Caller(email, signed_in(email), self.sides[slug])
            for slug, email in OWNERS.items()
        }
        self.wanderers: dict[str, Caller] = {}
        """Those who are signed in."""
        self.keys: dict[str, Caller] = {}
        self.count = self.steps = 0

    def teardown(self) -> None:
        self.redis.close()

    def _side(self, slug: str) -> Side:
        tenant = Tenant.objects.get(slug=slug)
        limits = limits_of(tenant)
        members = Membership.objects.filter(tenant=tenant).values_list("pk", "user__email", "role")
        return Side(
            id=str(tenant.pk),
            slug=slug,
            room={"monitors": limits.monitors, "triggers": limits.triggers},
            members={str(pk): (email, role) for pk, email, role in members},
        )

    def other(self, side: Side) -> Side:
        return self.sides["globex" if side.slug == "acme" else "acme"]

    def people(self) -> list[Caller]:
        """Whoever is signed in, in a tenant that is not suspended."""
        everybody = [*self.owners.values(), *self.wanderers.values()]
        return [caller for caller in everybody if not caller.side.suspended]

    def callers(self) -> list[Caller]:
        """People and keys."""
        return [*self.people(), *(key for key in self.keys.values() if not key.side.suspended)]

    def has(self, what: str) -> bool:
        """Whether somebody may reach one of these."""
        return any(getattr(side, what) for side in self.sides.values() if not side.suspended)

    def pick(self, data: st.DataObject, among: Sequence[T]) -> T:
        return among[data.draw(st.integers(0, len(among) - 1), label="which")]

    def pick_of(
        self, data: st.DataObject, what: str, callers: Sequence[Caller]
    ) -> tuple[Caller, Any] | None:
        """A caller and one of their tenant's objects, or its item; None where there is none."""
        pairs = [
            (caller, one if hasattr(one, "id") else (key, one))
            for caller in callers
            for key, one in getattr(caller.side, what).items()
        ]
        return self.pick(data, pairs) if pairs else None

    def number(self) -> int:
        """Another one each time."""
        self.count += 1
        return self.count

    def send(
        self,
        caller: Caller,
        method: str,
        path: str,
        body: Any = None,
        *,
        expect: int,
        needs: Role = Role.EDITOR,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The answer, which must have this status, or 403 below the role that it `needs`.

        Nothing of the other tenant may be in it.
        """
        expect = 403 if caller.rank < RANK[needs] else expect
        answer = getattr(caller.client, method)(API + path, body, headers=headers or {})
        text = answer.content.decode() + str(dict(answer.headers))
        assert answer.status_code == expect, (expect, answer.status_code, text)
        found = [mark for mark in self.marks(self.other(caller.side)) if mark in text]
        assert found == [], (found, text)
        return answer

    def marks(self, side: Side) -> list[str]:
        """What stands for a tenant wherever it shows up; its slug is in all of its texts."""
        collections = (side.monitors, side.triggers, side.members, side.invitations, side.keys)
        return [side.slug, side.id, *(each for part in collections for each in part)]


def without_stamps(body: Mapping[str, Any]) -> dict[str, Any]:
    """An answer without the members that depend on the clock."""
    return {key: value for key, value in body.items() if key not in ("created_at", "updated_at")}
