"""Creating monitors: what is stored, what is refused, and that a refusal stores nothing."""

import pytest

from blip0.common.actors import Actor
from blip0.common.exceptions import DomainError
from blip0.common.tenancy import in_tenant
from blip0.common.validation import InvalidDocument
from monitors.models import ContractSpec, MatchCondition, Monitor, MonitorAddress
from monitors.selectors import monitor_representation
from monitors.services import monitor_create
from monitors.tests.factories import ERC20_ABI, USDC, WETH, make_monitor_document, spec_text
from monitors.tests.support import as_stored
from platform_catalog.models import Network
from tenants.models import AuditRecord, LimitOverride, Tenant
from triggers.tests.factories import TriggerFactory

ANA = Actor(kind="user", id="1", name="Ana")
ADDED = {"id", "version", "snoozed_until", "created_at", "updated_at"}


def create(tenant, **overrides):
    return as_stored(
        monitor_create(tenant=tenant, data=make_monitor_document(**overrides), actor=ANA)
    )


def refused(tenant, **overrides):
    """Pointer and code of each error; proves that nothing at all was stored."""
    data = make_monitor_document(**overrides)
    audited = AuditRecord.objects.count()
    monitors = Monitor.objects.count()
    with pytest.raises(InvalidDocument) as caught:
        monitor_create(tenant=tenant, data=data, actor=ANA)
    assert (Monitor.objects.count(), AuditRecord.objects.count()) == (monitors, audited)
    assert ContractSpec.objects.count() == 0
    return {(finding.pointer, finding.code) for finding in caught.value.findings}


def test_create__whole_document__reads_back_equal(in_acme):
    TriggerFactory.create(slug="on-call")
    TriggerFactory.create(slug="archive", enabled=False)
    document = make_monitor_document(
        triggers=["on-call", "archive"], networks=["base", "ethereum_mainnet"]
    )

    monitor = monitor_create(tenant=in_acme, data=document, actor=ANA)

    read = monitor_representation(Monitor.objects.get(pk=monitor.pk))
    assert {key: value for key, value in read.items() if key not in ADDED} == document
    assert read.keys() - document.keys() == ADDED
    assert (read["id"], read["version"], read["snoozed_until"]) == (str(monitor.pk), 1, None)


def test_create__only_what_is_required__fills_defaults(in_acme):
    document = {
        "name": "  Everything of USDC ",
        "networks": ["ethereum_mainnet"],
        "addresses": [{"address": USDC, "contract_spec": None}],
        "match_conditions": {
            "functions": [],
            "events": [],
            "transactions": [{"status": "Any", "expression": None}],
        },
        "trigger_conditions": [],
        "triggers": [],
    }

    read = monitor_representation(monitor_create(tenant=in_acme, data=document, actor=ANA))

    assert read["name"] == "Everything of USDC"
    assert read["slug"] == "everything-of-usdc"
    assert read["addresses"] == [{"address": USDC}]
    assert read["match_conditions"]["transactions"] == [{"status": "Any"}]
    assert (read["paused"], read["description"], read["alerting"]) == (False, "", {})


def test_create__no_slug_and_a_taken_one__takes_the_next(in_acme):
    create(in_acme, slug=None)

    second = create(in_acme, slug=None, name="Large USDC transfers!")

    assert second.slug == "large-usdc-transfers-2"


def test_create__is_audited__with_specs_by_hash_and_no_secret(in_acme):
    monitor = create(in_acme)

    entry = AuditRecord.objects.get(action="monitor.created")
    assert (entry.object_id, entry.tenant_id, entry.actor_name) == (
        str(monitor.pk),
        in_acme.pk,
        "Ana",
    )
    spec = ContractSpec.objects.get()
    assert (entry.after or {})["addresses"] == [{"address": USDC, "contract_spec": spec.sha256}]
    assert entry.before is None


def test_create__same_spec_twice__is_stored_once_as_canonical_text(in_acme):
    shuffled = [dict(reversed(item.items())) for item in ERC20_ABI]
    addresses = [
        {"address": USDC, "contract_spec": ERC20_ABI},
        {"address": WETH, "contract_spec": shuffled},
    ]

    create(in_acme, addresses=addresses)

    spec = ContractSpec.objects.get()
    assert spec.content == spec_text(ERC20_ABI)
    assert spec.size == len(spec.content.encode())
    assert MonitorAddress.objects.filter(contract_spec=spec).count() == 2


@pytest.mark.parametrize(
    ("network", "address", "spec", "kind"),
    [
        ("ethereum_mainnet", USDC, [], "evm"),
        ("ethereum_mainnet", USDC, ERC20_ABI, "evm"),
        (
            "stellar_mainnet",
            "CA6PUJLBYKZKUEKLZJMKBZLEKP2OTHANDEOWSFF44FTSYLKQPIICCJBE",
            [{"function_v0": {"doc": "", "name": "swap", "inputs": [], "outputs": []}}],
            "stellar",
        ),
        (
            "solana_mainnet",
            "BPFLoaderUpgradeab1e11111111111111111111111",
            {"version": "0.1.0", "name": "loader", "instructions": []},
            "solana",
        ),
    ],
)
def test_create__spec_of_a_chain__is_recognised(in_acme, network, address, spec, kind):
    conditions = {"functions": [], "events": [{"signature": "swap()"}], "transactions": []}

    create(
        in_acme,
        networks=[network],
        addresses=[{"address": address, "contract_spec": spec}],
        match_conditions=conditions,
    )

    assert ContractSpec.objects.get().kind == kind


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({"networks": ["ethereum_mainet"]}, ("/networks/0", "monitor.unknown_network")),
        ({"networks": ["base", "base"]}, ("/networks/1", "monitor.repeated_network")),
        ({"networks": []}, ("/networks", "monitor.networks")),
        ({"triggers": ["nobody"]}, ("/triggers/0", "monitor.unknown_trigger")),
        ({"name": " "}, ("/name", "name.blank")),
        ({"slug": "Large Transfers"}, ("/slug", "slug.format")),
        ({"description": "a\x00b"}, ("/description", "description.control")),
        ({"colour": "red"}, ("/colour", "shape.unknown")),
        ({"addresses": [{"address": "0x1"}]}, ("/addresses/0/address", "address.form")),
        ({"paused": 1}, ("/paused", "shape.type")),
        ({"alerting": {"severity": "urgent"}}, ("/alerting/severity", "shape.choice")),
        (
            {"alerting": {"threshold": {"amount": 0, "window_s": 60}}},
            ("/alerting/threshold/amount", "alerting.threshold"),
        ),
        ({"alerting": {"threshold": {"amount": 1}}}, ("/alerting/threshold", "shape.missing")),
        (
            {
                "addresses": [
                    {
                        "address": USDC,
                        "contract_spec": [{"type": "constructor", "inputs": [], "gas": 1.5}],
                    }
                ]
            },
            ("/addresses/0/contract_spec/0/gas", "spec.number"),
        ),
        ({"id": "00000000-0000-0000-0000-000000000000"}, ("/id", "read_only")),
    ],
)
def test_create__breaks_a_rule__is_refused_with_its_pointer(in_acme, overrides, expected):
    assert expected in refused(in_acme, **overrides)


def test_create__several_mistakes__are_all_reported(in_acme):
    Network.objects.filter(slug="base").update(enabled=False)

    found = refused(in_acme, networks=["base"], name="", addresses=[{"address": "0x1"}])

    assert {pointer for pointer, _ in found} == {"/networks/0", "/name", "/addresses/0/address"}


def test_create__disabled_network__is_refused(in_acme):
    Network.objects.filter(slug="base").update(enabled=False)

    assert refused(in_acme, networks=["base"]) == {("/networks/0", "network.disabled")}


@pytest.mark.parametrize(
    "path", ["filters/even_blocks.sh", "./config/filters/even_blocks.sh", "even_blocks.sh"]
)
def test_create__script_in_any_directory__is_the_catalogues(in_acme, path):
    condition = {"script_path": path, "language": "Bash", "timeout_ms": 500}

    monitor = create(in_acme, trigger_conditions=[condition])

    assert monitor.script_conditions.get().script_id == "even_blocks"
    [read] = monitor_representation(monitor)["trigger_conditions"]
    assert read == {**condition, "script_path": "filters/even_blocks.sh"}


@pytest.mark.parametrize(
    ("path", "language", "code"),
    [
        ("filters/odd_blocks.sh", "Bash", "script.missing"),
        ("filters/even_blocks.py", "Python", "script.missing"),
        ("filters/even_blocks.sh", "Python", "script.extension"),
        ("filters/../even_blocks", "Bash", "script.extension"),
    ],
)
def test_create__script_that_isnt_there__is_refused(in_acme, path, language, code):
    condition = {"script_path": path, "language": language, "timeout_ms": 500}

    found = refused(in_acme, trigger_conditions=[condition])

    assert ("/trigger_conditions/0/script_path", code) in found


@pytest.mark.parametrize(
    ("overrides", "pointer"),
    [
        (
            {
                "trigger_conditions": [
                    {"script_path": "even_blocks.sh", "language": "Bash", "timeout_ms": 2**31}
                ]
            },
            "/trigger_conditions/0/timeout_ms",
        ),
        (
            {
                "trigger_conditions": [
                    {
                        "script_path": "even_blocks.sh",
                        "language": "Bash",
                        "timeout_ms": 1,
                        "arguments": ["a" * 501, "\x00"],
                    }
                ]
            },
            "/trigger_conditions/0/arguments/0",
        ),
        (
            {
                "match_conditions": {
                    "functions": [],
                    "events": [{"signature": "a\x00()"}],
                    "transactions": [],
                }
            },
            "/match_conditions/events/0/signature",
        ),
    ],
)
def test_create__what_no_column_holds__is_refused(in_acme, overrides, pointer):
    assert pointer in {place for place, _ in refused(in_acme, **overrides)}


def test_create__stellar_without_functions__needs_a_permission(in_acme):
    document = {
        "networks": ["stellar_mainnet"],
        "addresses": [],
        "match_conditions": {"functions": [], "events": [], "transactions": [{"status": "Any"}]},
    }

    assert refused(in_acme, **document) == {("/match_conditions", "monitor.unfiltered")}

    Tenant.objects.update(allow_unfiltered_monitors=True)
    assert create(in_acme, **document).version == 1


@pytest.mark.parametrize(
    ("limit", "overrides", "pointer"),
    [
        ("addresses_per_monitor", {}, "/addresses"),
        ("conditions_per_monitor", {}, "/match_conditions"),
        ("triggers_per_monitor", {"triggers": ["on-call"]}, "/triggers"),
        ("contract_spec_bytes", {}, "/addresses/0/contract_spec"),
    ],
)
def test_create__beyond_the_plan__is_refused(in_acme, limit, overrides, pointer):
    TriggerFactory.create(slug="on-call")
    LimitOverride.objects.create(tenant=in_acme, limit=limit, value=0)

    assert pointer in {place for place, _ in refused(in_acme, **overrides)}


def test_create__no_room__is_refused(in_acme):
    LimitOverride.objects.create(tenant=in_acme, limit="monitors", value=1)
    create(in_acme)

    with pytest.raises(DomainError) as caught:
        create(in_acme, name="Another", slug="another")

    assert caught.value.code == "monitor_limit_reached"
    assert Monitor.objects.count() == 1


@pytest.mark.parametrize(
    ("overrides", "pointer", "code", "free"),
    [
        ({"name": "Other"}, "/slug", "slug_taken", "large-usdc-transfers-2"),
        (
            {"slug": "other", "name": "LARGE usdc transfers "},
            "/name",
            "name_taken",
            "LARGE usdc transfers (2)",
        ),
    ],
)
def test_create__taken__is_a_conflict_with_a_free_one(in_acme, overrides, pointer, code, free):
    create(in_acme)

    with pytest.raises(DomainError) as caught:
        create(in_acme, **overrides)

    assert (caught.value.pointer, caught.value.code) == (pointer, code)
    assert free in caught.value.message
    assert (Monitor.objects.count(), MatchCondition.objects.count()) == (1, 3)


def test_create__foreign_trigger__is_unknown(in_acme, globex):
    with in_tenant(globex.pk):
        foreign = TriggerFactory.create(slug="globex-pager")

    for name in ("globex-pager", str(foreign.pk)):
        assert ("/triggers/0", "monitor.unknown_trigger") in refused(in_acme, triggers=[name])


def test_create__deleted_trigger__is_unknown(in_acme):
    TriggerFactory.create(slug="old", deleted_at="2026-01-01T00:00:00Z")

    assert ("/triggers/0", "monitor.unknown_trigger") in refused(in_acme, triggers=["old"])


def test_create__misspelt_names__get_suggestions(in_acme):
    TriggerFactory.create(slug="on-call")
    condition = {"script_path": "x/even_block.sh", "language": "Bash", "timeout_ms": 1}
    document = make_monitor_document(
        networks=["ethereum_mainet"], triggers=["on-cal"], trigger_conditions=[condition]
    )

    suggested = r"`ethereum_mainnet`.*`on-call`.*`filters/even_blocks\.sh`"
    with pytest.raises(InvalidDocument, match=suggested):
        monitor_create(tenant=in_acme, data=document, actor=ANA)


def test_create__in_another_tenants_schema__is_a_programming_error(in_acme, globex):
    with pytest.raises(RuntimeError, match="another tenant"):
        create(globex)


def test_create__not_an_object__is_refused(in_acme):
    with pytest.raises(InvalidDocument):
        monitor_create(tenant=in_acme, data=["name"], actor=ANA)  # type: ignore[arg-type]  # on purpose
