"""The monitor that a template makes, and why one makes none."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from blip0.common.actors import Actor
from blip0.common.tenancy import in_tenant
from monitors.models import Monitor
from monitors.selectors import monitor_representation
from monitors.services import monitor_from_template
from platform_catalog.models import MonitorTemplate
from platform_catalog.tests.factories import MonitorTemplateFactory
from tenants.models import AuditRecord, Tenant

USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"


def _url(template: MonitorTemplate) -> str:
    return reverse("admin:platform_catalog_monitortemplate_preview", args=[template.pk])


def _asked(**changes: Any) -> dict[str, Any]:
    return {"name": "Mine", "networks": ["base"], "addresses": USDC, "triggers": "", **changes}


def test_preview__opened__a_whole_example_that_can_be_saved(staff: Client) -> None:
    template = MonitorTemplateFactory.create()

    page = staff.get(_url(template))

    assert page.context["broken"] is False
    assert template.name in page.context["document"]


def test_preview__of_ones_choice__is_what_a_tenant_gets(staff: Client, acme: Tenant) -> None:
    template = MonitorTemplateFactory.create()
    records = AuditRecord.objects.count()

    page = staff.get(_url(template), _asked())

    assert page.context["broken"] is False
    assert AuditRecord.objects.count() == records
    with in_tenant(acme.pk):
        assert not Monitor.objects.filter(name="Mine").exists()
        made = monitor_from_template(
            tenant=acme,
            template=template.slug,
            name="Mine",
            networks=["base"],
            addresses=[{"address": USDC}],
            triggers=[],
            actor=Actor.system("test"),
        )
        representation = monitor_representation(made)
    shown = page.context["preview"].document
    assert {key: representation[key] for key in shown} == shown


def test_preview__template_whose_script_is_gone__says_why(staff: Client) -> None:
    condition = {
        "script_path": "filters/gone.sh",
        "language": "Bash",
        "timeout_ms": 500,
        "arguments": [],
    }
    template = MonitorTemplateFactory.create()
    template.document["trigger_conditions"] = [condition]
    template.save()

    page = staff.get(_url(template))

    assert page.context["broken"] is True
    assert "script.missing" in page.context["findings"]
    assert "It can&#x27;t be saved like this" in page.content.decode().replace("'", "&#x27;")


def test_preview__address_that_is_none__finding_at_its_place(staff: Client) -> None:
    page = staff.get(_url(MonitorTemplateFactory.create()), _asked(addresses="0x12"))

    assert page.context["broken"] is True
    assert "/addresses/0/address" in page.context["findings"]


def test_preview__network_of_another_type__refused_at_the_field(staff: Client) -> None:
    page = staff.get(_url(MonitorTemplateFactory.create()), _asked(networks=["nowhere"]))

    assert page.context["form"].errors["networks"]
    assert "document" not in page.context
