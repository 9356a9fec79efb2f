"""A POST with an `Idempotency-Key` has one effect, however often and whenever it is sent."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections, transaction
from django.test import override_settings
from django.urls import path
from rest_framework.response import Response

from blip0.common.api.views import TenantView
from blip0.common.tenancy import in_tenant
from blip0.testing.api import ana, olga, signed_in
from blip0.testing.live import CLIENTS, at_once, bearer, call, live_server
from blip0.urls import urlpatterns as real_urlpatterns
from monitors.models import Monitor
from monitors.tests.factories import make_monitor_document
from tenants.models import AuditRecord, KeptAnswer
from tenants.services.answers import KeptAnswers, kept_answers_prune
from tenants.store.facts import facts_forget_all

URL = "/api/v1/monitors"
KEY = {"Idempotency-Key": "order-1"}


class SecretView(TenantView):
    read_permission = None
    write_permission = None
    one_time = ("secret",)

    def post(self, request):
        return Response({"id": 1, "secret": "shown once"}, status=201)


urlpatterns = [path("api/v1/secrets", SecretView.as_view()), *real_urlpatterns]


def monitors(tenant):
    with in_tenant(tenant.pk):
        return Monitor.objects.count()


def test_post__same_key_and_payload__is_answered_alike_and_done_once(acme):
    client, document = ana(), make_monitor_document()
    shuffled = dict(reversed(document.items()))

    first = client.post(URL, document, headers=KEY)
    again = client.post(URL, shuffled, headers=KEY)

    assert (first.status_code, again.status_code) == (201, 201), first.content
    assert again.content == first.content
    for name in ("ETag", "Location", "Content-Type"):
        assert again[name] == first[name]
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert again["X-Request-ID"] != first["X-Request-ID"]
    assert monitors(acme) == 1
    assert AuditRecord.objects.filter(action="monitor.created").count() == 1


def test_post__same_key_and_another_payload__is_422_and_does_nothing(acme):
    client = ana()
    client.post(URL, make_monitor_document(), headers=KEY)

    answer = client.post(URL, make_monitor_document(name="B", slug="b"), headers=KEY)

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert monitors(acme) == 1


def test_trial__with_a_key__takes_no_place_and_is_answered_anew(acme):
    client, document = ana(), make_monitor_document()
    tried = [client.post(f"{URL}?validate_only=true", document, headers=KEY) for _ in range(2)]

    assert [answer.status_code for answer in tried] == [200, 200]
    assert not any("Idempotency-Replayed" in answer for answer in tried)
    assert not KeptAnswer.objects.exists()
    assert client.post(URL, document, headers=KEY).status_code == 201


def test_post__same_key_elsewhere__is_another_request(acme, globex):
    """Another person, tenant or path: a key is no one else's business."""
    client = ana()
    document = make_monitor_document()
    first = client.post(URL, document, headers=KEY).json()

    colleague = signed_in("eli@acme.test").post(URL, document, headers=KEY)
    stranger = olga().post(URL, document, headers=KEY)
    paused = client.post(f"{URL}/{first['id']}/pause", headers=KEY)

    assert (colleague.status_code, colleague.json()["code"]) == (409, "name_taken")
    assert (stranger.status_code, "Idempotency-Replayed" in stranger) == (201, False)
    assert stranger.json()["id"] != first["id"]
    assert paused.json()["paused"] is True


def test_post__action_repeated_after_a_change__replays_and_leaves_the_change(acme):
    client = ana()
    monitor = client.post(URL, make_monitor_document()).json()
    url = f"{URL}/{monitor['id']}"
    first = client.post(f"{url}/pause", headers=KEY)
    client.post(f"{url}/resume")

    again = client.post(f"{url}/pause", headers=KEY)

    assert again.json() == first.json()
    assert client.get(url).json()["paused"] is False


def test_post__refused__keeps_nothing_and_may_be_tried_again(acme):
    client = ana()

    refused = client.post(URL, make_monitor_document(networks=["nowhere"]), headers=KEY)
    done = client.post(URL, make_monitor_document(), headers=KEY)

    assert (refused.status_code, done.status_code) == (422, 201)
    assert KeptAnswer.objects.count() == 1


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "ümlaut"])
def test_post__malformed_key__is_422_and_does_nothing(acme, key):
    answer = ana().post(URL, make_monitor_document(), headers={"Idempotency-Key": key})

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_invalid")
    assert monitors(acme) == 0


def test_trial__malformed_key__is_422_like_the_save(acme):
    answer = ana().post(
        "/api/v1/monitors?validate_only=true",
        make_monitor_document(),
        headers={"Idempotency-Key": "two words"},
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_invalid")


@override_settings(ROOT_URLCONF=__name__)
def test_replay__one_time_secret__comes_back_as_null_and_is_never_stored(acme):
    client = ana()

    answers = [client.post("/api/v1/secrets", {}, headers=KEY) for _ in range(2)]

    assert [answer.json()["secret"] for answer in answers] == ["shown once", None]
    assert "shown once" not in str(KeptAnswer.objects.values().get())


@override_settings(ROOT_URLCONF=__name__)
def test_fingerprint__body_with_a_secret__is_worth_nothing_without_our_key(acme, settings):
    body, prints = {"password": "hunter2"}, []
    for key in ("one", "another"):
        settings.SECRET_KEY = key * 20
        facts_forget_all()  # what is cached of sign-ins is keyed, too
        client = ana()
        client.post("/api/v1/secrets", body, headers={"Idempotency-Key": key})
        prints.append(KeptAnswer.objects.latest("created_at").fingerprint)
    again = client.post("/api/v1/secrets", body, headers={"Idempotency-Key": "another"})
    other = client.post("/api/v1/secrets", {}, headers={"Idempotency-Key": "another"})

    assert prints[0] != prints[1]
    assert (again.status_code, again["Idempotency-Replayed"]) == (201, "true")
    assert other.json()["code"] == "idempotency_key_reused"


def test_20_clients__same_key__one_effect_and_no_other_answer(committed, acme):
    document = make_monitor_document()
    with live_server() as server:
        ana_s = bearer(server, "ana@acme.test")
        headers = {**ana_s, **KEY}
        replies = at_once(lambda _: call("POST", server + URL, document, **headers))
        last = call("POST", server + URL, document, **headers)

    statuses = [reply.status for reply in replies]
    done = [reply for reply in replies if reply.status == 201]
    assert statuses.count(201) + statuses.count(409) == CLIENTS, statuses
    assert sum("Idempotency-Replayed" not in reply.headers for reply in done) == 1
    assert {reply.content for reply in done} == {last.content}
    assert all(
        (reply.body["code"], reply.headers["Retry-After"]) == ("idempotency_in_flight", "1")
        for reply in replies
        if reply.status == 409
    )
    assert monitors(acme) == 1


def test_key__first_request_still_running__is_409(committed, acme, monkeypatch):
    client, began, finish = ana(), threading.Event(), threading.Event()
    keep = KeptAnswers.keep

    def slowly(*arguments):
        began.set()
        assert finish.wait(10)
        keep(*arguments)

    # Held where it has written everything and committed nothing.
    monkeypatch.setattr(KeptAnswers, "keep", slowly)
    answers = []

    def first():
        answers.append(client.post(URL, make_monitor_document(), headers=KEY))
        connections.close_all()

    thread = threading.Thread(target=first)
    thread.start()
    assert began.wait(10)
    second = ana().post(URL, make_monitor_document(), headers=KEY)
    finish.set()
    thread.join()

    assert (second.status_code, second.json()["code"]) == (409, "idempotency_in_flight")
    assert [answer.status_code for answer in answers] == [201]
    assert monitors(acme) == 1


def test_answer__transaction_fails_after_it__is_not_kept(committed, acme, monkeypatch):
    client = ana()
    client.raise_request_exception = False
    keep = KeptAnswers.keep

    def failing(*arguments):
        keep(*arguments)
        raise RuntimeError("killed before the commit")

    monkeypatch.setattr(KeptAnswers, "keep", failing)
    assert client.post(URL, make_monitor_document(), headers=KEY).status_code == 500
    monkeypatch.undo()

    assert (monitors(acme), KeptAnswer.objects.count()) == (0, 0)
    assert client.post(URL, make_monitor_document(), headers=KEY).status_code == 201


def test_answer__a_day_old__is_pruned_and_until_then_counts_for_nothing(acme):
    client = ana()
    client.post(URL, make_monitor_document(), headers=KEY)
    yesterday = datetime.now(UTC) - timedelta(hours=24, seconds=1)
    with transaction.atomic():
        KeptAnswer.objects.update(created_at=yesterday)

    again = client.post(URL, make_monitor_document(), headers=KEY)
    other = client.post(URL, make_monitor_document(name="B", slug="b"), headers=KEY)
    fresh = KeptAnswer.objects.get()
    assert kept_answers_prune(now=fresh.created_at) == 0

    assert (again.status_code, again.json()["code"]) == (409, "name_taken")
    assert other.status_code == 201
    assert kept_answers_prune(now=fresh.created_at + timedelta(hours=24)) == 1
    assert not KeptAnswer.objects.exists()
