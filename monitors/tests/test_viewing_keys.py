"""Midnight viewing keys of monitors: sealed, masked, kept byte for byte."""

import pytest

from blip0.common.validation import InvalidDocument
from monitors.models import Monitor
from monitors.services import monitor_clone, monitor_create
from monitors.tests.factories import make_monitor_document
from monitors.tests.support import ANA, reread, row_states, update
from tenants.models import AuditRecord

KEY = "a" * 64
MIDNIGHT = {
    "networks": ["midnight_testnet"],
    "addresses": [{"address": "02" * 35}],
    "match_conditions": {
        "functions": [{"signature": "post()"}],
        "events": [],
        "transactions": [],
    },
    "trigger_conditions": [],
}


def keys(*values):
    return [{"midnight": {"viewing_keys": [{"type": "Plain", "value": value} for value in values]}}]


def test_viewing_keys__tenant_without_permission__is_refused(in_acme):
    document = make_monitor_document(**MIDNIGHT, chain_configurations=keys(KEY))

    with pytest.raises(InvalidDocument) as caught:
        monitor_create(tenant=in_acme, data=document, actor=ANA)

    [finding] = caught.value.findings
    assert finding.pointer == "/chain_configurations/0/midnight/viewing_keys"
    assert KEY not in str(caught.value)


@pytest.fixture
def keyed(in_acme):
    type(in_acme).objects.filter(pk=in_acme.pk).update(allow_viewing_keys=True)
    in_acme.refresh_from_db()
    document = make_monitor_document(
        **MIDNIGHT, chain_configurations=[*keys(KEY, "b" * 64), {"evm": {}, "unknown": 1.5}]
    )
    return monitor_create(tenant=in_acme, data=document, actor=ANA)


def stored_keys(monitor):
    configurations = Monitor.objects.get(pk=monitor.pk).chain_configurations
    return [
        key["value"]
        for configuration in configurations
        for key in configuration.get("midnight", {}).get("viewing_keys", [])
    ]


def test_viewing_keys__stored__are_sealed_and_masked_on_read(keyed):
    assert all(text.startswith("sealed:v1:") for text in stored_keys(keyed))
    read = reread(keyed)
    assert read["chain_configurations"] == [
        {
            "midnight": {
                "viewing_keys": [{"set": True, "hint": "…aaaa"}, {"set": True, "hint": "…bbbb"}]
            }
        },
        {"evm": {}},
    ]
    entry = AuditRecord.objects.get(action="monitor.created")
    assert KEY not in str(entry.after)


def test_viewing_keys__sent_back_as_read_or_plain__keep_their_bytes(keyed):
    before, states = stored_keys(keyed), row_states()

    update(keyed, reread(keyed))
    update(keyed, {"chain_configurations": [*keys(KEY, "b" * 64), {"evm": {}}]})

    assert stored_keys(keyed) == before
    assert row_states() == states


def test_viewing_keys__reordered_and_one_new__keep_what_they_were(keyed):
    first, second = stored_keys(keyed)
    masks = reread(keyed)["chain_configurations"][0]["midnight"]["viewing_keys"]
    new = {"type": "plain", "value": "c" * 64}

    update(
        keyed, {"chain_configurations": [{"midnight": {"viewing_keys": [masks[1], new, masks[0]]}}]}
    )

    after = stored_keys(keyed)
    assert (after[0], after[2]) == (second, first)
    assert after[1] not in {first, second}
    after_audit = AuditRecord.objects.get(action="monitor.updated").after or {}
    assert after_audit.keys() == {"chain_configurations"}


def test_viewing_keys__unknown_mask__is_refused(keyed):
    mask = {"set": True, "hint": "…zzzz"}

    with pytest.raises(InvalidDocument):
        update(keyed, {"chain_configurations": [{"midnight": {"viewing_keys": [mask]}}]})


def test_viewing_keys__environment_reference__is_refused(keyed):
    reference = {"type": "Environment", "value": "PLATFORM_SECRET"}

    with pytest.raises(InvalidDocument, match="refers to a secret of the platform"):
        update(keyed, {"chain_configurations": [{"midnight": {"viewing_keys": [reference]}}]})


def test_viewing_keys__permission_revoked__other_parts_still_change(in_acme, keyed):
    type(in_acme).objects.filter(pk=in_acme.pk).update(allow_viewing_keys=False)

    update(keyed, {"name": "New"})
    with pytest.raises(InvalidDocument):
        update(keyed, {"chain_configurations": keys("c" * 64)})

    assert reread(keyed)["name"] == "New"


def test_clone__with_viewing_keys__seals_them_for_itself(keyed):
    copy = monitor_clone(monitor=keyed, name="Copy", actor=ANA)

    assert not set(stored_keys(copy)) & set(stored_keys(keyed))
    shown = reread(copy)["chain_configurations"]
    assert shown == reread(keyed)["chain_configurations"]
