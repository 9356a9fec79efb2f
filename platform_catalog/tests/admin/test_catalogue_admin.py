"""The catalogue in the admin: endpoints with their network, versions with their script."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.utils import quote
from django.test import Client
from django.urls import reverse

from blip0.common.admin import base
from blip0.common.tenancy import in_tenant
from monitors.tests.factories import MonitorNetworkFactory, ScriptConditionFactory
from platform_catalog.models import FilterScript, MonitorTemplate, Network, RpcEndpoint
from platform_catalog.tests.factories import FilterScriptFactory, NetworkFactory
from tenants.models import AuditRecord, Tenant

ADD = "/admin/platform_catalog/network/add/"


def _url(network: Network, page: str = "change") -> str:
    return reverse(f"admin:platform_catalog_network_{page}", args=[quote(network.pk)])


def _network(**changes: Any) -> dict[str, Any]:
    return {
        "slug": "test_chain",
        "name": "Test Chain",
        "network_type": "EVM",
        "enabled": "on",
        "chain_id": "77",
        "block_time_ms": "2000",
        "confirmation_blocks": "3",
        "cron_schedule": "0 */1 * * * *",
        "store_blocks": "unknown",
        **changes,
    }


def _endpoints(*urls: str, stored: list[RpcEndpoint] | None = None) -> dict[str, Any]:
    rows = stored or []
    sent: dict[str, Any] = {
        "rpc_endpoints-TOTAL_FORMS": str(len(urls)),
        "rpc_endpoints-INITIAL_FORMS": str(len(rows)),
    }
    for index, url in enumerate(urls):
        row = {"position": index, "rpc_type": "rpc", "url_kind": "Plain", "url": url, "weight": 100}
        if index < len(rows):
            row |= {"id": rows[index].pk, "network": rows[index].network_id}
        sent |= {f"rpc_endpoints-{index}-{key}": value for key, value in row.items()}
        sent[f"rpc_endpoints-{index}-enabled"] = "on"
    return sent


def test_network__added_with_endpoints__one_service_and_one_record(staff: Client) -> None:
    urls = ("https://one.example.org", "https://two.example.org")

    response = staff.post(ADD, {**_network(), **_endpoints(*urls)})

    assert response.status_code == 302, response.context["errors"]
    network = Network.objects.get(slug="test_chain")
    assert [row.url for row in network.rpc_endpoints.all()] == list(urls)
    assert AuditRecord.objects.get(object_id="test_chain").action == "network.created"


def test_network__endpoint_that_is_none__refused_and_input_kept(staff: Client) -> None:
    page = staff.post(ADD, {**_network(), **_endpoints("ftp://one.example.org")})

    assert "ftp://one.example.org" in page.content.decode()
    assert "rpc_urls/0/url" in page.content.decode()
    assert page.context["adminform"].form["name"].value() == "Test Chain"
    assert not Network.objects.filter(slug="test_chain").exists()


def test_network__bad_schedule__error_at_its_field(staff: Client) -> None:
    data = _network(cron_schedule="every minute")

    page = staff.post(ADD, {**data, **_endpoints("https://one.example.org")})

    assert "cron_schedule" in page.context["adminform"].form.errors


def test_network__endpoint_replaced__old_one_gone(staff: Client) -> None:
    network = NetworkFactory.create(name="Test Chain")
    stored = list(network.rpc_endpoints.all())
    data = {**_network(), **_endpoints(stored[0].url, "https://new.example.org", stored=stored)}

    response = staff.post(_url(network), {**data, "rpc_endpoints-0-DELETE": "on"})

    assert response.status_code == 302, response.context["errors"]
    assert [row.url for row in network.rpc_endpoints.all()] == ["https://new.example.org"]
    assert network.rpc_endpoints.get().position == 0


def test_network__in_use__delete_names_the_monitor(staff: Client, acme: Tenant) -> None:
    with in_tenant(acme.pk):
        link = MonitorNetworkFactory.create(network_id="base")
    base = Network.objects.get(slug="base")
    asked = staff.get(_url(base, "delete")).content.decode()

    staff.post(_url(base, "delete"), {"post": "yes"})

    assert f"monitor {link.monitor.slug} of acme" in asked
    assert Network.objects.filter(slug="base").exists()


def test_script__used_in_two_tenants__delete_page_counts_all_and_names_some(
    staff: Client, acme: Tenant, globex: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "SHOWN_USERS", 3)
    script = FilterScriptFactory.create()
    for tenant in (acme, globex):
        with in_tenant(tenant.pk):
            for _ in range(2):
                ScriptConditionFactory.create(script_id=script.pk)
    url = reverse("admin:platform_catalog_filterscript_delete", args=[quote(script.pk)])

    asked = staff.get(url)

    assert len(asked.context["protected"]) == 4
    assert asked.context["protected"][-1] == "and 1 more"
    assert 'name="post"' not in asked.content.decode(), "there is nothing to confirm"


def test_script__comes_into_use_while_its_deletion_is_confirmed__refused_and_kept(
    staff: Client, globex: Tenant
) -> None:
    """The page that asks told the truth of its time; the POST asks every tenant again."""
    script = FilterScriptFactory.create()
    url = reverse("admin:platform_catalog_filterscript_delete", args=[quote(script.pk)])
    assert 'name="post"' in staff.get(url).content.decode()
    with in_tenant(globex.pk):
        condition = ScriptConditionFactory.create(script_id=script.pk)

    refused = staff.post(url, {"post": "yes"})

    assert refused.context["protected"] == [f"monitor {condition.monitor.slug} of globex"]
    assert FilterScript.objects.filter(pk=script.pk).exists()
    with in_tenant(globex.pk):
        condition.delete()
    staff.post(url, {"post": "yes"})
    assert not FilterScript.objects.filter(pk=script.pk).exists()


def test_network__unused__deleted(staff: Client) -> None:
    network = NetworkFactory.create()

    staff.post(_url(network, "delete"), {"post": "yes"})

    assert not Network.objects.filter(pk=network.pk).exists()


def test_network__disabled_with_a_reason__audited(staff: Client) -> None:
    network = NetworkFactory.create()

    staff.post(_url(network, "disable"), {"reason": "Chain halted."})

    network.refresh_from_db()
    assert not network.enabled
    assert AuditRecord.objects.get(action="network.disabled").reason == "Chain halted."


def test_network__slug_with_an_underscore__its_page_has_buttons_that_work(staff: Client) -> None:
    """In the admin's links an underscore stands as `_5F`."""
    network = Network.objects.get(pk="ethereum_mainnet")
    listed = staff.get(reverse("admin:platform_catalog_network_changelist")).content.decode()
    link = re.search(r'"(/admin/platform_catalog/network/ethereum[^"]+)"', listed)
    assert link is not None
    page = staff.get(link[1].partition("?")[0]).content.decode()
    button = re.search(r'href="([^"]+/disable/)"', page)
    assert button is not None

    staff.post(button[1], {"reason": "Chain halted."}, follow=True)

    network.refresh_from_db()
    assert not network.enabled
    history = staff.get(button[1].replace("/disable/", "/history/"), follow=True)
    assert "network.disabled" in history.content.decode()


def _script_form(script: FilterScript, **changes: Any) -> dict[str, Any]:
    return {
        "description": script.description,
        "arguments": "\n".join(script.arguments),
        "timeout_ms": script.timeout_ms,
        "note": "",
        "versions-TOTAL_FORMS": "0",
        "versions-INITIAL_FORMS": "0",
        **changes,
    }


def test_script__content_changed__new_version_with_our_line_ends(staff: Client) -> None:
    script = FilterScript.objects.get(name="even_blocks")
    url = reverse("admin:platform_catalog_filterscript_change", args=[script.pk])

    response = staff.post(
        url, _script_form(script, content='echo "false"\r\nexit 0\r\n', note="Stricter.")
    )

    script.refresh_from_db()
    assert response.status_code == 302, response.context["errors"]
    assert script.current_version == 2
    newest = script.versions.first()
    assert newest is not None
    assert (newest.content, newest.note) == ('echo "false"\nexit 0\n', "Stricter.")


def test_script__only_the_timeout_changed__no_new_version(staff: Client) -> None:
    script = FilterScript.objects.get(name="even_blocks")
    url = reverse("admin:platform_catalog_filterscript_change", args=[script.pk])
    content = staff.get(url).context["adminform"].form["content"].value()

    staff.post(url, _script_form(script, content=content, timeout_ms="1500"))

    script.refresh_from_db()
    assert (script.current_version, script.timeout_ms) == (1, 1500)


def test_script__old_version__brought_back_by_its_button(staff: Client) -> None:
    script = FilterScript.objects.get(name="even_blocks")
    url = reverse("admin:platform_catalog_filterscript_change", args=[script.pk])
    staff.post(url, _script_form(script, content='echo "false"\n'))
    first = script.versions.get(version=1)

    back = reverse("admin:platform_catalog_filterscriptversion_roll_back", args=[first.pk])
    asked = staff.get(back).content.decode()
    refused = staff.post(back, {"reason": ""})

    staff.post(back, {"reason": "It dropped everything."})

    assert "<ins" in asked
    assert "<del" in asked
    assert refused.context["form"].errors["reason"]
    script.refresh_from_db()
    assert script.current_version == 3
    newest = script.versions.get(version=3)
    assert (newest.content, newest.note) == (
        first.content,
        "Back to version 1. It dropped everything.",
    )
    record = AuditRecord.objects.get(action="filter_script.rolled_back")
    assert record.reason == "It dropped everything."


def test_script__its_page__versions_with_who_when_size_and_hash(staff: Client) -> None:
    script = FilterScript.objects.get(name="even_blocks")
    newest = script.versions.get(version=1)
    url = reverse("admin:platform_catalog_filterscript_change", args=[script.pk])

    page = staff.get(url).content.decode()

    assert f"<code>{newest.sha256[:12]}</code>" in page
    assert f"{len(newest.content.encode()):,}" in page
    version_page = reverse("admin:platform_catalog_filterscriptversion_change", args=[newest.pk])
    assert f'href="{version_page}' in page


def test_script__python_that_does_not_parse__published_with_a_warning(staff: Client) -> None:
    script = FilterScriptFactory.create(language="Python")
    url = reverse("admin:platform_catalog_filterscript_change", args=[script.pk])

    page = staff.post(url, _script_form(script, content="if x\n"), follow=True)

    assert "This is no Python: line 1" in page.content.decode()
    assert "script.syntax" in staff.get(url).content.decode()
    script.refresh_from_db()
    assert script.current_version == 2


def test_template__bad_condition__error_at_the_document(staff: Client) -> None:
    conditions = {"functions": [], "events": [{"signature": "x("}], "transactions": []}
    document = json.dumps({"match_conditions": conditions})

    page = staff.post(
        reverse("admin:platform_catalog_monitortemplate_add"),
        {"slug": "mine", "name": "Mine", "network_types": ["EVM"], "document": document},
    )

    assert "document" in page.context["adminform"].form.errors
    assert not MonitorTemplate.objects.filter(slug="mine").exists()


@pytest.mark.parametrize("sees_tenants", [True, False])
def test_network__in_use__delete_page_names_tenants_to_those_alone_who_may_see_them(
    clerk: Callable[..., Client], acme: Tenant, sees_tenants: bool
) -> None:
    network = Network.objects.get(pk="base")
    with in_tenant(acme.pk):
        link = MonitorNetworkFactory.create(network_id="base")
    rights = [f"platform_catalog.{verb}_network" for verb in ("view", "change", "delete")]
    client = clerk(*rights, *(["tenants.view_tenant"] if sees_tenants else []))

    shown = client.get(_url(network, "delete")).content.decode()

    assert (f"monitor {link.monitor.slug} of acme" in shown) == sees_tenants
    assert ("acme" in shown) == sees_tenants
    assert ("1 that your role may not see" in shown) != sees_tenants
    assert 'name="post"' not in shown, "there is nothing to confirm"
