"""What pages say, and how: names for ids, words for codes, nothing twice, nothing in vain."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import nullcontext
from html import unescape

import pytest
from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from blip0.common.actors import Actor
from blip0.common.admin.display import change_url, short
from blip0.common.projection_states import REASONS, state_in_words
from blip0.common.tenancy import in_tenant
from blip0.tests.admin.rows import ROWS
from cachesync.admin.home import ago
from cachesync.models import ProjectedDocument, ProjectedScope
from monitors.models import ContractSpec, Finding, Match, Monitor
from monitors.tests.factories import ContractSpecFactory, FindingFactory, MatchFactory
from monitors.tests.factories import MonitorFactory as Monitors
from tenants.models import AuditRecord, ConfigVersion, Membership, Tenant
from tenants.services.members import member_change_role

UNRECORDED = sorted(
    (one.model for one in admin.site._registry.values() if not getattr(one, "audit_kind", "")),
    key=lambda model: model._meta.label,
)


def _text(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return " ".join(unescape(strip_tags(response.content.decode())).split())


def _page_of_one(model: type[Model], tenant: Tenant) -> str:
    """The URL of a row that is made for it."""
    owned = model._meta.app_label in settings.TENANT_APPS
    with in_tenant(tenant.pk) if owned else nullcontext():
        ROWS[model]("Plain", 1)
        return change_url(model, model._default_manager.values_list("pk", flat=True)[0])


def _heading(client: Client, url: str) -> str:
    """The way to the page, in its header."""
    html = client.get(url).content.decode()
    found = re.search(r"<h1 class=\"overflow-hidden.*?</h1>", html, re.DOTALL)
    assert found is not None
    return " ".join(unescape(strip_tags(found[0])).split())


def _list(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


@pytest.mark.parametrize(
    ("label", "reason", "said"),
    [
        ("Active", "", "Active"),
        ("Paused", "paused", "Paused"),
        ("Snoozed", "snoozed", "Snoozed"),
        ("Inactive", "tenant_suspended", "Inactive: its tenant is suspended"),
        ("Invalid", "too_large: 2 bytes", "Invalid: too_large: 2 bytes"),
    ],
)
def test_state__with_its_reason__in_words_and_once(label: str, reason: str, said: str) -> None:
    assert state_in_words(label, reason) == said


def test_reasons__each__words() -> None:
    assert not [words for words in REASONS.values() if "_" in words]


def test_documents__listed__the_tenant_by_name_and_a_reason_that_tells_more(
    staff: Client, acme: Tenant
) -> None:
    for slug, state, reason in (
        ("one", "paused", "paused"),
        ("two", "inactive", "tenant_suspended"),
    ):
        ProjectedDocument.objects.create(
            scope=str(acme.pk),
            kind="monitor",
            object_id=slug,
            name=slug,
            slug=slug,
            state=state,
            reason=reason,
            rev=1,
        )

    text = _text(staff, _list(ProjectedDocument))

    assert "one monitor one acme Paused - " in text
    assert "two monitor two acme Inactive its tenant is suspended" in text


@pytest.mark.parametrize("model", [ConfigVersion, ProjectedScope])
def test_scopes__listed_found_and_opened__by_the_tenants_slug(
    staff: Client, acme: Tenant, model: type[Model]
) -> None:
    scope = str(acme.pk)
    if model is ProjectedScope:
        ProjectedScope.objects.get_or_create(scope=scope)

    for url in (_list(model), f"{_list(model)}?q=acme"):
        listed = _text(staff, url)
        assert " acme " in listed
        assert scope not in listed
    assert "globex" not in listed
    assert " acme" in _heading(staff, change_url(model, scope))


@pytest.mark.parametrize("model", UNRECORDED, ids=lambda model: model._meta.label)
def test_page__of_what_no_audit_record_is_of__no_button_of_a_history(
    looking: Client, acme: Tenant, model: type[Model]
) -> None:
    url = _page_of_one(model, acme)

    html = looking.get(url).content.decode()

    assert f"{url.removesuffix('change/')}history/" not in html


def test_history__of_a_membership__the_persons_within_the_tenant(
    staff: Client, acme: Tenant, globex: Tenant
) -> None:
    ana = Membership.objects.get(tenant=acme, user__email="vic@acme.test")
    elsewhere = Membership.objects.create(tenant=globex, user=ana.user, role="viewer")
    member_change_role(membership=ana, role="editor", actor=Actor.system("tests"))
    url = "admin:tenants_membership_history"

    assert "member.role_changed" in _text(staff, reverse(url, args=[ana.pk]))
    assert "Nothing was recorded" in _text(staff, reverse(url, args=[elsewhere.pk]))


def test_header__of_an_object__its_list_and_its_own_spelling(inside: Client, acme: Tenant) -> None:
    with in_tenant(acme.pk):
        monitor = Monitors.create(slug="large-transfers")

    assert (
        _heading(inside, change_url(Monitor, monitor.pk))
        == "Monitors chevron_right large-transfers"
    )
    assert _heading(inside, _list(Monitor)) == "Monitors"
    assert _heading(inside, f"{_list(Monitor)}?q=large") == "Monitors 1 found (Show all)"


def test_empty_list__searched_or_not__says_why(inside: Client) -> None:
    assert "There is nothing here." in _text(inside, _list(Match))
    assert "Nothing fits what you search and filter for." in _text(inside, f"{_list(Match)}?q=x")


def test_tenant__inside_it__no_way_in(looking: Client, acme: Tenant, globex: Tenant) -> None:
    assert "work-inside/" not in looking.get(change_url(Tenant, acme.pk)).content.decode()
    assert "work-inside/" in looking.get(change_url(Tenant, globex.pk)).content.decode()


@pytest.mark.parametrize("button", ["suspend", "delete"])
def test_tenant__about_to_stop__counts_of_what_stops(
    staff: Client, acme: Tenant, button: str
) -> None:
    with in_tenant(acme.pk):
        Monitors.create_batch(2)

    text = _text(staff, reverse(f"admin:tenants_tenant_{button}", args=[acme.pk]))

    assert "Monitors 2 Triggers 0 Members 4" in text


def test_findings__listed__what_they_are_about_by_name(looking: Client, acme: Tenant) -> None:
    with in_tenant(acme.pk):
        FindingFactory.create(subject_id=Monitors.create(name="Large ones").pk)

    assert "monitor.example Large ones" in _text(looking, _list(Finding))


def test_long_hashes__listed__their_ends(looking: Client, acme: Tenant) -> None:
    with in_tenant(acme.pk):
        match = MatchFactory.create(transaction_id=f"0x{'ab' * 32}")
        spec = ContractSpecFactory.create()

    listed = _text(looking, _list(Match))
    assert "0xabababab…abababab" in listed
    assert match.transaction_id not in listed
    assert spec.sha256 not in _text(looking, _list(ContractSpec))
    assert spec.sha256 in _text(looking, change_url(ContractSpec, spec.pk))
    assert short("short") == "short"


def test_contract_spec__opened__indented(looking: Client, acme: Tenant) -> None:
    with in_tenant(acme.pk):
        spec = ContractSpecFactory.create(value=[{"name": "transfer"}])

    html = unescape(looking.get(change_url(ContractSpec, spec.pk)).content.decode())

    assert '[\n  {\n    "name": "transfer"\n  }\n]' in html


def test_times__of_columns_as_of_ours__with_their_zone(looking: Client) -> None:
    membership = Membership.objects.first()
    assert membership is not None

    assert f"{membership.created_at:%Y-%m-%d %H:%M:%S} UTC" in _text(looking, _list(Membership))


def test_audit_record__opened__called_by_what_it_is_of(staff: Client, acme: Tenant) -> None:
    record = AuditRecord.objects.filter(action="tenant.created", object_name="acme").first()
    assert record is not None

    assert _heading(staff, change_url(AuditRecord, record.pk)).endswith("tenant.created acme")


def test_ago__a_clock_that_is_ahead__not_below_zero() -> None:
    assert ago(-0.4) == "0 s ago"
    assert ago(12.3) == "12 s ago"


def test_deletion__asked_for__neither_summary_nor_technical_words(
    inside: Client, acme: Tenant
) -> None:
    with in_tenant(acme.pk):
        monitor = Monitors.create(slug="large-transfers")

    text = _text(inside, reverse("admin:monitors_monitor_delete", args=[monitor.pk]))

    assert "Delete the monitor “large-transfers”?" in text
    assert "related" not in text


@pytest.mark.parametrize(
    ("url", "status", "said"),
    [
        ("/admin/nothing/here/", 404, "There is no such page"),
        ("/admin/tenants/tenant/add/", 403, "You may not see this page"),
    ],
)
def test_refused_page__says_what_is_wrong_and_leads_back(
    clerk: Callable[..., Client], url: str, status: int, said: str
) -> None:
    response = clerk("tenants.view_tenant").get(url)

    assert response.status_code == status
    html = response.content.decode()
    assert said in html
    assert 'href="/admin/"' in html


@pytest.mark.parametrize("model", ROWS, ids=lambda model: model._meta.label)
def test_page__of_each_model__shows_no_value_as_python_writes_it(
    looking: Client, acme: Tenant, model: type[Model]
) -> None:
    url = _page_of_one(model, acme)

    assert re.findall(r"[(\[{]'[^']*'[,:\])]", _text(looking, url)) == []
