import pytest

from blip0.common.validation import Limits
from blip0.common.validation.findings import Findings
from blip0.tests.validation.helpers import examine, found, messages
from monitors.validators.abi import check_abi
from monitors.validators.spec import check_policy, check_spec, recognise
from monitors.validators.stellar import MAX_DOC

ABI = [{"type": "error", "name": "E", "inputs": []}]
IDL = {"version": "0.1.0", "name": "p", "instructions": []}


def _function(**changes):
    return [{"function_v0": {"doc": "", "name": "f", "inputs": [], "outputs": [], **changes}}]


def _input(type_, **changes):
    return _function(inputs=[{"doc": "", "name": "x", "type_": type_, **changes}])


def _definition(kind, **changes):
    return [{kind: {"doc": "", "lib": "", "name": "T", **changes}}]


CASE = {"doc": "", "name": "A", "value": 1}


@pytest.mark.parametrize(
    ("spec", "form"),
    [
        (None, "Midnight"),
        ([], "EVM"),
        (ABI, "EVM"),
        (_function(), "Stellar"),
        (
            _input({"option": {"value_type": {"tuple": {"value_types": ["u32", "address"]}}}}),
            "Stellar",
        ),
        (_input({"bytes_n": {"n": 32}}, extra=1), "Stellar"),
        (_input({"u32": None}), "Stellar"),
        (_function(doc=r"a\n\x00\\" + "é"), "Stellar"),
        (_function(doc=r"\n" * MAX_DOC), "Stellar"),
        (_definition("udt_struct_v0", fields=[]), "Stellar"),
        (_definition("udt_enum_v0", cases=[CASE]), "Stellar"),
        (_definition("udt_error_enum_v0", cases=[CASE]), "Stellar"),
        (_definition("udt_union_v0", cases=[{"void_v0": {"doc": "", "name": "A"}}]), "Stellar"),
        (IDL, "Solana"),
        (["0.1.0", "p", []], "Solana"),
        ({**IDL, "metadata": {"address": "x", "more": 1}}, "Solana"),
        ({**IDL, "metadata": None}, "Solana"),
    ],
)
def test_recognise__a_readable_spec__has_the_form_the_runtime_takes(spec, form):
    out = Findings()

    assert recognise(spec, None, out) == form
    assert out.report("spec").verdict == "ok"


@pytest.mark.parametrize(
    ("spec", "code", "pointer"),
    [
        (_function(doc=...), "shape.missing", "/0/function_v0"),
        (_function(doc="x" * (MAX_DOC + 1)), "stellar.length", "/0/function_v0/doc"),
        (_function(doc="\\q"), "stellar.escape", "/0/function_v0/doc"),
        (_function(name="é" * 17), "stellar.length", "/0/function_v0/name"),
        (_function(outputs=["u32", "u32"]), "shape.length", "/0/function_v0/outputs"),
        (_input("u33"), "shape.choice", "/0/function_v0/inputs/0/type_"),
        (_input({"vec": {}}), "shape.missing", "/0/function_v0/inputs/0/type_/vec"),
        (_input({"bytes_n": {"n": -1}}), "shape.range", "/0/function_v0/inputs/0/type_/bytes_n/n"),
        ([*_input("u32"), {"function_v1": {}}], "shape.choice", "/1/function_v1"),
        ([{**_function()[0], "x": 1}], "shape.one_key", "/0"),
        (
            _definition("udt_union_v0", cases=[{"void_v0": {"doc": ""}}]),
            "shape.missing",
            "/0/udt_union_v0/cases/0/void_v0",
        ),
    ],
)
def test_stellar__a_mistake__is_pointed_at_and_not_hidden_behind_the_union(spec, code, pointer):
    spec = [
        {kind: {k: v for k, v in entry.items() if v is not ...} for kind, entry in item.items()}
        if all(isinstance(entry, dict) for entry in item.values())
        else item
        for item in spec
    ]
    report = examine(check_spec, spec)

    assert (report.verdict, found(report)) == ("parse_error", [("error", code, pointer)])


def _argument(type_):
    return {**IDL, "instructions": [{"name": "i", "args": [{"name": "x", "type": type_}]}]}


@pytest.mark.parametrize(
    "type_",
    ["anything", {"array": ["u8", 3]}, {"tuple": ["u8", {"option": "u8"}]}, {"defined": "T"}],
)
def test_solana__legacy_types__are_fine(type_):
    assert examine(check_spec, _argument(type_)).findings == ()


@pytest.mark.parametrize(
    ("spec", "pointer"),
    [
        (_argument({"array": ["u8"]}), "/instructions/0/args/0/type/array"),
        (_argument({"array": ["u8", 1.0]}), "/instructions/0/args/0/type/array/1"),
        (_argument({"defined": {"name": "T"}}), "/instructions/0/args/0/type/defined"),
        (_argument({"hashMap": []}), "/instructions/0/args/0/type/hashMap"),
        (_argument(None), "/instructions/0/args/0/type"),
        (
            {**IDL, "instructions": [{"name": "i", "discriminator": [256]}]},
            "/instructions/0/discriminator/0",
        ),
        (
            {**IDL, "instructions": [{"name": "i", "accounts": [{"name": "a", "is_mut": 1}]}]},
            "/instructions/0/accounts/0/is_mut",
        ),
        ({**IDL, "errors": [{"code": 1, "name": "E", "msg": None}]}, "/errors/0/msg"),
        ({**IDL, "types": None}, "/types"),
        ({**IDL, "types": [{"name": "T", "type": {"kind": "alias"}}]}, "/types/0/type/kind"),
    ],
)
def test_solana__what_the_runtime_cannot_read__is_pointed_at(spec, pointer):
    report = examine(check_spec, spec)

    assert report.verdict == "parse_error"
    assert [f.pointer for f in report.errors if f.source == "runtime"] == [pointer]


def test_solana__account_groups__are_read_like_the_runtime_does():
    group = {"name": "g", "is_mut": 1, "accounts": [{"name": "a"}]}

    report = examine(check_spec, {**IDL, "instructions": [{"name": "i", "accounts": [group]}]})

    assert report.findings == ()


def test_solana__newer_idl__is_explained():
    newer = {"address": "x", "metadata": {"name": "p", "version": "0.1.0"}, "instructions": []}

    assert "`version` is missing" in messages(examine(check_spec, newer))
    assert "Anchor 0.30" in messages(examine(check_spec, _argument({"defined": {"name": "T"}})))


@pytest.mark.parametrize("spec", [0, True, "x", [["x"]], {"abi": ABI}])
def test_spec__nothing_of_the_kind__is_a_parse_error(spec):
    assert examine(check_spec, spec).verdict == "parse_error"


@pytest.mark.parametrize("number", [1.5, 1e30, 2**64, -(2**63) - 1])
def test_spec__number_that_cannot_be_carried__is_policy(number):
    report = examine(check_spec, {**IDL, "constants": [{"value": number}]})

    assert (report.verdict, found(report)) == (
        "ok",
        [("error", "spec.number", "/constants/0/value")],
    )


def test_spec__above_the_plans_size__is_policy_with_both_numbers():
    report = examine(check_spec, ABI, limits=Limits(spec_bytes=10))

    assert found(report) == [("error", "spec.size", "")]
    assert "The spec has 41 bytes; 10 are allowed." in messages(report)
    assert examine(check_spec, ABI, limits=Limits(spec_bytes=41)).findings == ()


@pytest.mark.parametrize(
    ("spec", "chains", "codes"),
    [
        (ABI, {"Stellar"}, ["spec.chain"]),
        (ABI, {"Stellar", "EVM"}, []),
        ([], {"Solana"}, []),
        (ABI, set(), []),
    ],
)
def test_spec__of_another_chain_than_the_networks__is_a_warning(spec, chains, codes):
    report = examine(
        lambda value, at, out, context: check_policy(
            value, recognise(value, at, Findings()), at, out, context, chains
        ),
        spec,
    )

    assert [code for _, code, _ in found(report)] == codes


def test_abi_items_by_number__inside_a_spec_only__are_what_the_runtime_takes():
    receives = [{"type": 2}, {"type": 2}]

    assert examine(check_spec, receives[:1]).verdict == "ok"
    assert found(examine(check_spec, receives)) == [
        ("error", "abi.repeated", "/1"),
        ("error", "shape.spelling", "/0/type"),
        ("error", "shape.spelling", "/1/type"),
    ]
    assert examine(check_abi, receives[:1]).verdict == "parse_error"
