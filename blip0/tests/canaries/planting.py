"""A canary in everything that a tenant may say: over the API where there is a way, else in rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from blip0.common.actors import Actor
from blip0.common.tenancy import in_tenant
from blip0.testing.world import PASSWORD
from blip0.tests.canaries.marks import Marks
from cachesync.models import ProjectedDocument, ProjectedScope, ProjectionDifference
from monitors.tests.factories import (
    ERC20_ABI,
    FindingFactory,
    MatchFactory,
    TriggerExecutionFactory,
    make_monitor_document,
)
from tenants.choices import Limit, Role
from tenants.models import Membership, Tenant, User
from tenants.services.lifecycle import tenant_activate, tenant_suspend
from tenants.services.settings import domain_add, limit_overrides_set
from triggers.choices import TriggerKind
from triggers.tests.factories import document as trigger_document

API = "/api/v1"


@dataclass
class Planted:
    """A tenant full of canaries. `ids` has an id of each resource, `client` is its owner's."""

    tenant: Tenant
    marks: Marks
    email: str
    client: APIClient
    browser: Client
    receiver: Any
    ids: dict[str, str]

    def headers(self) -> dict[str, str]:
        """What a client may say of itself."""
        canary = self.marks.canary
        return {"X-Request-ID": canary("request"), "User-Agent": canary("agent")}


def plant(tenant: Tenant, word: str, address: str, receiver: Any) -> Planted:
    """`receiver` is a web server on this machine, for the tenant's test deliveries.

    The owner calls from `address`: failures at one address don't slow another one.
    """
    marks = Marks(word)
    canary = marks.canary
    Tenant.objects.filter(pk=tenant.pk).update(allow_viewing_keys=True)
    tenant.refresh_from_db()
    email = f"{canary('owner')}@example.org"
    owner = User.objects.create_user(email, PASSWORD, name=canary("person"))
    Membership.objects.create(tenant=tenant, user=owner, role=Role.OWNER)
    _staff_says(tenant, marks)
    browser = Client()
    browser.post("/api-auth/login", {"email": email, "password": PASSWORD})
    client = APIClient(REMOTE_ADDR=address)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {refreshed(email, marks)}")
    planted = Planted(tenant, marks, email, client, browser, receiver, {})
    _over_the_api(planted, receiver.server_port)
    _in_rows(planted)
    return planted


def refreshed(email: str, marks: Marks) -> str:
    """An access token of a sign-in that was renewed once; all of its tokens are shown once."""
    client = APIClient()
    for name, path, body in (
        ("login", "/login", {"email": email, "password": PASSWORD}),
        ("refresh", "/refresh", None),
    ):
        answer = client.post(API + path, body, headers={"X-Requested-With": "blip0"})
        assert answer.status_code == 200, answer.content
        marks.shown |= {
            f"{name}: access": signature(answer.json()["access"]),
            f"{name}: cookie": signature(client.cookies["blip0_refresh"].value),
        }
    return str(answer.json()["access"])


def signature(token: str) -> str:
    """The part of a JWT without which the rest is worth nothing."""
    return token.rpartition(".")[2]


def _staff_says(tenant: Tenant, marks: Marks) -> None:
    staff, canary = Actor.system(marks.canary("staff")), marks.canary
    tenant_suspend(tenant=tenant, reason=canary("suspended"), actor=staff)
    tenant_activate(tenant=tenant, actor=staff)
    override = {"limit": Limit.MONITORS, "value": 50, "reason": canary("limit")}
    limit_overrides_set(tenant=tenant, overrides=[override], actor=staff)
    domain_add(tenant=tenant, domain=f"{canary('host')}.example.org", is_primary=True, actor=staff)
    Tenant.objects.filter(pk=tenant.pk).update(
        status_reason=canary("status"), provisioning_error=canary("provisioning")
    )


def monitor_of(marks: Marks, **changes: Any) -> dict[str, Any]:
    """A monitor that is full of them."""
    canary = marks.canary
    event = {
        "type": "event",
        "name": canary("event"),
        "anonymous": False,
        "inputs": [{"name": canary("value"), "type": "uint256", "indexed": False}],
    }
    address = "0x" + marks.word.encode().hex().ljust(40, "0")
    marks.values.add(address)
    condition = {"signature": f"{canary('event')}(uint256)", "expression": f"{canary('value')} > 5"}
    return (
        make_monitor_document(
            name=canary("monitor"),
            slug=canary("monitorslug"),
            description=canary("description"),
            addresses=[{"address": address, "contract_spec": [*ERC20_ABI, event]}],
            match_conditions={"functions": [], "events": [condition], "transactions": []},
            trigger_conditions=[
                {
                    "script_path": "filters/even_blocks.sh",
                    "language": "Bash",
                    "arguments": [canary("argument")],
                    "timeout_ms": 1000,
                }
            ],
            chain_configurations=[
                {
                    "midnight": {
                        "viewing_keys": [{"type": "Plain", "value": marks.secret("viewing")}]
                    }
                }
            ],
        )
        | changes
    )


def trigger_of(marks: Marks, kind: str, port: int, **changes: Any) -> dict[str, Any]:
    """A trigger of this type that is full of them, and of secrets."""
    canary, secret = marks.canary, marks.secret
    data = trigger_document(kind, name=canary(f"trigger{kind}"), slug=canary(kind))
    config = data["config"]
    config["message"] = {"title": canary(f"title{kind}"), "body": canary(f"body{kind}")}
    for key, value in config.items():
        if key == "url":
            value["value"] = f"http://127.0.0.1:{port}/{secret('url')}"
        elif key == "token":
            value["value"] = f"123456789:{secret('token')}".ljust(45, "A")
        elif isinstance(value, dict) and "value" in value:
            old = value["value"] if key.endswith("_url") else ""
            value["value"] = f"{old}{secret(kind + key.replace('_', ''))}"
    if kind == TriggerKind.EMAIL:
        config |= {
            "host": f"{canary('smtp')}.example.org",
            "sender": f"{canary('sender')}@example.org",
            "recipients": [f"{canary('recipient')}@example.org"],
        }
        config["username"]["value"] += "@example.org"
    if kind == TriggerKind.TELEGRAM:
        config["chat_id"] = f"@{canary('chat')}"
    if kind == TriggerKind.WEBHOOK:
        config["headers"] = {
            "Content-Type": canary("type"),
            f"X-{canary('header')}": secret("header"),
        }
    return data | changes


def _over_the_api(planted: Planted, port: int) -> None:
    marks, ids = planted.marks, planted.ids
    canary = marks.canary

    def post(path: str, body: Any = None, key: str = "") -> dict[str, Any]:
        headers = planted.headers() | ({"Idempotency-Key": canary(key)} if key else {})
        answer = planted.client.post(API + path, body, headers=headers)
        assert answer.status_code in (200, 201), (path, answer.content)
        return dict(answer.json())

    for kind in TriggerKind.values:
        ids["triggers"] = post("/triggers", trigger_of(marks, kind, port))["id"]
    webhook = canary("webhook")
    ids["triggers"] = planted.client.get(f"{API}/triggers?search={webhook}").json()["results"][0][
        "id"
    ]
    post(f"/triggers/{ids['triggers']}/test")
    named = {"triggers": [canary(kind) for kind in TriggerKind.values]}
    ids["monitors"] = post("/monitors", monitor_of(marks, **named), key="kept")["id"]
    until = (timezone.now() + timedelta(days=9)).isoformat()
    snooze = {"until": until, "reason": canary("snooze")}
    post(f"/monitors/{ids['monitors']}/snooze", snooze)
    key = post(
        "/api-keys",
        {
            "name": canary("key"),
            "scopes": ["monitors:read"],
            "allowed_networks": [f"2001:db8:{marks.word.encode().hex()[:4]}:77::/64"],
        },
        key="keptkey",
    )
    marks.values.add(key["prefix"])
    ids["api-keys"], marks.shown["api key"] = key["id"], key["key"].split("_", 2)[2]
    guest = {"email": f"{canary('guest')}@example.org", "role": "viewer"}
    ids["invitations"] = post("/invitations", guest)["id"]
    for name in ("tenantbefore", "tenant"):
        answer = planted.client.patch(f"{API}/tenant", {"name": canary(name)})
        assert answer.status_code == 200, answer.content
    ids["members"] = planted.client.get(f"{API}/members?ordering=-created_at").json()["results"][0][
        "id"
    ]
    ids["audit-log"] = planted.client.get(f"{API}/audit-log").json()["results"][0]["id"]


def _in_rows(planted: Planted) -> None:
    """What only the runtime, a validator or the projector writes."""
    canary, scope = planted.marks.canary, str(planted.tenant.pk)
    with in_tenant(planted.tenant.pk):
        match = MatchFactory.create(
            event_id=canary("eventid"),
            monitor_id=planted.ids["monitors"],
            monitor_name=canary("matched"),
            network=canary("network"),
            transaction_id=canary("hash"),
            details={canary("key"): canary("detail")},
        )
        execution = TriggerExecutionFactory.create(
            match=match, trigger_name=canary("fired"), error=canary("error")
        )
        FindingFactory.create(
            subject_id=planted.ids["monitors"],
            code=canary("code"),
            pointer=f"/{canary('pointer')}",
            message=canary("message"),
            source=canary("s"),
        )
    planted.ids |= {"matches": str(match.pk), "executions": str(execution.pk)}
    ProjectedDocument.objects.filter(scope=scope).update(reason=canary("reason"))
    ProjectedScope.objects.filter(scope=scope).update(error=canary("failed"))
    ProjectionDifference.objects.create(
        scope=scope, kind="altered", document=planted.ids["monitors"], found_at=timezone.now()
    )
