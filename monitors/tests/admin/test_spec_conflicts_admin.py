"""The page of specs in conflict: for staff with the rights, and nobody else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from blip0.testing.api import ana
from blip0.testing.queries import count_queries
from blip0.testing.world import PASSWORD
from monitors.admin import conflicts
from monitors.tests.factories import USDC, ContractSpecFactory
from monitors.tests.test_spec_conflicts import ONE, TWO, watch
from tenants.models import Tenant, User

PAGE = "/admin/pages/spec-conflicts/"
RIGHTS = ("tenants.view_tenant", "monitors.view_contractspec")


def text(client: Client) -> str:
    response = client.get(PAGE)
    assert response.status_code == 200
    return response.content.decode()


def test_page__conflict_of_two_tenants__network_address_hashes_monitors_and_links(
    staff: Client, acme: Tenant, globex: Tenant
) -> None:
    watch(acme, "watch-one", ONE)
    watch(globex, "watch-two", TWO)
    watch(globex, "watch-bare")

    page = text(staff)

    for shown in ("ethereum_mainnet", USDC, "watch-one", "watch-two", "watch-bare", "no spec"):
        assert shown in page
    for value in (ONE, TWO):
        sha256 = ContractSpecFactory.build(value=value).sha256
        assert sha256[:12] in page
        assert sha256 not in page
    for tenant in (acme, globex):
        link = reverse("admin:tenants_tenant_change", args=[tenant.pk])
        assert f'href="{link}">{tenant.slug}</a>' in page


def test_page__no_conflict__says_so(staff: Client, acme: Tenant) -> None:
    watch(acme, "watch-one", ONE)

    page = text(staff)

    assert "No data" in page
    assert "watch-one" not in page


def test_page__inside_a_tenant__still_shows_all_of_them(
    inside: Client, acme: Tenant, globex: Tenant
) -> None:
    watch(acme, "watch-one", ONE)
    watch(globex, "watch-two", TWO)

    assert "watch-two" in text(inside)


def test_page__more_than_are_shown__says_how_many(
    staff: Client, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conflicts, "SHOWN_CONFLICTS", 1)
    watch(acme, "watch-one", ONE, networks=("base", "ethereum_mainnet"))
    watch(acme, "watch-two", TWO, networks=("base", "ethereum_mainnet"))

    page = text(staff)

    assert "1 more are listed by manage.py spec_conflicts." in page
    assert page.count("watch-one") == 1


def test_page__more_monitors_than_are_shown__says_how_many(
    staff: Client, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conflicts, "SHOWN_HOLDERS", 2)
    for number in range(5):
        watch(acme, f"watch-{number}", ONE)
    watch(acme, "watch-two", TWO)

    page = text(staff)

    assert ": watch-0, watch-1; and 3 more</li>" in page
    assert "watch-2" not in page


def test_page__hostile_address__is_escaped(staff: Client, acme: Tenant) -> None:
    hostile = "<script>alert(1)</script>"
    watch(acme, "watch-one", ONE, address=hostile)
    watch(acme, "watch-two", TWO, address=hostile)

    page = text(staff)

    assert hostile not in page
    assert "&lt;script&gt;alert(1)" in page


def test_page__more_rows__as_many_queries(staff: Client, acme: Tenant, globex: Tenant) -> None:
    counts = []
    for number in range(2):
        for more in range(number * 10 + 1):
            watch(acme, f"a-{number}-{more}", ONE)
            watch(globex, f"g-{number}-{more}", TWO)
        text(staff)
        with count_queries() as log:
            text(staff)
        counts.append(len(log))

    assert counts[0] == counts[1]


def test_page__changes_nothing__only_reads_are_answered(staff: Client) -> None:
    assert staff.post(PAGE).status_code == 405
    assert staff.head(PAGE).status_code == 200


def test_page__that_is_none__404(staff: Client) -> None:
    assert staff.get("/admin/pages/nothing/").status_code == 404


def test_sidebar__permitted__has_the_page(clerk: Callable[..., Client]) -> None:
    client = clerk(*RIGHTS)

    assert f'href="{PAGE}"' in client.get("/admin/").content.decode()
    text(client)


@pytest.mark.parametrize("right", RIGHTS)
def test_page__staff_with_half_of_the_rights__403_and_not_in_the_sidebar(
    clerk: Callable[..., Client], right: str
) -> None:
    client = clerk(right)

    assert client.get(PAGE).status_code == 403
    assert PAGE not in client.get("/admin/").content.decode()


def test_page__anonymous_or_a_tenants_owner__sent_to_the_sign_in(
    client: Client, acme: Tenant
) -> None:
    assert client.get(PAGE)["Location"].startswith(reverse("admin:login"))

    assert client.login(username="ana@acme.test", password=PASSWORD)
    response = client.get(PAGE)
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("admin:login"))
    assert not User.objects.get(email="ana@acme.test").is_staff


def test_api__of_conflicts__there_is_none(acme: Tenant, globex: Tenant) -> None:
    """Neither an operation nor a word: that another tenant watches an address is its own affair."""
    owner = ana()
    mine = watch(acme, "watch-one", ONE)
    watch(globex, "watch-two", TWO)

    schema = owner.get("/api/v1/schema/?format=json").content.decode()
    paths = ("spec-conflicts", "spec_conflicts", "conflicts", "monitors/spec-conflicts")

    assert "spec_conflict" not in schema.lower().replace("-", "_")
    assert {owner.get(f"/api/v1/{path}").status_code for path in paths} == {404}
    for path in ("monitors", f"monitors/{mine.pk}", f"monitors/{mine.pk}/findings"):
        answer = owner.get(f"/api/v1/{path}")
        assert answer.status_code == 200
        assert "watch-two" not in answer.content.decode()
        assert "conflict" not in answer.content.decode()
