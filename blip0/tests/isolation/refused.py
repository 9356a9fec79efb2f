"""Those who come with nothing, or with what is good no more: whatever they ask for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from blip0.testing.api import signed_in
from blip0.testing.world import PASSWORD, STAFF
from blip0.tests.isolation.caller import (
    ALL,
    FORM,
    SYSTEM,
    Caller,
    Made,
    Maker,
    browser_at,
    key_of,
    person,
    program,
    tenant_of,
)
from blip0.tests.isolation.rows import For, Row
from blip0.tests.isolation.world import World
from tenants.api.tokens import TenantAccessToken
from tenants.choices import Role
from tenants.models import ApiKey, Membership, Tenant, TokenFamily, User
from tenants.services.accounts import user_set_password, user_update
from tenants.services.api_keys import api_key_revoke
from tenants.services.lifecycle import (
    tenant_activate,
    tenant_create,
    tenant_delete,
    tenant_purge,
    tenant_restore,
    tenant_suspend,
)
from tenants.services.members import member_add, member_remove


def _refused(code: str, status: int = 401) -> dict[str, Any]:
    """What they would hold, if they were heard.

    Where credentials aren't even looked at, others show what there is to see.
    """
    return {"permissions": ALL, "refused": (status, code), "calls": _asks_for_credentials}


def _asks_for_credentials(row: Row) -> bool:
    return row.to not in (For.ANYBODY, For.THE_DOOR)


def _everything(row: Row) -> bool:
    return True


def _one_more_owner(tenant: Tenant, email: str) -> Membership:
    user = User.objects.create_user(email, PASSWORD)
    return member_add(tenant=tenant, user=user, role=Role.OWNER, actor=SYSTEM)


def _anonymous(world: World) -> Made:
    side = world.acme
    known = {**_refused("not_authenticated"), "calls": _everything}
    yield Caller(client=APIClient(), own=side, named=side, **known)


def _made_up_token(world: World) -> Made:
    client = APIClient(headers={"Authorization": "Bearer a.b.c"})
    yield Caller(client=client, own=world.acme, named=world.acme, **_refused("token_invalid"))


def _expired_token(world: World) -> Made:
    caller = person(world.acme, **_refused("token_invalid"))
    family = TokenFamily.objects.filter(user__email=world.acme.owner).latest("created_at")
    token = TenantAccessToken.for_family(family)
    token.set_exp(lifetime=-timedelta(seconds=1))
    caller.client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    yield caller


def _signed_out(world: World) -> Made:
    """The API's sign-in, and the browser's."""
    caller = person(world.acme, **_refused("token_revoked"))
    assert caller.client.post("/api/v1/logout").status_code == 204
    yield caller
    client = browser_at(world.acme, with_csrf=True)
    assert client.post("/api-auth/logout").status_code == 302
    yield Caller(client=client, own=world.acme, named=world.acme, **_refused("not_authenticated"))


def _removed_member(world: World) -> Made:
    membership = _one_more_owner(tenant_of(world.acme), "removed@acme.test")
    key = key_of(world.acme, creator=membership.user)[1]
    caller = person(world.acme, membership.user.email, **_refused("token_revoked"))
    member_remove(membership=membership, actor=SYSTEM)
    yield caller
    yield program(world.acme, key, **_refused("api_key_invalid"))


def _disabled_user(world: World) -> Made:
    user = _one_more_owner(tenant_of(world.acme), "disabled@acme.test").user
    key = key_of(world.acme, creator=user)[1]
    caller = person(world.acme, user.email, **_refused("token_revoked"))
    user_update(user=user, data={"is_active": False}, actor=SYSTEM)
    yield caller
    yield program(world.acme, key, **_refused("token_revoked"))


def _changed_password(world: World) -> Made:
    user = _one_more_owner(tenant_of(world.acme), "changed@acme.test").user
    caller = person(world.acme, user.email, **_refused("token_revoked"))
    user_set_password(user=user, password="a password that is new", actor=SYSTEM)
    yield caller


def _expired_key(world: World) -> Made:
    key, client = key_of(world.acme)
    ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    yield program(world.acme, client, **_refused("api_key_expired"))


def _revoked_key(world: World) -> Made:
    key, client = key_of(world.acme)
    api_key_revoke(api_key=key, actor=SYSTEM)
    yield program(world.acme, client, **_refused("api_key_invalid"))


def _key_from_elsewhere(world: World) -> Made:
    client = key_of(world.acme, allowed_networks=["192.0.2.0/24"])[1]
    yield program(world.acme, client, **_refused("api_key_network"))


def _key_and_token_at_once(world: World) -> Made:
    """Each good for itself: which of them counts?"""
    headers = {"X-API-Key": world.acme.given["key"]}
    yield person(world.acme, headers=headers, **_refused("two_credentials"))


def _shut(
    close: Callable[[Tenant], object], reopen: Callable[[Tenant], object], code: str
) -> Maker:
    def make(world: World) -> Made:
        side, tenant = world.acme, tenant_of(world.acme)
        known = {**_refused(code, 403), "door_refused": (403, code), "calls": _everything}
        visitor = browser_at(side, with_csrf=True)
        callers = (
            person(side, **known),
            program(side, **known),
            Caller(client=visitor, own=side, named=side, **known),
        )
        close(tenant)
        try:
            yield from callers
        finally:
            reopen(tenant)

    return make


def _purged_tenant(world: World) -> Made:
    """Credentials of a tenant that is gone, at the objects of another."""
    tenant = tenant_create(slug="umbrella", name="Umbrella", plan_slug="pro", actor=SYSTEM)
    user = _one_more_owner(tenant, "uma@umbrella.test").user
    client = signed_in(user.email)
    tenant_delete(tenant=tenant, actor=SYSTEM)
    tenant_purge(tenant=tenant, actor=SYSTEM)
    yield person(world.acme, client=client, **_refused("token_revoked"))


def _staff_in_the_back_office(world: World) -> Made:
    """A superuser at its door, and then at work inside Acme: neither opens the API."""
    client = APIClient()
    client.force_login(User.objects.get(email=STAFF))
    staff = Caller(client=client, own=world.acme, named=world.acme, **_refused("not_authenticated"))
    yield staff
    url = reverse("admin:tenants_tenant_work_inside", args=[world.acme.tenant_id])
    entered = client.post(url, urlencode({"reason": "A test."}), content_type=FORM)
    assert entered.status_code == 302, entered.content
    yield staff


REFUSED: Final[dict[str, Maker]] = {
    "anonymous": _anonymous,
    "made-up token": _made_up_token,
    "expired token": _expired_token,
    "signed out": _signed_out,
    "removed member": _removed_member,
    "disabled user": _disabled_user,
    "changed password": _changed_password,
    "expired key": _expired_key,
    "revoked key": _revoked_key,
    "key from elsewhere": _key_from_elsewhere,
    "key and token at once": _key_and_token_at_once,
    "suspended tenant": _shut(
        lambda tenant: tenant_suspend(tenant=tenant, reason="Unpaid.", actor=SYSTEM),
        lambda tenant: tenant_activate(tenant=tenant, actor=SYSTEM),
        "tenant_suspended",
    ),
    "tenant about to be deleted": _shut(
        lambda tenant: tenant_delete(tenant=tenant, actor=SYSTEM),
        lambda tenant: tenant_restore(tenant=tenant, actor=SYSTEM),
        "tenant_not_usable",
    ),
    "purged tenant": _purged_tenant,
    "staff in the back office": _staff_in_the_back_office,
}
