"""Findings in the admin: told after a save, and shown on the object's page."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from blip0.common.admin.findings import summary_of
from blip0.common.tenancy import in_tenant
from blip0.common.validation import Finding
from blip0.common.validation.stored import Subject, findings_replace
from monitors.tests.factories import MonitorFactory
from tenants.models import Tenant
from triggers.models import Trigger
from triggers.tests.factories import SlackTriggerFactory, document

ADD = "/admin/triggers/trigger/add/?type=webhook"


def _finding(level: Any = "warning", message: str = "Mend it.") -> Finding:
    return Finding(level, "monitor.example", "/name", message, "policy", "policy")


def _webhook(url: str) -> dict[str, Any]:
    data = document("webhook")
    return {
        "tenant": str(Tenant.objects.get(slug="acme").pk),
        "name": data["name"],
        "enabled": "on",
        "url": url,
        "method": "POST",
        "message_title": "T",
        "message_body": "B",
        "headers": '{"X-API-Key": "one-two-three-four"}',
        "payload_mode": "template",
    }


def test_save__insecure_url__warned_and_shown_on_the_page(inside: Client, acme: Tenant) -> None:
    response = inside.post(ADD, _webhook("http://hooks.example.org/secretpath"))

    assert response.status_code == 302, response.context["adminform"].form.errors
    told = [str(message) for message in get_messages(response.wsgi_request)]
    assert [text for text in told if text.startswith("1 warning: The URL in `url` is not encr")]
    with in_tenant(acme.pk):
        trigger = Trigger.objects.get()
    page = inside.get(reverse("admin:triggers_trigger_change", args=[trigger.pk])).content.decode()
    assert "trigger.insecure_url" in page
    assert "/config/url/value" in page
    assert "secretpath" not in page + "".join(told)


def test_save__nothing_to_say__no_warning(inside: Client, acme: Tenant) -> None:
    response = inside.post(ADD, _webhook("https://hooks.example.org/x"))

    told = [str(message) for message in get_messages(response.wsgi_request)]
    assert [text for text in told if "warning" in text] == []


@pytest.mark.parametrize("subject", ["monitor", "trigger"])
def test_page__stored_findings__are_shown_escaped(
    subject: Subject, inside: Client, acme: Tenant
) -> None:
    factory = MonitorFactory if subject == "monitor" else SlackTriggerFactory
    with in_tenant(acme.pk):
        obj = factory.create()
        findings_replace(subject, {obj.pk: (_finding("error", "<script>alert(1)</script>"),)})

    page = inside.get(reverse(f"admin:{subject}s_{subject}_change", args=[obj.pk]))

    html = page.content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script>alert(1)" not in html


def test_summary_of__levels__are_counted_and_information_is_not_told() -> None:
    assert summary_of([]) == summary_of([_finding("info")]) == ""
    assert summary_of([_finding()]) == "1 warning: Mend it."
    mixed = [_finding("error"), *[_finding()] * 4, _finding("info")]
    assert summary_of(mixed) == ("1 error and 4 warnings: Mend it. Mend it. Mend it. … and 2 more.")
