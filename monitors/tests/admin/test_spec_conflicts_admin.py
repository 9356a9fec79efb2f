"""The page of specs in conflict: what the last look has found, for staff with the rights alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from blip0.testing.api import ana
from blip0.testing.queries import count_queries
from blip0.testing.world import PASSWORD
from monitors.admin import conflicts
from monitors.services import spec_conflicts as kept
from monitors.services import spec_conflicts_look
from monitors.tasks import look_for_spec_conflicts
from monitors.tests.factories import USDC, ContractSpecFactory
from monitors.tests.test_spec_conflicts import ONE, TWO, watch
from platform_catalog.models import SpecConflictLook
from tenants.models import Tenant, User

PAGE = "/admin/pages/spec-conflicts/"
RIGHTS = ("tenants.view_tenant", "monitors.view_contractspec")
BEFORE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def text(client: Client, query: str = "") -> str:
    response = client.get(f"{PAGE}{query}")
    assert response.status_code == 200
    return response.content.decode()


def look() -> None:
    spec_conflicts_look(now=timezone.now())


def test_page__conflict_of_two_tenants__network_address_hashes_monitors_and_links(
    staff: Client, acme: Tenant, globex: Tenant
) -> None:
    watch(acme, "watch-one", ONE)
    watch(globex, "watch-two", TWO)
    watch(globex, "watch-bare")
    look()

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


def test_page__nobody_has_looked__says_so(staff: Client, acme: Tenant) -> None:
    watch(acme, "watch-one", ONE)
    watch(acme, "watch-two", TWO)

    page = text(staff)

    assert "Nobody has looked yet." in page
    assert "in conflict." not in page
    assert "watch-one" not in page


def test_page__no_conflict__says_when_that_was(staff: Client, acme: Tenant) -> None:
    watch(acme, "watch-one", ONE)
    spec_conflicts_look(now=BEFORE)

    page = text(staff)

    assert "0 addresses in conflict" in page
    assert 'datetime="2026-01-02T03:04:05+00:00"' in page
    assert "watch-one" not in page


def test_page__conflict_since_the_last_look__shown_after_the_next_one_and_told_by_the_command(
    staff: Client, acme: Tenant, globex: Tenant
) -> None:
    watch(acme, "watch-one", ONE)
    spec_conflicts_look(now=BEFORE)
    watch(globex, "watch-two", TWO)

    assert "watch-two" not in text(staff)
    out = StringIO()
    with pytest.raises(CommandError, match="1 addresses have several specs"):
        call_command("spec_conflicts", stdout=out)
    assert "watch-two of globex" in out.getvalue()
    assert "watch-two" not in text(staff), "the command looks for itself and writes nothing"

    spec_conflicts_look(now=BEFORE + timedelta(minutes=10))

    page = text(staff)
    assert "watch-two" in page
    assert "1 address in conflict" in page
    assert 'datetime="2026-01-02T03:14:05+00:00"' in page


def test_look__older_one_ends_last__the_newer_one_counts(
    staff: Client, acme: Tenant, globex: Tenant
) -> None:
    watch(acme, "watch-one", ONE)
    watch(globex, "watch-two", TWO)
    spec_conflicts_look(now=BEFORE)
    watch(globex, "watch-late", TWO)

    spec_conflicts_look(now=BEFORE - timedelta(seconds=5))

    assert "watch-late" not in text(staff)
    spec_conflicts_look(now=BEFORE + timedelta(seconds=5))
    assert SpecConflictLook.objects.count() == 1, "older ones are forgotten"
    assert "watch-late" in text(staff)


def test_page__inside_a_tenant__still_shows_all_of_them(
    inside: Client, acme: Tenant, globex: Tenant
) -> None:
    watch(acme, "watch-one", ONE)
    watch(globex, "watch-two", TWO)
    look()

    assert "watch-two" in text(inside)


def test_page__more_than_are_kept__says_how_many(
    staff: Client, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "KEPT_CONFLICTS", 1)
    watch(acme, "watch-one", ONE, networks=("base", "ethereum_mainnet"))
    watch(acme, "watch-two", TWO, networks=("base", "ethereum_mainnet"))
    look()

    page = text(staff)

    assert "2 addresses in conflict" in page
    assert "1 more are listed by <code>manage.py spec_conflicts</code>." in page
    assert page.count("watch-one") == 1


def test_page__more_than_fit__in_pages(
    staff: Client, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conflicts, "PER_PAGE", 1)
    for slug, spec in (("watch-one", ONE), ("watch-two", TWO)):
        watch(acme, slug, spec, networks=("base", "ethereum_mainnet"))
    look()

    first, second = text(staff), text(staff, "?page=2")

    assert "<td" in first
    assert ("base" in first, "ethereum_mainnet" in first) == (True, False)
    assert 'href="?page=2">Next</a>' in first
    assert "ethereum_mainnet" in second
    assert 'href="?page=1">Previous</a>' in second
    assert "Next</a>" not in second


def test_page__more_monitors_or_specs_than_are_kept__says_how_many(
    staff: Client, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "KEPT_MONITORS", 2)
    monkeypatch.setattr(kept, "KEPT_SPECS", 2)
    specs = [ONE, TWO, [*ONE, *TWO], [*TWO, *ONE]]
    specs.sort(key=lambda value: ContractSpecFactory.build(value=value).sha256)
    for number in range(5):
        watch(acme, f"watch-{number}", specs[0])
    for name, spec in zip("bcd", specs[1:], strict=True):
        watch(acme, f"watch-{name}", spec)
    watch(acme, "watch-bare")
    look()

    page = text(staff)

    assert ": watch-0, watch-1; and 3 more</li>" in page
    assert "watch-2" not in page
    assert ">and 2 more specs</li>" in page
    for name, shown in (("b", True), ("c", False), ("d", False), ("bare", True)):
        assert (f"watch-{name}" in page) == shown


def test_page__hostile_address__is_escaped(staff: Client, acme: Tenant) -> None:
    hostile = "<script>alert(1)</script>"
    watch(acme, "watch-one", ONE, address=hostile)
    watch(acme, "watch-two", TWO, address=hostile)
    look()

    page = text(staff)

    assert hostile not in page
    assert "&lt;script&gt;alert(1)" in page


def test_page__more_rows__as_many_queries_and_none_of_a_tenants_schema(
    staff: Client, acme: Tenant, globex: Tenant
) -> None:
    counts = []
    for number in range(2):
        for more in range(number * 10 + 1):
            watch(acme, f"a-{number}-{more}", ONE)
            watch(globex, f"g-{number}-{more}", TWO)
        look()
        text(staff)
        with count_queries() as log:
            text(staff)
        counts.append(len(log))
        assert not [sql for sql in log.statements if "monitors_monitor" in sql]

    assert counts[0] == counts[1]


def test_look_now__pressed__the_page_follows_until_a_worker_has_looked(
    staff: Client, acme: Tenant, globex: Tenant
) -> None:
    spec_conflicts_look(now=BEFORE)
    watch(acme, "watch-one", ONE)
    watch(globex, "watch-two", TWO)

    answer = staff.post(PAGE)

    assert answer.status_code == 302
    assert SpecConflictLook.objects.get().looked_at == BEFORE, "nothing is looked at on the spot"
    following = staff.get(answer["Location"]).content.decode()
    assert 'data-follow="spec-conflicts"' in following
    assert "Look now" not in following

    look()

    page = staff.get(answer["Location"]).content.decode()
    assert "data-follow" not in page
    assert "Look now" in page
    assert "watch-two" in page


def test_look_now__pressed_with_a_worker__it_has_looked(
    committed: None, worker: None, staff: Client, acme: Tenant, globex: Tenant
) -> None:
    watch(acme, "watch-one", ONE)
    watch(globex, "watch-two", TWO)

    page = staff.post(PAGE, follow=True).content.decode()

    assert "1 address in conflict" in page
    assert "watch-two" in page
    assert "data-follow" not in page


def test_look_now__no_worker_for_two_minutes__says_so_and_follows_no_more(staff: Client) -> None:
    asked = (timezone.now() - timedelta(seconds=121)).isoformat().replace("+", "%2B")

    page = text(staff, f"?asked={asked}")

    assert "No worker has looked since you asked" in page
    assert "data-follow" not in page
    assert "Look now" in page


@pytest.mark.parametrize("asked", ["", "soon", "2026-13-01T00:00:00Z", "2999-01-01T00:00:00"])
def test_page__asked_is_no_time__as_if_it_were_not_there(staff: Client, asked: str) -> None:
    page = text(staff, f"?asked={asked}")

    assert "data-follow" not in page
    assert "No worker has looked" not in page


def test_task__asked_before_the_last_look_began__is_answered_by_it(
    committed: None, acme: Tenant
) -> None:
    look_for_spec_conflicts()
    first = SpecConflictLook.objects.get()

    look_for_spec_conflicts((first.looked_at - timedelta(seconds=1)).isoformat())
    assert SpecConflictLook.objects.get() == first

    look_for_spec_conflicts((first.looked_at + timedelta(microseconds=1)).isoformat())
    second = SpecConflictLook.objects.get()
    look_for_spec_conflicts()
    third = SpecConflictLook.objects.get()
    assert first.looked_at < second.looked_at < third.looked_at


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
