"""Changing a password, and getting a new one by email."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from blip0.testing.api import ana, signed_in
from blip0.testing.world import PASSWORD, STAFF
from tenants.models import AuditRecord, User
from tenants.services import passwords
from tenants.tasks import send_password_reset

LOGIN, ME, CHANGE = "/api/v1/login", "/api/v1/me", "/api/v1/me/password"
RESET, CONFIRM = "/api/v1/password-reset", "/api/v1/password-reset/confirm"
NEW = "another rather long password"


def change(client, current=PASSWORD, new=NEW):
    return client.post(CHANGE, {"current_password": current, "new_password": new})


def signs_in(email, password):
    return APIClient().post(LOGIN, {"email": email, "password": password}).status_code == 200


def token_for(email):
    """What the worker sends."""
    mail.outbox.clear()
    send_password_reset(email)
    (message,) = mail.outbox
    assert message.to == [email]
    return re.findall(r"^    (\S{60,})$", str(message.body), re.MULTILINE)[0]


def confirm(token, password=NEW):
    return APIClient().post(CONFIRM, {"token": token, "password": password})


def test_change__right_password__this_sign_in_stays_and_all_others_end(acme):
    client, other = ana(), ana()

    assert change(client).status_code == 204

    assert client.get(ME).status_code == 200
    assert other.get(ME).status_code == 401
    assert signs_in("ana@acme.test", NEW)
    assert not signs_in("ana@acme.test", PASSWORD)
    record = AuditRecord.objects.get(action="user.password_set")
    assert record.actor_name == "ana@acme.test"
    assert NEW not in str(record.__dict__)


@pytest.mark.parametrize(
    ("current", "new", "pointer"),
    [
        ("wrong", NEW, "/current_password"),
        (PASSWORD, "short", "/new_password"),
        (PASSWORD, "ana@acme.test", "/new_password"),
    ],
)
def test_change__refused__is_422_and_nothing_changes(acme, current, new, pointer):
    client, other = ana(), ana()

    answer = change(client, current, new)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert other.get(ME).status_code == 200
    assert signs_in("ana@acme.test", PASSWORD)


def test_change__guessing_the_current_one__is_slowed(acme):
    client = ana()

    statuses = [change(client, current="wrong").status_code for _ in range(6)]

    assert statuses == [422] * 5 + [429]


def test_reset__known_and_unknown_address__is_one_and_the_same_answer(acme):
    answers = [
        APIClient().post(RESET, {"email": email})
        for email in ("ana@acme.test", "nobody@acme.test", "no address", STAFF)
    ]

    assert [answer.status_code for answer in answers] == [202] * 4
    assert {answer.content for answer in answers} == {b""}
    assert mail.outbox == []


def test_reset__asked_for__is_left_to_the_worker_for_any_address(committed, acme, worker):
    for email in ("ana@acme.test", "nobody@acme.test"):
        assert APIClient().post(RESET, {"email": email}).status_code == 202

    assert [message.to for message in mail.outbox] == [["ana@acme.test"]]


def test_reset__token__sets_the_password_once_and_ends_all_sign_ins(acme):
    client, token = ana(), token_for("ana@acme.test")

    assert confirm(token).status_code == 204

    assert client.get(ME).status_code == 401
    assert signs_in("ana@acme.test", NEW)
    again = confirm(token, "a third long password")
    assert (again.status_code, again.json()["errors"][0]["code"]) == (422, "reset_token_invalid")
    assert signs_in("ana@acme.test", NEW)
    assert token not in str(list(AuditRecord.objects.values()))


def test_reset__two_with_one_token_at_once__one_succeeds(committed, acme):
    token = token_for("ana@acme.test")
    barrier = threading.Barrier(2)
    statuses = []

    def use(number):
        try:
            barrier.wait()
            statuses.append(confirm(token, f"password number {number} of two").status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=use, args=[number]) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [204, 422]


def test_reset__weak_password__is_422_and_the_token_stays_good(acme):
    token = token_for("ana@acme.test")

    assert confirm(token, "short").json()["errors"][0]["pointer"] == "/password"
    assert confirm(token).status_code == 204


def test_reset__token_older_than_an_hour__is_422(acme, monkeypatch):
    past = timezone.make_naive(timezone.now()) - timedelta(minutes=61)  # as Django's own clock
    with monkeypatch.context() as patched:
        patched.setattr(passwords._Generator, "_now", lambda _: past)
        token = token_for("ana@acme.test")

    assert confirm(token).status_code == 422


def test_reset__password_changed_meanwhile__token_is_void(acme):
    token = token_for("ana@acme.test")
    change(ana())

    assert confirm(token, "a third long password").status_code == 422


def test_reset__token_of_one_for_another__is_422(acme, globex):
    anas, olgas = token_for("ana@acme.test"), token_for("olga@globex.test")
    mixed = f"{olgas.partition('.')[0]}.{anas.partition('.')[2]}"

    assert confirm(mixed).status_code == 422
    assert signs_in("olga@globex.test", PASSWORD)


@pytest.mark.parametrize("token", ["", ".", "x.y", "a" * 200, "é", "a\x00.b"])
def test_reset__made_up_token__is_422(acme, token):
    assert confirm(token).status_code == 422


@pytest.mark.parametrize("email", ["nobody@acme.test", STAFF])
def test_reset__nobody_or_staff__gets_no_mail(acme, email):
    send_password_reset(email)

    assert mail.outbox == []


def test_reset__disabled_account__gets_no_mail_and_its_token_is_void(acme):
    token = token_for("ana@acme.test")
    User.objects.filter(email="ana@acme.test").update(is_active=False)
    mail.outbox.clear()

    assert confirm(token).status_code == 422
    send_password_reset("ana@acme.test")
    assert mail.outbox == []


def test_reset__account_without_a_password__gets_its_first(acme):
    User.objects.create_user("own@example.org")

    assert confirm(token_for("own@example.org")).status_code == 204
    assert User.objects.get(email="own@example.org").check_password(NEW)


def test_reset__asked_for_again_and_again__is_slowed_and_signing_in_is_not(acme):
    statuses = [APIClient().post(RESET, {"email": "ana@acme.test"}).status_code for _ in range(7)]

    assert statuses[:5] == [202] * 5
    assert 429 in statuses
    assert signed_in("ana@acme.test").get(ME).status_code == 200
