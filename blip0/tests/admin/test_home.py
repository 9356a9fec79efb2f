"""The home page: cards by right, within their budgets, and each number leads to its list."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from blip0.common.actors import Actor
from blip0.common.admin.cards import HOME_CARDS, Card
from blip0.testing.queries import count_queries
from blip0.testing.world import STAFF
from cachesync.keys import Scope
from cachesync.models import ProjectedDocument, ProjectedScope, Sample
from cachesync.services.samples import sample_take
from cachesync.services.sweep import sweep
from cachesync.store import Store
from tenants.models import LimitOverride, Tenant
from tenants.services.lifecycle import tenant_suspend

SAM = Actor(kind="staff", id="1", name=STAFF)
every_card = pytest.mark.parametrize("card", [*HOME_CARDS.values()], ids=lambda card: card.key)


def documents(scope: str, numbers: range, state: str = "active") -> None:
    ProjectedDocument.objects.bulk_create(
        ProjectedDocument(
            scope=scope, kind="monitor", object_id=f"{state}{number}", name="m", slug="m",
            state=state, rev=1,
        )
        for number in numbers
    )  # fmt: skip


@pytest.fixture
def sampled(acme: Tenant, globex: Tenant, store: Store) -> None:
    """Documents and two samples of them, ten minutes apart."""
    sweep(store=store)
    documents(str(acme.pk), range(3))
    documents(str(globex.pk), range(2), "invalid")
    now = timezone.now()
    assert sample_take(store=store, now=now - timedelta(minutes=10))
    assert sample_take(store=store, now=now)
    # Charts take each tenth minute.
    at = now.replace(second=0, microsecond=0, minute=now.minute // 10 * 10)
    values = Sample.objects.all()[0].values
    for ago in (0, 10, 20):
        Sample.objects.get_or_create(
            taken_at=at - timedelta(minutes=ago), defaults={"values": values}
        )


@pytest.fixture
def store(committed: None, projection_redis: object) -> Store:
    return Store()


def page(client: Client) -> str:
    answer = client.get("/admin/")
    assert answer.status_code == 200
    return answer.content.decode()


def figures(text: str) -> dict[str, str]:
    """Label to value of all that the page shows."""
    rows = re.findall(r"<dt[^>]*>(.*?)</dt>\s*<dd[^>]*>(.*?)</dd>", text, re.DOTALL)
    return {
        re.sub(r"<span.*|<[^>]+>", "", label, flags=re.DOTALL).strip(): value.strip()
        for label, value in rows
    }


@pytest.mark.usefixtures("sampled")
def test_home__superuser__numbers_of_the_last_sample(staff: Client) -> None:
    shown = figures(page(staff))

    assert (shown["Paused"], shown["Invalid"]) == ("0", "2")
    assert shown["Scopes in Redis"] == "3 of 3"
    assert shown["Readers may start"] == "Yes"
    assert shown["There now"] == "0"


@pytest.mark.usefixtures("sampled")
def test_home__each_link__leads_to_a_page_that_opens(staff: Client) -> None:
    body = page(staff).partition("<dl")[2]
    links = {unescape(link) for link in re.findall(r'href="(/admin/[^"]+)"', body)}

    assert len(links) >= 8
    assert {link: staff.get(link).status_code for link in links} == dict.fromkeys(links, 200)


@pytest.mark.usefixtures("sampled")
def test_home__a_number__is_the_length_of_the_list_behind_it(staff: Client) -> None:
    url = "/admin/cachesync/projecteddocument/?kind__exact=monitor&state__exact=invalid"
    assert unescape(url) in unescape(page(staff))
    assert staff.get(url).context["cl"].result_count == 2


@every_card
@pytest.mark.usefixtures("sampled")
def test_card__with_data__is_shown_within_its_budget(card: Card, acme: Tenant) -> None:
    ProjectedScope.objects.filter(pk=str(acme.pk)).update(duration_ms=7)
    LimitOverride.objects.create(tenant=acme, limit="monitors", value=3, reason="A test.")
    request = RequestFactory().get("/admin/")
    with count_queries() as queries:
        content = card.source(request)

    assert content
    assert len(queries) <= card.queries


@every_card
def test_card__no_data__is_not_there_and_nothing_breaks(card: Card, db: None) -> None:
    content = card.source(RequestFactory().get("/admin/"))

    # Tenants are there with every test; the projection says that nobody samples it.
    assert bool(content) == (card.key in ("tenants", "projection"))
    assert content.chart is None


@every_card
def test_card__staff_without_the_right__does_not_see_it(card: Card, clerk: object) -> None:
    client = clerk()  # type: ignore[operator]  # a fixture that makes one
    assert f'id="card-{card.key}"' not in page(client)


@pytest.mark.usefixtures("sampled")
def test_card__staff_with_the_right__sees_it_alone(clerk: object) -> None:
    client = clerk("tenants.view_tenant")  # type: ignore[operator]  # see above
    assert re.findall(r'id="card-(\w+)"', page(client)) == ["tenants"]


def test_tenants_card__suspended__counted_apart(
    acme: Tenant, globex: Tenant, staff: Client
) -> None:
    tenant_suspend(tenant=globex, reason="Unpaid.", actor=SAM)
    shown = figures(page(staff))
    assert (shown["Active"], shown["Suspended"]) == ("1", "1")


def test_full_card__at_and_over_the_limit__the_worst_first(
    acme: Tenant, globex: Tenant, staff: Client
) -> None:
    for tenant, used in ((acme, 3), (globex, 5)):
        documents(str(tenant.pk), range(used))
        LimitOverride.objects.create(tenant=tenant, limit="monitors", value=3, reason="A test.")
    shown = figures(page(staff))
    assert [(label, shown[label]) for label in shown if label in ("acme", "globex")] == [
        ("globex", "5 of 3"),
        ("acme", "3 of 3"),
    ]
    LimitOverride.objects.filter(tenant=acme).update(value=4)
    assert "acme" not in figures(page(staff))


def test_projection_card__old_sample__says_what_stands_still(staff: Client, store: Store) -> None:
    sample_take(store=store, now=timezone.now() - timedelta(minutes=7))
    assert "the beat or the workers stand still" in page(staff)


def test_slowest_card__names_the_tenant(acme: Tenant, staff: Client) -> None:
    ProjectedScope.objects.create(scope=Scope(str(acme.pk)).id, duration_ms=4321)
    assert figures(page(staff))["acme"] == "4321 ms"
