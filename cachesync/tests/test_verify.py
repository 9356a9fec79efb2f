"""`manage.py projection_verify --schema`: sound documents pass, each kind of damage is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
import redis
from django.core.management import CommandError, call_command
from django.test import override_settings

from blip0.common.sealing import Place, keyring
from blip0.common.tenancy import in_tenant
from cachesync.keys import PLATFORM
from cachesync.services.reconcile import reconcile
from cachesync.store import Store
from cachesync.tests.conftest import ACTOR, SLACK_URL, body_of, make_monitor, make_trigger
from monitors.models import Monitor
from monitors.services import monitor_create, monitor_update
from monitors.tests.factories import make_monitor_document
from platform_catalog.models import RpcEndpoint
from tenants.models import Tenant
from triggers.choices import TriggerKind
from triggers.services import trigger_create
from triggers.tests.factories import document as trigger_document

pytestmark = pytest.mark.usefixtures("committed")


def verify(*options: str) -> tuple[int, str]:
    """The command's exit code and what it prints."""
    output = StringIO()
    try:
        call_command("projection_verify", "--schema", *options, stdout=output)
    except CommandError as error:
        return error.returncode, output.getvalue()
    return 0, output.getvalue()


def problems(*options: str) -> list[tuple[str, str, str]]:
    code, text = verify("--json", *options)
    found = [json.loads(line) for line in text.splitlines()]
    assert code == (3 if found else 0)
    assert SLACK_URL not in text
    return sorted((each["id"], each["pointer"], each["code"]) for each in found)


@pytest.fixture
def monitor(in_acme: Tenant, store: Store) -> Monitor:
    make_trigger(in_acme)
    made = make_monitor(in_acme, triggers=["ops"])
    reconcile(store=store)
    return made


def test_verify__every_type_of_trigger_and_references_of_the_runtime__all_is_well(
    in_acme, globex, store
):
    RpcEndpoint.objects.filter(network="base").update(url_kind="Environment", url="BASE_URL")
    RpcEndpoint.objects.filter(network="midnight_testnet").update(
        url_kind="HashicorpCloudVault", url="MIDNIGHT"
    )
    for kind in TriggerKind:
        data = trigger_document(kind, name=kind.label, slug=kind.value)
        if kind == TriggerKind.EMAIL:
            data["config"]["host"] = "smtp.example.com"
        trigger_create(tenant=in_acme, data=data, actor=ACTOR)
    slugs = [kind.value for kind in TriggerKind]
    document = make_monitor_document(triggers=slugs, name="x" * 200)
    monitor_create(tenant=in_acme, data=document, actor=ACTOR)
    with in_tenant(globex.pk):
        make_monitor(globex)
    reconcile(store=store)

    assert verify() == (0, "9 documents checked by the rules, 0 problems\n")
    assert verify("--tenant", "globex") == (0, "8 documents checked by the rules, 0 problems\n")


def test_verify__viewing_keys__are_opened(in_acme, store):
    in_acme.allow_viewing_keys = True
    in_acme.save()
    key = {"type": "Plain", "value": "mn_shield-esk1secretkey"}
    document = make_monitor_document(
        networks=["midnight_testnet"],
        addresses=[],
        chain_configurations=[{"midnight": {"viewing_keys": [key]}}],
    )
    monitor_create(tenant=in_acme, data=document, actor=ACTOR)
    reconcile(store=store)

    assert problems() == []


def test_verify__plain_delivery__all_is_well(in_acme, store):
    with override_settings(PROJECTION_SECRET_DELIVERY="plain"):
        make_trigger(in_acme)
        make_monitor(in_acme, triggers=["ops"])
        reconcile(store=store)

        assert verify()[0] == 0


Damage = Callable[[dict[str, Any]], object]


def _trigger(document: dict[str, Any]) -> dict[str, Any]:
    trigger: dict[str, Any]
    (trigger,) = document["triggers"].values()
    return trigger


@pytest.mark.parametrize(
    ("damage", "pointer", "code"),
    [
        pytest.param(lambda d: d.pop("alerting"), "", "shape.missing", id="envelope"),
        pytest.param(lambda d: d.update(schema=2), "/schema", "shape.range", id="schema"),
        pytest.param(lambda d: d.update(slug="A B"), "/slug", "slug.format", id="slug"),
        pytest.param(lambda d: d.update(id="x"), "/id", "document.owner", id="id"),
        pytest.param(
            lambda d: d.update(tenant_id="x"), "/tenant_id", "document.owner", id="tenant"
        ),
        pytest.param(
            lambda d: d["alerting"].update(severity="dire"),
            "/alerting/severity",
            "shape.choice",
            id="alerting",
        ),
        pytest.param(
            lambda d: d["monitor"].update(networks=[]), "/monitor/networks", "monitor.networks",
            id="no_network",
        ),
        pytest.param(
            lambda d: d["monitor"].update(networks=["nowhere"]),
            "/monitor/networks/0",
            "monitor.unknown_network",
            id="unknown_network",
        ),
        pytest.param(
            lambda d: d["monitor"].update(triggers=["other"]),
            "/monitor/triggers/0",
            "monitor.unknown_trigger",
            id="unknown_trigger",
        ),
        pytest.param(
            lambda d: d["monitor"].update(paused="no"), "/monitor/paused", "shape.type", id="paused"
        ),
        pytest.param(
            lambda d: d["monitor"].update(name="Bare"), "/monitor/name", "document.name", id="name"
        ),
        pytest.param(
            lambda d: d["monitor"].update(
                trigger_conditions=[
                    {"script_path": "filters/x.sh", "language": "Bash", "timeout_ms": 1}
                ]
            ),
            "/monitor/trigger_conditions/0/script_path",
            "script.missing",
            id="script",
        ),
        pytest.param(
            lambda d: _trigger(d)["config"]["message"].update(title=" "),
            "/triggers/ID/config/message/title",
            "message.title",
            id="message",
        ),
        pytest.param(
            lambda d: _trigger(d)["config"]["slack_url"].update(value="sealed:v1:dev:AAAA"),
            "/triggers/ID/config/slack_url/value",
            "secret.unreadable",
            id="seal",
        ),
        pytest.param(
            lambda d: _trigger(d)["config"].update(
                slack_url={"type": "Environment", "value": "DATABASE_URL"}
            ),
            "/triggers/ID/config/slack_url/type",
            "secret.reference",
            id="reference",
        ),
    ],
)  # fmt: skip
def test_verify__tampered_document__is_found_at_its_place(
    monitor, scope, projection_redis, damage: Damage, pointer, code
):
    document = body_of(projection_redis, scope, monitor)
    (trigger_id,) = document["triggers"]
    damage(document)
    projection_redis.set(scope.document(str(monitor.pk)), json.dumps(document))

    found = problems()

    assert (str(monitor.pk), pointer.replace("ID", trigger_id), code) in found
    assert {each[0] for each in found} == {str(monitor.pk)}
    assert verify("--tenant", "globex")[0] == 0


def test_verify__secret_moved_to_another_trigger__cannot_be_opened(
    monitor, in_acme, scope, store, projection_redis
):
    make_trigger(in_acme, "other")
    monitor_update(monitor=monitor, data={"triggers": ["ops", "other"]}, actor=ACTOR)
    reconcile(store=store)
    document = body_of(projection_redis, scope, monitor)
    first, second = document["triggers"].values()
    first["config"], second["config"] = second["config"], first["config"]
    projection_redis.set(scope.document(str(monitor.pk)), json.dumps(document))

    assert [code for _, _, code in problems() if code == "secret.unreadable"] == [
        "secret.unreadable"
    ] * 2


def test_verify__sealed_value_that_the_runtime_would_refuse__is_found(
    monitor, scope, projection_redis
):
    """The text looks as sealed as ever: only who opens it sees what is wrong."""
    document = body_of(projection_redis, scope, monitor)
    (trigger_id,) = document["triggers"]
    place = Place(UUID(scope.id), UUID(trigger_id), "slack_url")
    sealed = keyring().seal("https://evil.example.org/", place)
    _trigger(document)["config"]["slack_url"]["value"] = sealed
    projection_redis.set(scope.document(str(monitor.pk)), json.dumps(document))

    assert (
        str(monitor.pk),
        f"/triggers/{trigger_id}/config/slack_url/value",
        "trigger.url",
    ) in problems()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "json.syntax"),
        ("{", "json.syntax"),
        ("[]", "shape.type"),
        ("null", "shape.type"),
        ("[" * 5000, "json.depth"),
        ('"\\ud800"', "json.text"),
    ],
)
def test_verify__what_is_no_document__is_found(monitor, scope, projection_redis, body, code):
    projection_redis.set(scope.document(str(monitor.pk)), body)

    assert [each[2] for each in problems()] == [code]


def test_verify__document_gone__is_found(monitor, scope, projection_redis):
    projection_redis.delete(scope.document(str(monitor.pk)))

    assert problems() == [(str(monitor.pk), "", "document.missing")]


def test_verify__tampered_catalogue__is_found(monitor, projection_redis: redis.Redis):
    def damage(field: str, **changes: Any) -> None:
        key = PLATFORM.document(field)
        document = json.loads(str(projection_redis.get(key)))
        projection_redis.set(key, json.dumps({**document, **changes}))

    damage("networks:base", slug="bases")
    damage("networks:solana_mainnet", cron_schedule="often")
    damage("filters:even_blocks", content="curl evil.example.org")

    assert problems() == [
        ("filters:even_blocks", "/sha256", "script.digest"),
        ("networks:base", "/slug", "document.owner"),
        ("networks:solana_mainnet", "/cron_schedule", "cron.syntax"),
    ]


def test_verify__text_for_people__names_scope_id_pointer_and_rule(monitor, scope, projection_redis):
    document = body_of(projection_redis, scope, monitor)
    document["monitor"]["networks"] = []
    projection_redis.set(scope.document(str(monitor.pk)), json.dumps(document))

    code, text = verify("--tenant", "acme")

    assert code == 3
    assert text.startswith(f"{scope.id} {monitor.pk} /monitor/networks: ")
    assert "[monitor.networks]" in text


def test_verify__unknown_tenant__is_an_error_of_use():
    with pytest.raises(CommandError, match="nobody"):
        call_command("projection_verify", "--schema", "--tenant", "nobody")
