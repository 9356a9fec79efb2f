"""Inside a tenant: looking by default, changing by a second step; seeing as a member; finding."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.sessions.backends.base import SessionBase
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from blip0.common.actors import Actor
from blip0.common.admin.cards import TENANT_CARDS, Card
from blip0.common.tenancy import in_tenant
from blip0.testing.queries import count_queries
from cachesync.models import ProjectedDocument, ProjectedScope
from monitors.models import Monitor
from monitors.tests.factories import MonitorFactory
from tenants.models import AuditRecord, Membership, Tenant, TokenFamily, User
from tenants.services.members import member_remove
from tenants.services.staff_sessions import staff_sessions_revoke
from tenants.tests.factories import ApiKeyFactory

MONITORS = "/admin/monitors/monitor/"
every_card = pytest.mark.parametrize("card", [*TENANT_CARDS.values()], ids=lambda card: card.key)


@pytest.fixture
def monitor(acme: Tenant) -> Monitor:
    with in_tenant(acme.pk):
        return MonitorFactory.create(name="Watched", slug="watched")


def _allow(client: Client, tenant: Tenant) -> None:
    url = reverse("admin:tenants_tenant_allow_changes", args=[tenant.pk])
    assert client.post(url).status_code == 302


def _pause(client: Client, monitor: Monitor) -> int:
    return client.post(f"{MONITORS}{monitor.pk}/pause/").status_code


# Looking and changing


def test_inside__at_first__nothing_can_be_changed(
    looking: Client, acme: Tenant, monitor: Monitor
) -> None:
    page = looking.get(f"{MONITORS}{monitor.pk}/change/").content.decode()

    assert "to look." in page
    assert 'name="_save"' not in page
    assert f"{monitor.pk}/pause/" not in page
    assert looking.get(f"{MONITORS}add/").status_code == 403
    assert _pause(looking, monitor) == 403
    assert looking.post(f"{MONITORS}{monitor.pk}/delete/", {"post": "yes"}).status_code == 403
    action = {"action": "pause_selected", "_selected_action": [str(monitor.pk)]}
    looking.post(MONITORS, action)
    with in_tenant(acme.pk):
        row = Monitor.objects.get(pk=monitor.pk)
    assert (row.paused, row.deleted_at) == (False, None)


def test_allow_changes__second_step__is_audited_and_opens_the_buttons(
    looking: Client, acme: Tenant, monitor: Monitor
) -> None:
    _allow(looking, acme)

    record = AuditRecord.objects.get(action="tenant.changes_allowed")
    assert (record.tenant_id, record.actor_name) == (acme.pk, "sam@blip0.test")
    assert "and may change it until" in looking.get(MONITORS).content.decode()
    assert _pause(looking, monitor) == 302
    with in_tenant(acme.pk):
        assert Monitor.objects.get(pk=monitor.pk).paused


def test_allow_changes__by_a_get__changes_nothing(
    looking: Client, acme: Tenant, monitor: Monitor
) -> None:
    looking.get(reverse("admin:tenants_tenant_allow_changes", args=[acme.pk]))

    assert _pause(looking, monitor) == 403


def test_allow_changes__of_a_tenant_that_is_not_entered__refused(
    looking: Client, globex: Tenant, monitor: Monitor
) -> None:
    url = reverse("admin:tenants_tenant_allow_changes", args=[globex.pk])
    assert "aren&#x27;t inside globex" in looking.post(url).content.decode()
    assert _pause(looking, monitor) == 403


def test_allow_changes__half_an_hour_later__is_over(
    looking: Client, acme: Tenant, monitor: Monitor
) -> None:
    _allow(looking, acme)
    session: SessionBase = looking.session
    session["staff_tenant_writes_until"] = (timezone.now() - timedelta(seconds=1)).isoformat()
    session.save()

    assert _pause(looking, monitor) == 403


def test_allow_changes__another_tenant_entered__asks_again(inside: Client, globex: Tenant) -> None:
    url = reverse("admin:tenants_tenant_work_inside", args=[globex.pk])
    inside.post(url, {"reason": "The other one."})

    assert inside.get(f"{MONITORS}add/").status_code == 403


def test_allow_changes__without_the_right__no_button_and_403(
    clerk: Callable[..., Client], enter: Callable[[Client], None], acme: Tenant
) -> None:
    client = clerk("tenants.view_tenant", "tenants.enter_tenant", "monitors.view_monitor")
    enter(client)

    assert "Allow changes" not in client.get(MONITORS).content.decode()
    url = reverse("admin:tenants_tenant_allow_changes", args=[acme.pk])
    assert client.post(url).status_code == 403


# Ways in


def test_go__outside__leads_through_the_way_in_and_on(
    staff: Client, acme: Tenant, monitor: Monitor
) -> None:
    page = f"{MONITORS}{monitor.pk}/change/"
    way_in = staff.get(reverse("admin:tenants_tenant_go", args=[acme.pk]), {"next": page})
    assert "/work-inside/?next=" in way_in["Location"]

    entered = staff.post(way_in["Location"], {"reason": "A ticket."})

    assert entered["Location"] == page
    again = staff.get(reverse("admin:tenants_tenant_go", args=[acme.pk]), {"next": page})
    assert again["Location"] == page


@pytest.mark.parametrize("wanted", ["https://evil.example/admin/", "//evil.example", "/api/v1/"])
def test_go__somewhere_else__stays_here(staff: Client, acme: Tenant, wanted: str) -> None:
    way_in = staff.get(reverse("admin:tenants_tenant_go", args=[acme.pk]), {"next": wanted})

    assert "evil" not in way_in["Location"]
    assert "api" not in way_in["Location"]


def test_switcher__after_two_visits__has_both_the_last_one_first(
    looking: Client, globex: Tenant
) -> None:
    url = reverse("admin:tenants_tenant_work_inside", args=[globex.pk])
    looking.post(url, {"reason": "The other one."})

    page = looking.get("/admin/").content.decode()

    assert re.findall(r"/admin/tenants/tenant/([0-9a-f-]+)/go/", page) == [
        str(globex.pk),
        str(Tenant.objects.get(slug="acme").pk),
    ]
    assert "Inside globex" in page


# Search


def _searched(client: Client, term: str) -> str:
    answer = client.get("/admin/search/", {"s": term, "extended": "1"})
    assert answer.status_code == 200
    return answer.content.decode()


def _search(client: Client, term: str) -> str:
    return unescape(_searched(client, term))


@pytest.mark.parametrize("term", ["large", "USDC", "0xAbCd", "monitor-id"])
def test_search__monitor_of_any_tenant__leads_into_it(
    staff: Client, globex: Tenant, term: str
) -> None:
    pk = "6a3b5a1e-31dd-4b4a-a7a2-5dc3c9d5a0c1"
    ProjectedDocument.objects.create(
        scope=str(globex.pk), kind="monitor", object_id=pk, slug="large-usdc",
        name="Large USDC <b>", state="active", rev=1, addresses=["0xabcd"],
    )  # fmt: skip

    raw = _searched(staff, pk if term == "monitor-id" else term)
    page = unescape(raw)

    assert "of globex" in page
    assert "USDC <b>" not in raw, "escaped"
    assert f"/admin/tenants/tenant/{globex.pk}/go/?next=" in page


def test_search__tenant_by_slug_name_and_id(staff: Client, acme: Tenant) -> None:
    for term in ("acm", "ACME", str(acme.pk)):
        assert f"/admin/tenants/tenant/{acme.pk}/change/" in _search(staff, term)


def test_search__without_rights__finds_nothing(clerk: Callable[..., Client], acme: Tenant) -> None:
    assert str(acme.pk) not in _search(clerk(), "acme")
    assert "ana@acme.test" not in _search(clerk_of(acme), "ana")


def clerk_of(acme: Tenant) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("other@blip0.test", is_staff=True))
    return client


# Seeing as a member


@pytest.fixture
def vic() -> Membership:
    return Membership.objects.get(user__email="vic@acme.test")


def _view_as(client: Client, membership: Membership) -> TokenFamily:
    url = reverse("admin:tenants_membership_view_as", args=[membership.pk])
    answer = client.post(url, {"reason": "Ticket 7."}, follow=True)
    assert answer.redirect_chain[-1][0] == "/api/v1/me", answer.content.decode()
    return TokenFamily.objects.get(viewer__isnull=False, ended_at=None)


def test_view_as__a_member__sees_what_they_see_and_both_are_on_record(
    staff: Client, vic: Membership, acme: Tenant, monitor: Monitor
) -> None:
    family = _view_as(staff, vic)

    assert staff.get("/api/v1/me").json()["user"]["email"] == "vic@acme.test"
    assert [row["slug"] for row in staff.get("/api/v1/monitors").json()["results"]] == ["watched"]
    assert staff.get("/api/v1/api-keys").status_code == 403, "a viewer may not, so staff don't"
    record = AuditRecord.objects.get(action="member.viewed")
    assert (record.actor_name, record.object_name) == ("sam@blip0.test", "vic@acme.test")
    assert (record.tenant_id, record.reason) == (acme.pk, "Ticket 7.")
    assert record.after is not None
    assert record.after["member"] == str(vic.user_id)
    assert record.after["viewer"] == str(family.viewer_id)
    page = staff.get("/api/v1/monitors", headers={"accept": "text/html"}).content.decode()
    assert "you see what <strong>vic@acme.test</strong> sees" in page


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/api/v1/monitors"),
        ("post", "/api/v1/monitors/{monitor}/pause"),
        ("delete", "/api/v1/monitors/{monitor}"),
        ("post", "/api/v1/me/password"),
        ("post", "/api/v1/me/switch-tenant"),
        ("post", "/api/v1/logout"),
    ],
)
def test_view_as__an_owner__changes_nothing(
    staff: Client, monitor: Monitor, method: str, path: str
) -> None:
    owner = Membership.objects.get(user__email="ana@acme.test")
    _view_as(staff, owner)
    before = AuditRecord.objects.count()

    answer = getattr(staff, method)(path.format(monitor=monitor.pk))

    assert answer.status_code in (403, 401), answer.content
    assert AuditRecord.objects.count() == before


def test_view_as__left__is_over_and_leads_back(
    staff: Client, vic: Membership, acme: Tenant
) -> None:
    _view_as(staff, vic)

    answer = staff.post("/api-auth/logout")

    assert answer["Location"] == f"/admin/tenants/tenant/{acme.pk}/change/"
    assert staff.get("/api/v1/me").status_code == 401
    assert AuditRecord.objects.get(action="member.view_ended").actor_name == "sam@blip0.test"
    assert staff.get("/admin/").status_code == 200, "still signed in to the back office"


def test_view_as__time_is_over__refused(staff: Client, vic: Membership) -> None:
    family = _view_as(staff, vic)
    TokenFamily.objects.filter(pk=family.pk).update(expires_at=timezone.now())
    # The fact in the cache is of before; a quarter of an hour passes for both.
    TokenFamily.objects.get(pk=family.pk).save()

    assert staff.get("/api/v1/me").status_code == 401


def test_view_as__member_removed__over_at_once(staff: Client, acme: Tenant) -> None:
    eli = Membership.objects.get(user__email="eli@acme.test")
    _view_as(staff, eli)
    member_remove(membership=eli, actor=Actor.system("test"))

    assert staff.get("/api/v1/me").status_code == 401


def test_view_as__staff_session_ended_elsewhere__over_at_once(
    staff: Client, vic: Membership
) -> None:
    family = _view_as(staff, vic)
    assert family.viewer is not None
    staff_sessions_revoke(user=family.viewer, now=timezone.now(), actor=Actor.system("test"))

    assert staff.get("/api/v1/me").status_code == 401
    assert AuditRecord.objects.filter(action="member.view_ended").exists()


def test_view_as__address_in_another_browser__opens_nothing(staff: Client, vic: Membership) -> None:
    family = _view_as(staff, vic)
    url = reverse("rest_framework:view-as", args=[family.pk])

    assert Client().get(url).status_code == 404
    assert clerk_of(vic.tenant).get(url).status_code == 404


def test_view_as__without_the_right__403(clerk: Callable[..., Client], vic: Membership) -> None:
    client = clerk("tenants.view_membership")
    url = reverse("admin:tenants_membership_view_as", args=[vic.pk])
    assert client.post(url, {"reason": "Curious."}).status_code == 403
    assert not TokenFamily.objects.filter(viewer__isnull=False).exists()


# A tenant's page


@pytest.fixture
def full_tenant(acme: Tenant, monitor: Monitor) -> Tenant:
    ApiKeyFactory.create(tenant=acme, name="CI <b>")
    ProjectedDocument.objects.create(
        scope=str(acme.pk), kind="monitor", object_id=str(monitor.pk), slug="watched", name="w",
        state="paused", rev=1,
    )  # fmt: skip
    ProjectedScope.objects.create(scope=str(acme.pk))
    return acme


def test_tenant_page__cards__of_this_tenant(staff: Client, full_tenant: Tenant) -> None:
    page = staff.get(f"/admin/tenants/tenant/{full_tenant.pk}/change/").content.decode()

    assert re.findall(r'id="card-(\w+)"', page) == [*TENANT_CARDS]
    assert re.search(r"1 of \d+", page), "monitors of the plan"
    assert "CI &lt;b&gt;" in page


@every_card
def test_tenant_card__with_data__within_its_budget(card: Card, full_tenant: Tenant) -> None:
    with count_queries() as queries:
        content = card.source(RequestFactory().get("/"), full_tenant.pk)

    assert content
    assert len(queries) <= card.queries
