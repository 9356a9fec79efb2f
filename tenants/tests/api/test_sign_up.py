"""Sign-up over the API: closed by default, proven by mail, one tenant an account."""

from __future__ import annotations

import re

import pytest
from django.core import mail, signing
from django.test import override_settings
from rest_framework.test import APIClient

from blip0.common.actors import Actor
from blip0.common.tenancy import in_tenant
from blip0.testing.live import CLIENTS, at_once, call, live_server
from blip0.testing.world import PASSWORD, STAFF
from monitors.models import Monitor
from tenants.models import AuditRecord, Membership, Tenant, User
from tenants.services.signup import SignUp, sign_up_token
from tenants.services.system_settings import setting_update
from tenants.tasks import send_sign_up

SIGN_UP, CONFIRM = "/api/v1/sign-up", "/api/v1/sign-up/confirm"
SAM = Actor(kind="staff", id="1", name="sam@blip0.test")
EMAIL = "nora@initech.test"


@pytest.fixture
def is_open(acme):
    setting_update(key="sign_up", value=True, actor=SAM)


def sign_up(**changes):
    asked = {"email": EMAIL, "name": "Initech", **changes}
    return APIClient().post(SIGN_UP, asked)


def token_of(email=EMAIL, name="Initech", slug="initech"):
    """What the worker sends."""
    mail.outbox.clear()
    send_sign_up(email, name, slug)
    (message,) = mail.outbox
    assert message.to == [email]
    return re.findall(r"^    (\S{40,})$", str(message.body), re.MULTILINE)[0]


def confirm(token, password=PASSWORD, **more):
    return APIClient().post(CONFIRM, {"token": token, "password": password, **more})


def test_sign_up__closed__refused_and_nothing_is_sent(acme, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        answer = sign_up()
    assert (answer.status_code, answer.json()["code"]) == (403, "sign_up_closed")
    assert callbacks == []
    late = confirm(sign_up_token(SignUp(EMAIL, "Initech", "initech")))
    assert (late.status_code, late.json()["code"]) == (403, "sign_up_closed")


@pytest.mark.usefixtures("is_open")
def test_sign_up__open__mail_then_tenant_with_the_default_plan_and_its_owner(
    django_capture_on_commit_callbacks,
):
    with django_capture_on_commit_callbacks() as callbacks:
        assert sign_up().status_code == 202
    assert len(callbacks) == 1
    assert not Tenant.objects.filter(slug="initech").exists()

    answer = confirm(token_of(), name="Nora")

    assert answer.status_code == 201, answer.content
    assert answer.json()["tenant"]["slug"] == "initech"
    assert (answer.json()["user"]["name"], answer.json()["role"]) == ("Nora", "owner")
    assert answer["Cache-Control"] == "no-store"
    tenant = Tenant.objects.get(slug="initech")
    assert tenant.plan.slug == "free"
    record = AuditRecord.objects.get(action="tenant.created", tenant_id=tenant.pk)
    assert (record.actor_kind, record.actor_name) == ("user", EMAIL)


@pytest.mark.usefixtures("committed", "is_open")
def test_sign_up__confirmed__signs_in_and_works_in_its_own_schema():
    assert confirm(token_of()).status_code == 201
    client = APIClient()
    access = client.post("/api/v1/login", {"email": EMAIL, "password": PASSWORD}).json()["access"]
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    assert client.get("/api/v1/monitors").json()["results"] == []
    with in_tenant(Tenant.objects.get(slug="initech").pk):
        assert not Monitor.objects.exists()


@pytest.mark.usefixtures("committed", "is_open")
def test_confirm__20_at_once__exactly_one_tenant():
    token = token_of()
    with live_server() as server:
        given = {"token": token, "password": PASSWORD}
        replies = at_once(lambda _: call("POST", f"{server}{CONFIRM}", given))
    statuses = sorted(reply.status for reply in replies)
    assert statuses == [201] + [409] * (CLIENTS - 1)
    assert Tenant.objects.filter(slug="initech").count() == 1
    assert User.objects.filter(email=EMAIL).count() == 1


@pytest.mark.usefixtures("is_open")
@pytest.mark.parametrize(
    ("changes", "status", "pointer"),
    [
        ({"email": "nobody"}, 422, "/email"),
        ({"name": ""}, 422, "/name"),
        ({"name": "   "}, 422, "/name"),
        ({"name": "Ω"}, 422, "/slug"),
        ({"slug": "No Slug"}, 422, "/slug"),
        ({"slug": "acme"}, 409, "/slug"),
        ({"plan": "enterprise"}, 422, "/plan"),
    ],
)
def test_sign_up__bad_input__the_field_and_the_fix(changes, status, pointer):
    answer = sign_up(**changes)
    assert answer.status_code == status
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.usefixtures("is_open")
def test_sign_up__again_and_again__the_mailbox_is_not_flooded():
    answers = [sign_up() for _ in range(30)]
    assert answers[0].status_code == 202
    assert (answers[-1].status_code, answers[-1].json()["code"]) == (429, "too_many_attempts")
    assert int(answers[-1]["Retry-After"]) > 0


@pytest.mark.usefixtures("is_open")
def test_confirm__used_forged_or_old__refused():
    token = token_of()
    assert confirm(token).status_code == 201
    assert confirm(token).status_code == 409

    other = signing.dumps([EMAIL, "Other", "other"], salt="blip0.password-reset")
    for bad in (token[:-3] + "abc", "x", other):
        answer = confirm(bad)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/token")
    with override_settings(SECRET_KEY="another-secret-key-that-signs"):
        foreign = token_of(slug="foreign")
    assert confirm(foreign).status_code == 422
    assert not Tenant.objects.filter(slug__in=["other", "foreign"]).exists()


@pytest.mark.usefixtures("is_open")
def test_confirm__somebody_with_an_account__proves_it_by_its_password():
    token = token_of(email="ana@acme.test")
    assert confirm(token, password="a wrong password").status_code == 401
    assert not Tenant.objects.filter(slug="initech").exists()
    assert confirm(token).status_code == 201
    owned = Membership.objects.filter(user__email="ana@acme.test", role="owner")
    assert set(owned.values_list("tenant__slug", flat=True)) == {"acme", "initech"}


@pytest.mark.usefixtures("is_open")
def test_confirm__owner_of_a_tenant_on_that_plan__another_is_refused():
    assert confirm(token_of()).status_code == 201
    answer = confirm(token_of(name="Second", slug="second"))
    assert answer.status_code == 409
    assert "initech" in answer.json()["detail"]
    assert not Tenant.objects.filter(slug="second").exists()


@pytest.mark.usefixtures("is_open")
def test_confirm__staff_without_a_password__mailbox_does_not_open_the_back_office():
    staff = User.objects.get(email=STAFF)
    staff.set_unusable_password()
    staff.save(update_fields=["password"])
    assert confirm(token_of(email=STAFF)).status_code == 401
    staff.refresh_from_db()
    assert not staff.has_usable_password()
