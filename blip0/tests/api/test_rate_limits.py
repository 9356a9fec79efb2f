"""Calls are counted by tenant and credential, exactly, whoever calls at once."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
import redis
from django.conf import settings as django_settings

from blip0.common.api import views
from blip0.common.api.rate_limits import STEPS, Policy, RateLimiter
from blip0.common.metrics import METRICS
from blip0.testing.api import ana, olga, vic
from blip0.testing.live import CLIENTS, at_once, bearer, call, live_server
from tenants.models import LimitOverride, Plan

URL = "/api/v1/networks"
CACHE = str(django_settings.CACHES["default"]["LOCATION"])
UNMETERED = "blip0_api_calls_unmetered_total"
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def limiter():
    return RateLimiter(CACHE)


@pytest.fixture
def counts():
    client = redis.Redis.from_url(CACHE)
    yield client
    client.close()


def limited(tenant, value):
    LimitOverride.objects.update_or_create(
        tenant=tenant, limit="api_calls_per_hour", defaults={"value": value, "reason": "test"}
    )


def policy(**changes):
    whole = Policy(name="t", subject="s", key="rate:test", quota=3, window_s=60)
    return replace(whole, **changes)


def test_answer__of_any_kind__says_what_is_left(acme):
    limited(acme, 1000)
    client = ana()

    began = int(time.time())
    first, missing, wrong = client.get(URL), client.get(f"{URL}/none"), client.post(URL, {})
    ended = int(time.time())

    assert [first.status_code, missing.status_code, wrong.status_code] == [200, 404, 405]
    assert first["RateLimit-Policy"] == '"tenant";q=1000;w=3600, "key";q=600;w=60'
    assert [answer["X-RateLimit-Remaining"] for answer in (first, missing, wrong)] == [
        "599",
        "598",
        "597",
    ]
    tenant, key = first["RateLimit"].split(", ")
    assert tenant.startswith('"tenant";r=999;t=')
    assert key.startswith('"key";r=599;t=')
    assert 3600 < int(tenant.rpartition("=")[2]) <= 3660
    assert began + 61 <= int(first["X-RateLimit-Reset"]) <= ended + 61


def test_limit__20_clients_at_once__exactly_that_many_are_served(committed, acme, globex):
    limited(acme, 30)
    with live_server() as server:
        ana_s, olga_s = bearer(server, "ana@acme.test"), bearer(server, "olga@globex.test")
        rounds = [at_once(lambda _: call("GET", server + URL, **ana_s)) for _ in range(3)]
        other = call("GET", server + URL, **olga_s)

    statuses = [reply.status for replies in rounds for reply in replies]
    assert (statuses.count(200), statuses.count(429)) == (30, 3 * CLIENTS - 30)
    assert other.status == 200


def test_refusal__429_problem__says_when_to_come_back(acme):
    limited(acme, 1)
    client = ana()
    client.get(URL)

    answer = client.get(URL)

    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert answer["Content-Type"] == "application/problem+json"
    assert 3540 <= int(answer["Retry-After"]) <= 3660
    assert answer["X-RateLimit-Remaining"] == "0"


def test_limit__used_up_by_one_person__holds_for_the_whole_tenant_and_no_other(acme, globex):
    limited(acme, 2)
    client = ana()
    for _ in range(3):
        client.get(URL)

    assert vic().get(URL).status_code == 429
    assert olga().get(URL).status_code == 200


def test_limit__plan_and_override_changed__hold_for_the_next_call(acme):
    client = ana()
    for value in (7, 8):
        limited(acme, value)
        assert client.get(URL)["RateLimit-Policy"].startswith(f'"tenant";q={value};')
    LimitOverride.objects.all().delete()
    Plan.objects.filter(pk=acme.plan_id).update(api_calls_per_hour=9)
    assert client.get(URL)["RateLimit-Policy"].startswith('"tenant";q=9;')


def test_limit__unchanged__is_known_without_a_query(acme, count_queries):
    client = ana()
    client.get("/api/v1/me")

    with count_queries() as log:
        quota = acme.plan.api_calls_per_hour
        answer = client.get("/api/v1/me")

    assert answer["RateLimit-Policy"].startswith(f'"tenant";q={quota};')
    assert not len(log)


def test_credential__burst_used_up__leaves_the_tenants_hour_to_others(limiter):
    tenant, mine = policy(key="rate:tenant", quota=10), policy(key="rate:mine", quota=2)
    yours = policy(key="rate:yours", quota=2)

    assert [limiter.spend([tenant, mine]).allowed for _ in range(4)] == [True, True, False, False]
    allowance = limiter.spend([tenant, yours])

    assert allowance.allowed
    assert allowance.standings[0].remaining == 10 - 3  # refused calls cost nothing


def test_window__steps_pass__gives_each_call_back_after_a_whole_window(limiter, counts):
    now = int(counts.time()[0])
    counts.hset("rate:test", mapping={now - STEPS - 1: 2, now - STEPS + 5: 2})

    first, second = limiter.spend([policy()]), limiter.spend([policy()])
    passed = int(counts.time()[0]) - now

    assert (first.allowed, first.tightest.remaining) == (True, 0)
    assert (second.allowed, second.tightest.remaining) == (False, 0)
    assert 6 - passed <= second.tightest.wait_s <= 6
    assert 0 < counts.ttl("rate:test") <= STEPS + 2


def test_limit__lowered_below_what_was_used__waits_until_enough_is_given_back(limiter, counts):
    now = int(counts.time()[0])
    counts.hset("rate:test", mapping={now - 50: 1, now - 40: 1, now - 30: 1, now - 20: 1})

    wait = limiter.spend([policy(quota=2)]).tightest.wait_s
    passed = int(counts.time()[0]) - now

    assert 31 - passed <= wait <= 31  # until the third of the four


@pytest.mark.django_db
def test_redis_down__calls__are_served_and_counted_without_waiting(acme, monkeypatch):
    client, absent = ana(), RateLimiter(NOWHERE)
    before = METRICS.get_sample_value(UNMETERED)
    assert before is not None
    # The one thing that can't be had for real: this worker's cache serves the other tests.
    monkeypatch.setattr(views, "rate_limiter", lambda: absent)

    answers = [client.get(URL) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert METRICS.get_sample_value(UNMETERED) == before + 3
    assert "RateLimit" not in answers[0]
