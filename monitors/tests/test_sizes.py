"""The size of what the runtime reads of a monitor: measured, and refused where it is too large."""

from __future__ import annotations

import pytest

from blip0.common.canonical import canonical_bytes
from blip0.common.sealing import Place, keyring, sealed_size
from blip0.common.tenancy import in_tenant
from blip0.common.validation import InvalidDocument
from monitors.contracts import AROUND_DOCUMENT, AROUND_TRIGGER, MAX_DOCUMENT_BYTES, RUNTIME_KEYS
from monitors.models import Finding, Monitor, MonitorTrigger
from monitors.projections import monitor_documents
from monitors.selectors import monitor_rows_sizes
from monitors.services import document_report, findings_recheck, monitor_create
from monitors.services.documents import Stored
from monitors.services.sizes import document_size, size_findings
from monitors.services.world import World
from monitors.tests.factories import ERC20_ABI, USDC, make_monitor_document
from monitors.tests.support import ANA, row_states, update
from tenants.models import AuditRecord, LimitOverride
from triggers.models import Trigger, WebhookConfig
from triggers.services import trigger_create, trigger_update
from triggers.tests.factories import document as trigger_document

HOSTILE = "a == '\"\\\\ é \t 😀'"


def many_addresses(count, spec):
    return [{"address": f"0x{number:040x}", "contract_spec": spec} for number in range(count)]


def large_abi(size):
    """An ABI of about `size` bytes."""
    padding = {**ERC20_ABI[0], "name": "padding", "comment": "x" * size}
    return [*ERC20_ABI, padding]


def make_trigger(tenant, slug="ops", body="See ${transaction.hash}"):
    document = trigger_document("webhook")
    document["config"]["message"] = {"title": "t", "body": body}
    return trigger_create(tenant=tenant, data={**document, "name": slug, "slug": slug}, actor=ANA)


def make_monitor(tenant, **changes):
    return monitor_create(tenant=tenant, data=make_monitor_document(**changes), actor=ANA)


def rendered_size(tenant, monitor):
    return len(canonical_bytes(monitor_documents(tenant, [monitor.pk])[monitor.pk].body))


@pytest.fixture
def roomy(in_acme):
    """Acme, whose plan lets documents grow beyond what is projected."""
    for limit, value in (
        ("contract_spec_bytes", 600_000),
        ("addresses_per_monitor", 500),
        ("conditions_per_monitor", 500),
        ("triggers_per_monitor", 50),
    ):
        LimitOverride.objects.create(tenant=in_acme, limit=limit, value=value)
    type(in_acme).objects.filter(pk=in_acme.pk).update(
        allow_viewing_keys=True,
        alert_severity="critical",
        alert_threshold_amount=2**31 - 1,
        alert_threshold_window_s=2**31 - 1,
        alert_min_interval_s=2**31 - 1,
    )
    in_acme.refresh_from_db()
    return in_acme


def a_large_monitor(tenant, triggers=("ops",), size=500_000):
    """Of about twice as many bytes as `size`."""
    return make_monitor(
        tenant, addresses=many_addresses(2, large_abi(size)), triggers=list(triggers)
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"alerting": {}, "networks": ["ethereum_mainnet", "base"]},
        {"addresses": many_addresses(40, ERC20_ABI)},
        {"addresses": [{"address": USDC}, *many_addresses(3, None)]},
        {"triggers": ["ops", "archive"]},
        {
            "match_conditions": {
                "functions": [{"signature": f"{'é' * 300}()", "expression": HOSTILE}] * 40,
                "events": [],
                "transactions": [{"status": "Failure", "expression": "value > 1"}] * 40,
            }
        },
        {
            "trigger_conditions": [
                {
                    "script_path": "filters/even_blocks.sh",
                    "language": "Bash",
                    "arguments": ['"quoted"', "é\n"] * 20,
                    "timeout_ms": 2**31 - 1,
                }
            ]
            * 5
        },
        {
            "networks": ["midnight_testnet"],
            "addresses": [],
            "chain_configurations": [
                {"midnight": {"viewing_keys": [{"type": "Plain", "value": "k" * 700}] * 9}}
            ],
        },
    ],
)
def test_size__of_a_document__is_what_is_rendered_and_little_more(roomy, changes):
    make_trigger(roomy, "ops", HOSTILE * 100)
    make_trigger(roomy, "archive")
    document = make_monitor_document(**{"triggers": ["ops"], **changes})
    document["match_conditions"]["events"] = [
        {"signature": "Transfer(address,address,uint256)", "expression": HOSTILE}
    ]
    monitor = monitor_create(tenant=roomy, data=document, actor=ANA)

    rendered = rendered_size(roomy, monitor)
    stored = Stored.of(Monitor.objects.get(pk=monitor.pk)).values
    measured = document_size(stored, World.now().trigger_sizes)
    by_rows = monitor_rows_sizes(Trigger.objects.get(slug="ops"))[monitor.slug] + AROUND_DOCUMENT

    assert rendered <= measured <= rendered * 1.1 + 2048 + 10_000 * ("viewing" in str(changes))
    assert rendered <= by_rows <= rendered * 1.1 + 8192


def test_sealed_size__any_key_and_text__is_never_less(in_acme):
    place = Place(in_acme.pk, in_acme.pk, "field")

    for plain in ("", "a", "ab", "abc", "é" * 100, "x" * 4096):
        sealed = keyring().seal(plain, place)
        key_id = sealed.split(":")[2]

        assert sealed_size(plain) == len(sealed) - len(key_id) + 32


def test_size_findings__at_the_limit__passes_and_one_more_byte_does_not():
    values = {
        **{key: [] for key in RUNTIME_KEYS},
        "name": "",
        "paused": False,
        "match_conditions": {},
        "triggers": ["ops"],
    }
    room = MAX_DOCUMENT_BYTES - document_size(values, {"ops": 0})

    assert list(size_findings(values, {"ops": room})) == []
    (finding,) = size_findings(values, {"ops": room + 1})
    assert (finding.level, finding.code, finding.pointer) == ("error", "monitor.size", "/triggers")
    assert f"{room + 1 + AROUND_TRIGGER} of them for `triggers`" in finding.message
    assert str(MAX_DOCUMENT_BYTES) in finding.message
    assert finding.message.endswith("shorten their messages and headers.")


def test_create__document_too_large__is_refused_and_stores_nothing(roomy):
    data = make_monitor_document(addresses=many_addresses(3, large_abi(400_000)))
    before, audited = row_states(), AuditRecord.objects.count()

    with pytest.raises(InvalidDocument) as caught:
        monitor_create(tenant=roomy, data=data, actor=ANA)

    (finding,) = caught.value.findings
    assert (finding.code, finding.pointer) == ("monitor.size", "/addresses")
    assert (row_states(), AuditRecord.objects.count()) == (before, audited)
    report = document_report(data)
    assert [(f.code, f.pointer) for f in report.errors] == [("monitor.size", "/addresses")]
    assert report.verdict == "ok"


def test_create__as_large_as_allowed__is_projected(roomy):
    make_trigger(roomy)

    monitor = a_large_monitor(roomy, size=520_000)

    assert MAX_DOCUMENT_BYTES * 0.99 < rendered_size(roomy, monitor) <= MAX_DOCUMENT_BYTES


def test_update__already_too_large__may_change_but_not_grow(roomy):
    make_trigger(roomy)
    monitor = a_large_monitor(roomy, size=520_000)
    # Past the services, as two changes at once would.
    WebhookConfig.objects.update(message_body="x" * 60_000)

    renamed = update(monitor, {"name": "Another name", "paused": True})

    assert renamed.name == "Another name"
    conditions = make_monitor_document()["match_conditions"]
    conditions["events"] = [*conditions["events"], {"signature": "Approval()"}]
    with pytest.raises(InvalidDocument) as caught:
        update(renamed, {"match_conditions": conditions})
    assert [finding.code for finding in caught.value.findings] == ["monitor.size"]


def test_recheck__too_large_meanwhile__is_found(roomy):
    make_trigger(roomy)
    monitor = a_large_monitor(roomy, size=520_000)
    assert findings_recheck() == 0
    WebhookConfig.objects.update(message_body="x" * 60_000)

    assert findings_recheck() == 1

    (found,) = Finding.objects.filter(subject_id=monitor.pk, level="error")
    assert (found.code, found.pointer) == ("monitor.size", "/addresses")


def test_trigger_update__a_monitor_becomes_too_large__is_refused_and_changes_nothing(roomy):
    trigger = make_trigger(roomy)
    monitor = a_large_monitor(roomy, size=520_000)
    make_monitor(roomy, slug="small", name="Small", triggers=["ops"])
    before, audited = rendered_size(roomy, monitor), AuditRecord.objects.count()

    with pytest.raises(InvalidDocument) as caught:
        trigger_update(trigger=trigger, data={"config": with_body("x" * 60_000)}, actor=ANA)

    (finding,) = caught.value.findings
    assert (finding.code, finding.pointer) == ("trigger.monitor_size", "/config")
    assert f"`{monitor.slug}`" in finding.message
    assert "more" not in finding.message
    assert (rendered_size(roomy, monitor), AuditRecord.objects.count()) == (before, audited)
    assert Trigger.objects.get(pk=trigger.pk).version == trigger.version


def with_body(body):
    config = trigger_document("webhook")["config"]
    return {**config, "message": {"title": "t", "body": body}}


def test_trigger_update__it_shrinks__is_never_refused(roomy):
    trigger = make_trigger(roomy)
    a_large_monitor(roomy, size=520_000)
    WebhookConfig.objects.update(message_body="x" * 60_000)

    updated = trigger_update(trigger=trigger, data={"config": with_body("x" * 50_000)}, actor=ANA)

    assert updated.version == trigger.version + 1


def test_trigger_update__deleted_and_foreign_monitors__do_not_count(roomy, globex):
    trigger = make_trigger(roomy)
    a_large_monitor(roomy, size=520_000)
    Monitor.objects.update(deleted_at="2030-01-01T00:00:00Z")
    with in_tenant(globex.pk):
        theirs = make_trigger(globex)

        assert monitor_rows_sizes(theirs) == {}

    trigger_update(trigger=trigger, data={"config": with_body("x" * 60_000)}, actor=ANA)


def test_rows_sizes__many_monitors__queries_do_not_grow(roomy, count_queries):
    first, second = make_trigger(roomy, "ops"), make_trigger(roomy, "archive")
    for number in range(8):
        make_monitor(
            roomy, slug=f"m{number}", name=f"M {number}", triggers=["ops", "archive"][: number + 1]
        )

    with count_queries() as many:
        assert len(monitor_rows_sizes(first)) == 8
    MonitorTrigger.objects.filter(trigger=second).exclude(monitor__slug="m1").delete()
    with count_queries() as one:
        assert len(monitor_rows_sizes(second)) == 1
    assert len(one) == len(many)
