"""Two tenants that have one of everything. What is one's own carries its word, whatever it is."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from django.http import HttpResponse
from rest_framework.test import APIClient

from blip0.common.tenancy import in_tenant
from blip0.testing.api import signed_in
from blip0.tests.isolation.operations import Operation
from monitors.tests.factories import MatchFactory, TriggerExecutionFactory, make_monitor_document
from platform_catalog.tests.factories import MonitorTemplateFactory
from tenants.api.refresh_cookie import NAME as REFRESH_COOKIE
from tenants.choices import Role
from tenants.models import AuditRecord, SystemSetting, Tenant, User
from tenants.services.invitations import invitation_issue
from tenants.services.passwords import password_reset_issue
from tenants.services.signup import SIGN_UP
from tenants.tests.factories import MembershipFactory, UserFactory
from triggers.tests.factories import DeliveryTestFactory
from triggers.tests.factories import document as trigger_document

OWNERS: Final = {"acme": "ana@acme.test", "globex": "olga@globex.test"}
WORDS: Final = {"acme": "quokka", "globex": "narwhal"}
UNHEARD: Final = "wombats"
"""A word as long as Globex's, of things that are nowhere."""
SHARED: Final = {
    "network": "base",
    "script": "even_blocks",
    "template": "failures",
    "schema": "monitor",
    "golden": "monitor.evm",
}
"""Objects of the platform, by the names that their URLs have."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """A tenant in the world: `objects` are the ids of what it has, by kind.

    `given` are texts that only its own may know: a refresh cookie, tokens of emails.
    """

    slug: str
    tenant_id: str
    word: str
    owner: str
    objects: Mapping[str, Any]
    given: Mapping[str, str]

    def at(self, operation: Operation, kind: str) -> str:
        """The operation's URL for an object of this side."""
        named = SHARED.get(kind) or self.objects.get(kind)
        head, brace, rest = operation.path.partition("{")
        return f"{head}{named}{rest.partition('}')[2]}" if brace else head

    def shown_in(self, answer: HttpResponse, *, but: str = "") -> list[str]:
        """What an answer tells of this side, beyond what the URL that was asked for says."""
        text = f"{text_of(answer)} {dict(answer.items())}".replace(but, "")
        own = (self.word, self.tenant_id, self.tenant_id.replace("-", ""), *self.given.values())
        ids = (value for value in self.objects.values() if not isinstance(value, int))
        return [each for each in (*own, *ids) if each in text]


@dataclass(frozen=True, kw_only=True)
class World:
    acme: Side
    globex: Side
    unknown: Side
    """A tenant that isn't there, and objects that nobody has."""

    def other(self, side: Side) -> Side:
        return self.globex if side is self.acme else self.acme


def text_of(answer: HttpResponse) -> str:
    """The body; of a ZIP, all its files."""
    if answer.headers.get("Content-Type") != "application/zip":
        return answer.content.decode()
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return "\n".join(f"{name}\n{archive.read(name).decode()}" for name in archive.namelist())


def create_world(receiver_url: str) -> World:
    """`receiver_url` is where both tenants' webhooks lead."""
    SystemSetting.objects.create(key="allowed_targets", value=["127.0.0.1"])
    SystemSetting.objects.create(key=SIGN_UP.key, value=True)
    MonitorTemplateFactory.create(slug=SHARED["template"])
    acme, globex = (_side(slug, receiver_url) for slug in OWNERS)
    return World(acme=acme, globex=globex, unknown=_nobody(globex))


def _side(slug: str, receiver_url: str) -> Side:
    tenant, word, owner = Tenant.objects.get(slug=slug), WORDS[slug], OWNERS[slug]
    client = signed_in(owner)
    objects = {**_people(tenant, word), **_configuration(client, word, receiver_url)}
    history = _history(tenant, objects, word)
    first, _ = (
        _made(client, "invitations", email=f"{name}@invited.test", role="viewer")
        for name in (word, f"{word}2")
    )
    key = _made(client, "api-keys", name=word, scopes=["monitors:read"])
    _made(client, "api-keys", name=f"{word} 2", scopes=["monitors:read"])
    changes = AuditRecord.objects.filter(tenant_id=tenant.pk, action="monitor.updated")
    issued = invitation_issue(invitation_id=first["id"])
    reset = password_reset_issue(email=owner)
    assert issued is not None
    assert reset is not None
    return Side(
        slug=slug,
        tenant_id=str(tenant.pk),
        word=word,
        owner=owner,
        objects={
            **objects,
            **history,
            "invitation": first["id"],
            "api_key": key["id"],
            "owner": str(User.objects.get(email=owner).pk),
            "audit_record": changes.latest("pk").pk,
        },
        given={
            "refresh": _refresh_cookie(owner),
            "invitation": issued[1],
            "reset": reset[1],
            "key": key["key"],
        },
    )


def _history(tenant: Tenant, objects: Mapping[str, Any], word: str) -> dict[str, str]:
    """What happens of itself: two of each; the newer ones are named."""
    monitor_id, trigger_id = objects["monitor"], objects["trigger"]
    with in_tenant(tenant.pk):
        for _ in range(2):
            match = MatchFactory.create(
                monitor_id=monitor_id,
                monitor_name=word,
                transaction_id=f"0x{word}",
                details={"secret": word},
            )
            execution = TriggerExecutionFactory.create(
                match=match, trigger_id=trigger_id, trigger_name=word
            )
            DeliveryTestFactory.create(trigger_id=trigger_id, requested_by=f"ops@{word}.test")
    return {"match": str(match.pk), "execution": str(execution.pk)}


def _people(tenant: Tenant, word: str) -> dict[str, Any]:
    """A viewer and a second owner, both of them new."""
    made = {
        role: MembershipFactory.create(
            tenant=tenant, role=role, user=UserFactory.create(email=f"{role}@{word}.test")
        )
        for role in (Role.VIEWER, Role.OWNER)
    }
    return {
        "member": str(made[Role.VIEWER].pk),
        "other_owner": str(made[Role.OWNER].pk),
    }


def _configuration(client: APIClient, word: str, receiver_url: str) -> dict[str, Any]:
    """Objects to work on, and others whose state leaves something to do."""
    webhook = trigger_document("webhook", name=word, slug=word)
    webhook["config"]["url"]["value"] = f"{receiver_url}/{word}"
    trigger = _made(client, "triggers", **webhook)
    spare = trigger_document("slack", name=f"{word} spare", slug=f"{word}-spare", enabled=False)
    monitor = _made(client, "monitors", **monitor_document(word, word))
    url = f"/api/v1/monitors/{monitor['id']}"
    assert client.patch(url, {"description": f"{word}, changed"}).status_code == 200
    resting = _made(client, "monitors", **monitor_document(f"{word}-resting", word), paused=True)
    snooze = {"until": "2090-01-01T00:00:00Z"}
    assert client.post(f"/api/v1/monitors/{resting['id']}/snooze", snooze).status_code == 200
    return {
        "trigger": trigger["id"],
        "spare_trigger": _made(client, "triggers", **spare)["id"],
        "monitor": monitor["id"],
        "resting_monitor": resting["id"],
    }


def monitor_document(name: str, word: str) -> dict[str, Any]:
    """A monitor that tells the trigger which is called `word`."""
    document = make_monitor_document(name=name, slug=name, description=word, triggers=[word])
    del document["paused"]
    return document


def _made(client: APIClient, resource: str, **body: Any) -> dict[str, Any]:
    answer = client.post(f"/api/v1/{resource}", body)
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = json.loads(answer.content)
    return made


def _refresh_cookie(email: str) -> str:
    return str(signed_in(email).cookies[REFRESH_COOKIE].value)


def _nobody(like: Side) -> Side:
    """With ids of the same form as those of `like`, so that answers differ in nothing else."""
    return Side(
        slug="initech",
        tenant_id=str(uuid4()),
        word=UNHEARD,
        owner="olga@initech.test",
        objects={
            kind: value + 10**6 if isinstance(value, int) else str(uuid4())
            for kind, value in like.objects.items()
        },
        given={name: value[:-8] + "A" * 8 for name, value in like.given.items()},
    )


def user_of(side: Side) -> User:
    """The owner."""
    return User.objects.get(email=side.owner)
