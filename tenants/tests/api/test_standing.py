"""What credentials stand on is cached, and yet holds with the next request.

Each change is made in the ways that matter: with facts in the cache, with the cache emptied, with
the cache away, and with a cache that hangs while the change is made and then comes back.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
import redis
from django.core.cache import cache
from django.db import connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from blip0.common.actors import Actor
from blip0.testing import PROJECT_ROOT
from blip0.testing.api import olga, signed_in
from tenants.api.principals import TenantPrincipal
from tenants.choices import FamilyEnd, Limit, Role
from tenants.contracts import role_permissions
from tenants.models import (
    ApiKey,
    Domain,
    LimitOverride,
    Membership,
    Plan,
    Tenant,
    TokenFamily,
    User,
)
from tenants.selectors.standing import family_standing
from tenants.services.accounts import user_set_password, user_update
from tenants.services.api_keys import api_key_create, api_key_revoke
from tenants.services.families import families_end
from tenants.services.lifecycle import tenant_activate, tenant_suspend
from tenants.services.members import member_change_role, member_remove
from tenants.services.settings import domain_add, domain_remove, plan_update
from tenants.store import facts

ME = "/api/v1/me"
ACTOR = Actor.system("tests")
NOWHERE = "redis://127.0.0.1:9/0"


def eli() -> User:
    return User.objects.get(email="eli@acme.test")


def membership() -> Membership:
    return Membership.objects.select_related("user", "tenant").get(user__email="eli@acme.test")


def outcome(client: APIClient) -> tuple[int, str]:
    answer = client.get(ME)
    body = answer.json()
    return answer.status_code, body["role"] if answer.status_code == 200 else body["code"]


CHANGES: dict[str, tuple[Callable[[], object], tuple[int, str]]] = {
    "role changed": (
        lambda: member_change_role(membership=membership(), role="viewer", actor=ACTOR),
        (200, "viewer"),
    ),
    "role changed by a statement": (
        lambda: Membership.objects.filter(user=eli()).update(role=Role.ADMIN),
        (200, "admin"),
    ),
    "member removed": (
        lambda: member_remove(membership=membership(), actor=ACTOR),
        (401, "token_revoked"),
    ),
    "user disabled": (
        lambda: user_update(user=eli(), data={"is_active": False}, actor=ACTOR),
        (401, "token_revoked"),
    ),
    "password set": (
        lambda: user_set_password(user=eli(), password="another long one", actor=ACTOR),
        (401, "token_revoked"),
    ),
    "sign-in ended": (
        lambda: families_end(user=eli(), reason=FamilyEnd.SIGNED_OUT, now=timezone.now()),
        (401, "token_revoked"),
    ),
    "tenant suspended": (
        lambda: tenant_suspend(
            tenant=Tenant.objects.get(slug="acme"), reason="Unpaid.", actor=ACTOR
        ),
        (403, "tenant_suspended"),
    ),
}


@pytest.fixture
def hang(settings) -> Iterator[Callable[[int], object]]:
    """Makes the cache's server hang, for milliseconds."""
    client = redis.Redis.from_url(settings.REDIS_CACHE_URL)
    yield lambda ms: client.client_pause(ms, all=True)
    client.close()


@pytest.mark.parametrize("way", ["warm", "emptied", "away", "hanging"])
@pytest.mark.parametrize("name", CHANGES)
def test_change__whatever_the_cache_does__holds_with_the_next_request(
    acme, globex, settings, in_haste, hang, name, way
):
    change, expected = CHANGES[name]
    client, other = signed_in("eli@acme.test"), olga()
    assert outcome(client) == (200, "editor")
    assert outcome(client) == (200, "editor")
    if way == "away":
        settings.REDIS_CACHE_URL = NOWHERE
    if way == "hanging":
        hang(700)

    change()
    if way == "emptied":
        cache.clear()
    if way == "hanging":
        time.sleep(0.8)

    assert outcome(client) == expected
    assert outcome(client) == expected
    assert outcome(other) == (200, "owner")


def test_requests__nothing_changed__ask_the_cache_only(acme, count_queries):
    client = signed_in("eli@acme.test")
    outcome(client)

    with count_queries() as log:
        assert [outcome(client) for _ in range(5)] == [(200, "editor")] * 5

    assert log.statements == []


def test_requests__each__take_one_round_trip_to_stand_and_one_to_be_counted(acme, monkeypatch):
    client = signed_in("eli@acme.test")
    outcome(client)
    calls = []
    real = redis.Redis.execute_command

    def execute(self, *arguments, **options):
        calls.append(arguments[0])
        return real(self, *arguments, **options)

    monkeypatch.setattr(redis.Redis, "execute_command", execute)
    outcome(client)

    assert calls == ["MGET", "EVALSHA"]


def test_requests__cache_away__take_one_query(acme, settings, count_queries):
    client = signed_in("eli@acme.test")
    settings.REDIS_CACHE_URL = NOWHERE

    for _ in range(3):
        with count_queries() as log:
            assert outcome(client) == (200, "editor")
        assert len(log) == 1, log.statements


def test_cache_away__seen_once__is_left_alone_for_a_while(acme, settings):
    client = signed_in("eli@acme.test")
    outcome(client)
    url = settings.REDIS_CACHE_URL
    settings.REDIS_CACHE_URL = NOWHERE
    outcome(client)
    settings.REDIS_CACHE_URL = url

    # What is in it may be older than a change that couldn't be told.
    assert facts.facts_read(["user:x"]) is None


def test_fact__buried_while_a_reader_has_the_old_state__stays_unknown(db):
    asked_at = time.monotonic()
    facts.facts_forget(["user:1"])

    facts.facts_keep({"user:1": {"old": True}}, asked_at=asked_at)

    assert facts.facts_read(["user:1"]) == {}


def test_fact__asked_too_long_ago__is_not_kept(db):
    facts.facts_keep({"user:1": {}}, asked_at=time.monotonic() - facts.FILLED_WITHIN_S - 1)

    assert facts.facts_read(["user:1"]) == {}


def test_facts__all_buried__are_unknown_until_the_oldest_has_expired(db, in_haste):
    facts.facts_keep({"user:1": {"a": 1}}, asked_at=time.monotonic())
    assert facts.facts_read(["user:1"]) == {"user:1": {"a": 1}}

    facts.facts_forget_all()

    assert facts.facts_read(["user:1"]) is None
    assert facts.GRAVESTONE_S >= facts.KEPT_S + facts.FILLED_WITHIN_S


def test_change__not_committed_yet__no_reader_keeps_the_old_state(committed, acme):
    """A process that dies right after its commit has told the cache before."""
    client = signed_in("eli@acme.test")
    outcome(client)
    told = []

    def read_meanwhile():
        told.append(outcome(client))
        connection.close()

    changed = membership()
    with transaction.atomic():
        member_change_role(membership=changed, role="viewer", actor=ACTOR)
        thread = threading.Thread(target=read_meanwhile)
        thread.start()
        thread.join()
        # As if it were killed after the commit, before anything else.
        connection.run_on_commit.clear()

    assert told == [(200, "editor")]
    assert outcome(client) == (200, "viewer")


def test_change__while_others_read__is_seen_after_its_commit_each_time(committed, acme):
    client = signed_in("eli@acme.test")
    stop = threading.Event()

    def read_on():
        while not stop.is_set():
            outcome(client)
        connection.close()

    readers = [threading.Thread(target=read_on) for _ in range(3)]
    for reader in readers:
        reader.start()
    seen = []
    try:
        for role in ["viewer", "editor", "admin"] * 5:
            member_change_role(membership=membership(), role=role, actor=ACTOR)
            seen.append((role, outcome(client)[1]))
    finally:
        stop.set()
        for reader in readers:
            reader.join()

    assert all(wanted == got for wanted, got in seen), seen


def test_change__in_another_process__holds_with_the_next_request(committed, acme):
    client = signed_in("eli@acme.test")
    assert outcome(client) == (200, "editor")
    assert outcome(client) == (200, "editor")
    parts = urlsplit(os.environ["DATABASE_URL"])
    name = connection.settings_dict["NAME"]
    environ = {**os.environ, "DATABASE_URL": parts._replace(path=f"/{name}").geturl()}

    done = subprocess.run(
        [sys.executable, "manage.py", "tenant_suspend", "acme", "--reason", "Unpaid."],
        cwd=PROJECT_ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert outcome(client) == (403, "tenant_suspended")


def test_sign_in__revoked__comes_back_by_nothing(acme):
    """Not by the reason's end, not by an empty cache."""
    client = signed_in("eli@acme.test")
    user_update(user=eli(), data={"is_active": False}, actor=ACTOR)
    user_update(user=eli(), data={"is_active": True}, actor=ACTOR)
    cache.clear()

    assert outcome(client) == (401, "token_revoked")


def test_member__removed_and_added_again__old_tokens_and_keys_stay_dead(acme):
    client = signed_in("eli@acme.test")
    key, _ = api_key_create(
        tenant_id=acme.pk,
        creator=eli(),
        held=role_permissions("editor"),
        name="CI",
        scopes=["monitors.read"],
        actor=ACTOR,
    )
    member_remove(membership=membership(), actor=ACTOR)
    Membership.objects.create(tenant=acme, user=eli(), role=Role.OWNER)

    assert outcome(client) == (401, "token_revoked")
    assert ApiKey.objects.get(pk=key.pk).revoked_at is not None


def test_tenant__active_again__sign_ins_go_on(acme):
    client = signed_in("eli@acme.test")
    tenant_suspend(tenant=acme, reason="Unpaid.", actor=ACTOR)
    assert outcome(client) == (403, "tenant_suspended")

    tenant_activate(tenant=acme, actor=ACTOR)

    assert outcome(client) == (200, "editor")


def calls_per_hour() -> int:
    family = TokenFamily.objects.select_related("user", "tenant").get(user=eli())
    standing = family_standing(
        family_id=family.pk,
        user_id=family.user_id,
        tenant_id=family.tenant_id,
        host="testserver",
    )
    assert standing is not None
    principal = TenantPrincipal.of_family(standing.person, family.pk)
    return principal.person.api_calls_per_hour


def test_plan__changed_overridden_or_another__holds_with_the_next_request(acme):
    signed_in("eli@acme.test")
    plan = Plan.objects.get(slug="pro")
    assert calls_per_hour() == calls_per_hour() == plan.api_calls_per_hour

    plan_update(plan=plan, data={"api_calls_per_hour": 7}, actor=ACTOR)
    assert calls_per_hour() == 7
    cache.clear()
    assert calls_per_hour() == 7
    Tenant.objects.filter(pk=acme.pk).update(plan="free")
    assert calls_per_hour() == Plan.objects.get(slug="free").api_calls_per_hour
    cache.clear()
    calls_per_hour()
    override = LimitOverride.objects.create(
        tenant=acme, limit=Limit.API_CALLS, value=3, reason="Agreed."
    )
    assert calls_per_hour() == 3
    cache.clear()
    calls_per_hour()
    override.delete()
    assert calls_per_hour() == Plan.objects.get(slug="free").api_calls_per_hour


def test_host__of_another_tenant__is_403_and_ones_own_or_nobodys_is_not(acme, globex, settings):
    client = signed_in("eli@acme.test")
    settings.ALLOWED_HOSTS = [".example.org"]
    hosts = ["acme.example.org", "globex.example.org", "www.example.org", "GLOBEX.example.org:443"]

    def statuses() -> list[int]:
        return [client.get(ME, headers={"Host": host}).status_code for host in hosts]

    assert statuses() == [200, 200, 200, 200]
    for tenant in (acme, globex):
        name = f"{tenant.slug}.example.org"
        domain_add(tenant=tenant, domain=name, is_primary=True, actor=ACTOR)

    assert statuses() == [200, 403, 200, 403]
    domain_remove(domain=Domain.objects.get(domain="globex.example.org"), actor=ACTOR)
    assert statuses() == [200, 200, 200, 200]


def test_key__revoked__is_refused_with_the_next_request(acme):
    key, text = api_key_create(
        tenant_id=acme.pk,
        creator=eli(),
        held=role_permissions("editor"),
        name="CI",
        scopes=["monitors.read"],
        actor=ACTOR,
    )
    client = APIClient(headers={"X-API-Key": str(text)})
    assert [client.get(ME).status_code for _ in range(2)] == [200, 200]

    api_key_revoke(api_key=key, actor=ACTOR)

    assert client.get(ME).status_code == 401
