"""The browsable API: a session with the tenant inside, CSRF, and the same checks as for tokens."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from blip0.testing.world import PASSWORD, STAFF
from tenants.choices import FamilyEnd, Role, TenantStatus
from tenants.models import Membership, Tenant, TokenFamily, User

SIGN_IN, SIGN_OUT, SWITCH = "/api-auth/login", "/api-auth/logout", "/api-auth/tenant"
ME, MONITORS = "/api/v1/me", "/api/v1/monitors"
HTML = {"Accept": "text/html"}


def browser(email="ana@acme.test", password=PASSWORD, **form):
    client = Client()
    client.post(SIGN_IN, {"email": email, "password": password, **form})
    return client


def of_both(acme, globex):
    user = User.objects.get(email="ana@acme.test")
    Membership.objects.create(tenant=globex, user=user, role=Role.VIEWER)


def test_sign_in__right_password__goes_on_where_one_was(acme):
    client = Client()
    page = client.get(SIGN_IN, {"next": MONITORS})
    assert page.status_code == 200
    assert f'value="{MONITORS}"' in page.content.decode()

    answer = client.post(
        SIGN_IN, {"email": "ana@acme.test", "password": PASSWORD, "next": MONITORS}
    )

    assert (answer.status_code, answer["Location"]) == (302, MONITORS)
    assert client.get(ME).json()["tenant"]["slug"] == "acme"


@pytest.mark.parametrize("place", ["https://evil.test/", "//evil.test", "javascript:alert(1)"])
def test_sign_in__next_leads_elsewhere__leads_to_me(acme, place):
    answer = Client().post(SIGN_IN, {"email": "ana@acme.test", "password": PASSWORD, "next": place})

    assert answer["Location"] == ME


def test_page__signed_in__shows_the_answer_and_runs_no_foreign_script(acme):
    page = browser().get(ME, headers=HTML)
    html = page.content.decode()

    assert page.status_code == 200
    assert page["Content-Type"].startswith("text/html")
    assert "ana@acme.test in <strong>acme</strong>" in html
    assert "monitors.write" in html
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", html, re.DOTALL)
    executed = [(given, body) for given, body in scripts if "application/json" not in given]
    assert executed
    assert all('src="/static/' in given and not body.strip() for given, body in executed)
    assert "onclick" not in html


@pytest.mark.parametrize(
    "path", [MONITORS, "/api/v1/members", "/api/v1/api-keys", "/api/v1/tenant"]
)
@pytest.mark.parametrize("email", ["ana@acme.test", "vic@acme.test"])
def test_page__each_resource_and_role__is_a_page(acme, path, email):
    page = browser(email).get(path, headers=HTML)

    assert page.status_code in (200, 403)
    assert page["Content-Type"].startswith("text/html")


def test_page__anonymous__is_a_401_with_the_way_to_sign_in(acme):
    page = Client().get(ME, headers=HTML)

    assert page.status_code == 401
    assert f"{SIGN_IN}?next={ME}" in page.content.decode()


def test_page__hostile_name__is_text(acme):
    Tenant.objects.filter(pk=acme.pk).update(name="<script>alert(1)</script>")

    assert "<script>alert(1)" not in browser().get(ME, headers=HTML).content.decode()


def test_programs__as_before__get_json_and_problems(acme):
    answer = Client().get(ME, headers={"Accept": "*/*"})

    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")


def test_sign_in__wrong_password__is_said_and_slowed(acme):
    client = Client()
    form = {"email": "ana@acme.test", "password": "wrong"}

    answers = [client.post(SIGN_IN, form) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [403] * 5 + [429]
    assert "is wrong" in answers[0].content.decode()
    assert "wrong" not in re.findall(r'name="password"[^>]*', answers[0].content.decode())[0]
    assert answers[5]["Retry-After"]
    assert client.get(ME).status_code == 401


def test_sign_in__of_several_tenants__must_name_one(acme, globex):
    of_both(acme, globex)

    unnamed = Client().post(SIGN_IN, {"email": "ana@acme.test", "password": PASSWORD})

    assert "acme, globex" in unnamed.content.decode()
    assert browser(tenant="globex").get(ME).json()["tenant"]["slug"] == "globex"


def test_sign_in__session_planted_before__is_another_afterwards(acme):
    client = browser()
    planted = client.session.session_key
    client.post(SIGN_IN, {"email": "vic@acme.test", "password": PASSWORD})

    assert client.session.session_key != planted
    victim = Client()
    victim.cookies["sessionid"] = planted
    assert victim.get(ME).status_code == 401


def test_change__without_a_csrf_token__is_403_and_nothing_changes(acme):
    client = Client(enforce_csrf_checks=True)
    page = client.get(SIGN_IN)
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())[0]
    form = {"email": "ana@acme.test", "password": PASSWORD}
    assert client.post(SIGN_IN, form).status_code == 403
    assert client.post(SIGN_IN, {**form, "csrfmiddlewaretoken": token}).status_code == 302
    assert client.get(ME).status_code == 200
    key = {"name": "CI", "scopes": ["monitors:read"]}

    def create(**headers):
        return client.post(
            "/api/v1/api-keys", key, content_type="application/json", headers=headers
        )

    assert create().status_code == 403
    assert client.get("/api/v1/api-keys").json()["results"] == []
    assert create(**{"X-CSRFToken": client.cookies["csrftoken"].value}).status_code == 201
    for path in (SIGN_OUT, SWITCH):
        assert client.post(path).status_code == 403
    assert client.get(ME).status_code == 200


def test_switch__in_the_header__goes_on_there(acme, globex):
    of_both(acme, globex)
    client = browser(tenant="acme")
    page = client.get(ME, headers=HTML).content.decode()
    assert '<option value="globex">' in page
    first = TokenFamily.objects.get()

    assert client.post(SWITCH, {"tenant": "globex"}).status_code == 302

    assert client.get(ME).json()["tenant"]["slug"] == "globex"
    first.refresh_from_db()
    assert first.end_reason == FamilyEnd.SWITCHED


def test_switch__tenant_of_others__is_403_and_one_stays(acme, globex):
    client = browser()

    assert client.post(SWITCH, {"tenant": "globex"}).status_code == 403
    assert client.get(ME).json()["tenant"]["slug"] == "acme"


def test_sign_out__ends_the_sign_in(acme):
    client = browser()
    copied = Client()
    copied.cookies["sessionid"] = client.session.session_key

    assert client.post(SIGN_OUT).status_code == 302
    assert client.get(SIGN_OUT).status_code == 405

    assert client.get(ME).status_code == 401
    assert copied.get(ME).status_code == 401
    assert TokenFamily.objects.get().end_reason == FamilyEnd.SIGNED_OUT


def _disable():
    User.objects.filter(email="ana@acme.test").update(is_active=False)


def _set_password():
    user = User.objects.get(email="ana@acme.test")
    user.set_password("another long password")
    user.save()


def _leave():
    Membership.objects.filter(user__email="ana@acme.test").delete()


def _suspend():
    Tenant.objects.filter(slug="acme").update(status=TenantStatus.SUSPENDED)


@pytest.mark.parametrize(
    ("change", "status"), [(_disable, 401), (_set_password, 401), (_leave, 401), (_suspend, 403)]
)
def test_session__what_it_stands_on_is_gone__ends_at_once(acme, change, status):
    client = browser()
    assert client.get(ME).status_code == 200

    change()

    assert client.get(ME).status_code == status


def test_back_office_and_api__one_browser__neither_opens_the_other(acme):
    User.objects.filter(email="ana@acme.test").update(is_staff=True, is_superuser=True)
    client = browser()
    assert client.get("/admin/").status_code == 302

    staff = Client()
    staff.force_login(User.objects.get(email=STAFF))
    assert staff.get(ME).status_code == 401
    assert staff.get("/admin/").status_code == 200


def test_session__in_another_site_of_tokens__tokens_need_no_csrf(acme):
    """A token is sent by nobody but who holds it."""
    client = Client(enforce_csrf_checks=True)
    login = client.post(
        "/api/v1/login",
        {"email": "ana@acme.test", "password": PASSWORD},
        content_type="application/json",
    ).json()

    answer = client.post(
        "/api/v1/api-keys",
        {"name": "CI", "scopes": ["monitors:read"]},
        content_type="application/json",
        headers={"Authorization": f"Bearer {login['access']}"},
    )

    assert answer.status_code == 201
