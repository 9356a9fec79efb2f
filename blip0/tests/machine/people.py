"""Rules on people, keys and what staff decide."""

from __future__ import annotations

import re
from typing import Any

from django.core import mail
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from rest_framework.test import APIClient

from blip0.common.actors import Actor
from blip0.testing.api import signed_in
from blip0.testing.world import PASSWORD
from blip0.tests.machine import words
from blip0.tests.machine.documents import DATA
from blip0.tests.machine.stage import API, OWNERS, RANK, WANDERERS, Caller, Stage
from tenants.choices import Limit, Role
from tenants.models import Tenant
from tenants.services.lifecycle import tenant_activate, tenant_suspend
from tenants.services.settings import limit_overrides_set
from tenants.tasks import send_invitation

SCOPES = ["monitors:read", "monitors:write", "triggers:read", "triggers:write"]
STAFF = Actor.system("staff")
wanderers, tenants = st.sampled_from(WANDERERS), st.sampled_from(tuple(OWNERS))
roles = st.sampled_from([Role.VIEWER, Role.EDITOR, Role.ADMIN])


class PeopleRules(Stage):
    @rule(email=wanderers, slug=tenants)
    def sign_in(self, email: str, slug: str) -> None:
        self.sign_in_to(email, slug)

    def sign_in_to(self, email: str, slug: str) -> None:
        side = self.sides[slug]
        if email not in self.wanderers and side.role_of(email) and not side.suspended:
            self.wanderers[email] = Caller(email, signed_in(email, slug), side)

    @rule(email=wanderers)
    def switch_tenant(self, email: str) -> None:
        """To the other tenant, where there is a membership; the old token is good no more."""
        caller = self.wanderers.get(email)
        if caller is None or caller.side.suspended:
            return
        there = self.other(caller.side)
        is_open = there.role_of(email) is not None and not there.suspended
        answer = caller.client.post(f"{API}/me/switch-tenant", {"tenant": there.slug})
        assert answer.status_code == (200 if is_open else 403), answer.content
        if is_open:
            assert caller.client.get(f"{API}/me").status_code == 401
            client = APIClient()
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
            self.wanderers[email] = Caller(email, client, there)

    @rule(data=DATA, email=wanderers, role=roles)
    def invite(self, data: st.DataObject, email: str, role: Role) -> None:
        if not (people := self.people()):
            return
        caller = self.pick(data, people)
        side, needs = caller.side, max(role, Role.ADMIN, key=RANK.__getitem__)
        waits = email in [
            each for each, _, state, _ in side.invitations.values() if state == "open"
        ]
        expect = 409 if waits or side.role_of(email) else 201
        body = {"email": email, "role": role}
        answer = self.send(caller, "post", "/invitations", body, expect=expect, needs=needs)
        if answer.status_code == 201:
            side.invitations[answer.json()["id"]] = (email, role, "open", caller.email)

    @precondition(lambda machine: machine.has("invitations"))
    @rule(data=DATA)
    def revoke_invitation(self, data: st.DataObject) -> None:
        if picked := self.pick_of(data, "invitations", self.people()):
            caller, (invitation_id, (email, role, state, inviter)) = picked
            expect = 409 if state == "accepted" else 204
            url = f"/invitations/{invitation_id}"
            answer = self.send(caller, "delete", url, expect=expect, needs=Role.ADMIN)
            if answer.status_code == 204:
                caller.side.invitations[invitation_id] = (email, role, "revoked", inviter)

    @precondition(lambda machine: machine.has("invitations"))
    @rule(data=DATA)
    def accept_invitation(self, data: st.DataObject) -> None:
        """It is worth what whoever made it may still grant."""
        picked = self.pick_of(data, "invitations", list(self.owners.values()))
        if not picked:
            return
        side, (invitation_id, (email, role, state, inviter)) = picked[0].side, picked[1]
        mail.outbox.clear()
        send_invitation(invitation_id)
        assert len(mail.outbox) == (state == "open")
        if not mail.outbox:
            return
        token = re.findall(r"^    ([\w-]{43})$", str(mail.outbox[0].body), re.MULTILINE)[0]
        grants = RANK[side.role_of(inviter)] >= max(RANK[Role.ADMIN], RANK[role])
        expect = 404 if not grants else 403 if side.suspended else 200
        body = {"token": token, "password": PASSWORD}
        answer = APIClient().post(f"{API}/invitations/accept", body)
        assert answer.status_code == expect, answer.content
        if expect == 200:
            side.invitations[invitation_id] = (email, role, "accepted", inviter)
            owner = self.owners[side.slug]
            listed = self.send(owner, "get", "/members?ordering=-created_at", expect=200).json()
            side.members[listed["results"][0]["id"]] = (email, role)

    @rule(data=DATA, role=roles)
    def change_role(self, data: st.DataObject, role: Role) -> None:
        if picked := self.pick_of(data, "members", self.people()):
            caller, (member_id, (email, before)) = picked
            needs = max(before, role, Role.ADMIN, key=RANK.__getitem__)
            expect = 409 if before == Role.OWNER else 200
            url, body = f"/members/{member_id}", {"role": role}
            answer = self.send(caller, "patch", url, body, expect=expect, needs=needs)
            if answer.status_code == 200:
                caller.side.members[member_id] = (email, role)

    @rule(data=DATA)
    def remove_member(self, data: st.DataObject) -> None:
        """Sign-ins and keys go with the membership, in this tenant only."""
        picked = self.pick_of(data, "members", self.people())
        if not picked:
            return
        caller, (member_id, (email, role)) = picked
        side, needs = caller.side, max(role, Role.ADMIN, key=RANK.__getitem__)
        expect = 409 if role == Role.OWNER else 204
        url = f"/members/{member_id}"
        answer = self.send(caller, "delete", url, expect=expect, needs=needs)
        if answer.status_code != 204:
            return
        del side.members[member_id]
        for key_id, (name, creator, _) in list(side.keys.items()):
            if creator == email:
                self.end_key(side.keys, key_id, name, creator)
        wanderer = self.wanderers.get(email)
        if wanderer and wanderer.side is side:
            assert wanderer.client.get(f"{API}/me").status_code == 401
            del self.wanderers[email]

    @rule(data=DATA)
    def create_key(self, data: st.DataObject) -> None:
        if not (people := self.people()):
            return
        caller = self.pick(data, people)
        side, name = caller.side, f"{caller.side.slug} {self.number()}"
        body = {"name": name, "scopes": SCOPES}
        answer = self.send(caller, "post", "/api-keys", body, expect=201, needs=Role.ADMIN)
        if answer.status_code == 201:
            key_id, client = answer.json()["id"], APIClient()
            client.credentials(HTTP_X_API_KEY=answer.json()["key"])
            side.keys[key_id] = (name, caller.email, True)
            self.keys[key_id] = Caller(caller.email, client, side, key_id)

    @precondition(lambda machine: machine.has("keys"))
    @rule(data=DATA)
    def revoke_key(self, data: st.DataObject) -> None:
        if picked := self.pick_of(data, "keys", self.people()):
            caller, (key_id, (name, creator, _)) = picked
            answer = self.send(
                caller, "delete", f"/api-keys/{key_id}", expect=204, needs=Role.ADMIN
            )
            if answer.status_code == 204:
                self.end_key(caller.side.keys, key_id, name, creator)

    def end_key(self, keys: dict[str, Any], key_id: str, name: str, creator: str) -> None:
        keys[key_id] = (name, creator, False)
        if caller := self.keys.pop(key_id, None):
            assert caller.client.get(f"{API}/monitors").status_code == 401


class TenantRules(Stage):
    @rule(slug=tenants, monitors=st.integers(0, 5), triggers=st.integers(1, 4))
    def change_limits(self, slug: str, monitors: int, triggers: int) -> None:
        """Staff may lower them below what is there."""
        wanted = {Limit.MONITORS: monitors, Limit.TRIGGERS: triggers}
        limit_overrides_set(
            tenant=Tenant.objects.get(slug=slug),
            overrides=[
                {"limit": limit, "value": value, "reason": "Agreed."}
                for limit, value in wanted.items()
            ],
            actor=STAFF,
        )
        self.sides[slug].room = {"monitors": monitors, "triggers": triggers}

    @rule(data=DATA, alerting=words.alertings)
    def change_alerting(self, data: st.DataObject, alerting: dict[str, Any]) -> None:
        if people := self.people():
            caller = self.pick(data, people)
            body = {"alerting": alerting}
            answer = self.send(caller, "patch", "/tenant", body, expect=200, needs=Role.ADMIN)
            if answer.status_code == 200:
                caller.side.alerting = alerting

    @rule(slug=tenants)
    def suspend_or_activate(self, slug: str) -> None:
        side, tenant = self.sides[slug], Tenant.objects.get(slug=slug)
        if side.suspended:
            tenant_activate(tenant=tenant, actor=STAFF)
        else:
            tenant_suspend(tenant=tenant, reason="unpaid", actor=STAFF)
        side.suspended = not side.suspended
