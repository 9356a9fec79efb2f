"""Failed sign-ins are slowed, at each door, and nobody is locked out by others."""

from __future__ import annotations

import logging
import threading

import pytest
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from blip0.common.metrics import METRICS
from blip0.testing.world import PASSWORD, STAFF
from tenants.store import attempts
from tenants.store.client import cache_redis

LOGIN = "/api/v1/login"
VICTIM = "ana@acme.test"
COUNTS = "blip0:attempts:*"


def login(email=VICTIM, password="wrong", address="192.0.2.1"):
    return APIClient().post(LOGIN, {"email": email, "password": password}, REMOTE_ADDR=address)


def counted(metric, **labels):
    return METRICS.get_sample_value(metric, labels)


def statuses(count, **how):
    return [login(**how).status_code for _ in range(count)]


def waits():
    """The keys that say when the next attempt is looked at."""
    return [key for key in cache_redis().keys(COUNTS) if cache_redis().type(key) == b"hash"]


def let_waits_pass():
    for key in waits():
        cache_redis().hset(key, "next", 0)


def seconds(time):
    return time[0] + time[1] / 1_000_000


def test_login__failing_again_and_again__is_429_with_the_time_to_wait(acme):
    assert statuses(5) == [401] * 5

    answer = login()

    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts")
    assert answer["Content-Type"] == "application/problem+json"
    assert 1 <= int(answer["Retry-After"]) <= attempts.FIRST_WAIT_S
    # The right password waits too: else it could be told from the wrong ones.
    assert login(password=PASSWORD).status_code == 429


def test_login__after_the_wait__is_looked_at_and_the_next_wait_is_longer(acme):
    statuses(5)
    assert login().status_code == 429
    let_waits_pass()

    assert login().status_code == 401
    assert attempts.FIRST_WAIT_S < int(login()["Retry-After"]) <= 2 * attempts.FIRST_WAIT_S


def test_login__right_after_a_few_failures__is_forgiven(acme):
    assert statuses(4) == [401] * 4
    assert login(password=PASSWORD).status_code == 200

    assert statuses(5) == [401] * 5


def test_login__right_wrong_and_slowed__are_counted(acme):
    metric = "blip0_sign_in_passwords_total"
    before = {result: counted(metric, result=result) for result in ("right", "wrong", "slowed")}

    assert login(password=PASSWORD).status_code == 200
    assert statuses(6) == [401] * 5 + [429]

    after = {result: counted(metric, result=result) - count for result, count in before.items()}
    assert after == {"right": 1, "wrong": 5, "slowed": 1}


def test_login__unknown_account__is_slowed_just_the_same(acme):
    assert statuses(6, email="nobody@acme.test") == [401] * 5 + [429]


def test_login__in_another_spelling__counts_as_the_same_account(acme):
    spellings = [VICTIM, VICTIM.upper(), f" {VICTIM}", f"{VICTIM} ", VICTIM.title(), VICTIM]

    assert [login(email=email).status_code for email in spellings] == [401] * 5 + [429]


def test_login__victim_from_another_address__is_never_locked_out(acme):
    """However many addresses somebody tries from."""
    for number in range(60):
        login(address=f"198.51.100.{number}")

    assert login(password=PASSWORD, address="192.0.2.99").status_code == 200
    # A new address has fewer guesses by now.
    assert statuses(3, address="203.0.113.5") == [401, 401, 429]


def test_login__one_address_trying_many_accounts__is_slowed(acme):
    outcome = [
        login(email=f"p{number}@acme.test").status_code
        for number in range(attempts.FREE_FAILURES_OF_ADDRESS + 1)
    ]

    assert outcome[:-1] == [401] * attempts.FREE_FAILURES_OF_ADDRESS
    assert outcome[-1] == 429
    assert login(password=PASSWORD, address="192.0.2.99").status_code == 200


def test_login__addresses_of_one_ipv6_network__count_as_one(acme):
    outcome = [login(address=f"2001:db8::{number}").status_code for number in range(6)]

    assert outcome == [401] * 5 + [429]
    assert login(address="2001:db8:0:1::1").status_code == 401


def test_wait__of_the_product__begins_with_a_second(in_haste):
    """The other tests' begin with a minute: theirs is not over before it is looked at."""
    for _ in range(attempts.FREE_FAILURES - 1):
        attempts.attempt_count(account="x", address="192.0.2.1")

    before = cache_redis().time()
    attempts.attempt_count(account="x", address="192.0.2.1")
    after = cache_redis().time()

    [until] = [until for key in waits() if (until := cache_redis().hget(key, "next"))]
    assert seconds(before) + 1 <= float(until) <= seconds(after) + 1


def test_login__twenty_guesses_at_once__five_are_looked_at(committed, acme):
    barrier = threading.Barrier(20)
    outcome = []

    def guess():
        try:
            barrier.wait()
            outcome.append(login().status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=guess) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcome) == [401] * 5 + [429] * 15


def test_wait__after_very_many_failures__is_a_quarter_of_an_hour_at_most(acme):
    waited = []
    for _ in range(12):
        attempts.attempt_count(account="x", address="192.0.2.1")
        waited.append(attempts.attempt_count(account="x", address="192.0.2.1"))
        let_waits_pass()

    assert attempts.LONGEST_WAIT_S / 2 < max(waited) <= attempts.LONGEST_WAIT_S


def test_login__redis_away__people_sign_in_and_the_log_says_so(acme, settings, caplog):
    settings.REDIS_CACHE_URL = "redis://127.0.0.1:9/0"
    before = counted("blip0_cache_unavailable_total", use="sign_in")

    with caplog.at_level(logging.WARNING):
        assert statuses(7) == [401] * 7
        assert login(password=PASSWORD).status_code == 200

    # Seven that fail; one that is right, which is to be forgiven besides.
    assert counted("blip0_cache_unavailable_total", use="sign_in") == before + 9
    assert "sign_in.attempts_uncounted" in caplog.text
    assert VICTIM not in caplog.text


def test_redis__after_failures__holds_no_address_and_no_account(acme, settings):
    statuses(3)

    keys = cache_redis().keys(COUNTS)

    assert len(keys) == 3
    assert not any(b"ana" in key or b"192" in key for key in keys)
    assert all(cache_redis().ttl(key) > 0 for key in keys)


def test_back_office__failing_again_and_again__is_a_429_page(acme):
    client = Client(REMOTE_ADDR="192.0.2.1")
    form = {"username": STAFF, "password": "wrong"}

    outcome = [client.post("/admin/login/", form) for _ in range(6)]

    assert [answer.status_code for answer in outcome] == [200] * 5 + [429]
    assert int(outcome[-1]["Retry-After"]) >= 1
    assert "try again in" in outcome[-1].content.decode()


def test_doors__all_of_them__count_together(acme):
    client = Client(REMOTE_ADDR="192.0.2.1")
    for _ in range(3):
        client.post("/admin/login/", {"username": VICTIM, "password": "wrong"})

    assert statuses(3) == [401, 401, 429]


@pytest.mark.parametrize("address", ["", "unix:", "not an address"])
def test_login__address_unknown__is_counted_by_account(acme, address):
    assert statuses(6, address=address) == [401] * 5 + [429]
