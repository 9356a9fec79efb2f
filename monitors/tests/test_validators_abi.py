import pytest

from blip0.common.strict_json import loads
from blip0.tests.validation.helpers import examine, found, messages
from monitors.validators.abi import check_abi
from monitors.validators.abi_types import is_type


@pytest.mark.parametrize(
    "text",
    [
        "uint256",
        "$a_1",
        "uint257[1][][3]",
        "Lib.Kind",
        "Lib.",
        "Lib.Kind[2]",
        "()",
        "( )",
        "(uint8, )",
        "(uint8 )[]",
        "( uint8,  bool )",
        "(uint8,)",
        "((a),(b,c)[2])[]",
        "tuple(a,b)",
        "tuple",
        "tuples",
        "a[007]",
        f"a[{2**64 - 1}]",
        "(" * 79 + "a" + ")" * 79,
        "(" * 80 + ")" * 80,
    ],
)
def test_type__by_the_grammar__is_one(text):
    assert is_type(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " a",
        "a ",
        "1a",
        "a-b",
        "é",
        "a.b.c",
        "a.1",
        "a[",
        "a]",
        "a[0]",
        "a[00]",
        "a[ 1]",
        "a[x]",
        f"a[{2**64}]",
        "a[1]b",
        "(a",
        "(a,,b)",
        "(,)",
        "(,a)",
        "(,,)",
        "(" * 80 + "a" + ")" * 80,
        "(" * 81 + ")" * 81,
        "(a ,b)",
        "(a)b",
        "(a[0])",
        "tuple (a)",
        "tuple(",
        "a\n",
        "(" * 500 + "a" + ")" * 500,
    ],
)
def test_type__anything_else__is_none(text):
    assert not is_type(text)


def _function(**changes):
    item = {"type": "function", "name": "f", "inputs": [], "outputs": [], **changes}
    return [{key: value for key, value in item.items() if value is not ...}]


def _event(**changes):
    item = {"type": "event", "name": "E", "inputs": [], "anonymous": False, **changes}
    return [{key: value for key, value in item.items() if value is not ...}]


def _parameter(**changes):
    return _function(inputs=[{"name": "x", "type": "uint8", **changes}])


@pytest.mark.parametrize(
    "abi",
    [
        [],
        _function(name=""),
        _function(stateMutability=None, payable=True, constant=None),
        _function(stateMutability="view", payable=True, constant=True),
        _function(stateMutability={"view": None}),
        _function(stateMutability={"view": {}}),
        _function() * 3,
        _parameter(indexed=None, internalType=None),
        _parameter(internalType="anything at all"),
        _parameter(name=""),
        _parameter(type="tuple", components=[]),
        _parameter(type="tuple and nonsense", components=[{"type": "a"}]),
        _event(inputs=[{"type": "a", "indexed": None}], payable="ignored"),
        [["event", "E", [], True]],
        [["error", "E", []]],
    ],
)
def test_abi__what_the_runtime_takes__is_ok(abi):
    assert examine(check_abi, abi).verdict == "ok"


@pytest.mark.parametrize(
    ("abi", "code", "pointer"),
    [
        ([{"name": "f"}], "shape.missing", "/0"),
        ([{"type": "Function", "name": "f"}], "shape.choice", "/0/type"),
        (_function(name="f-g"), "abi.name", "/0/name"),
        (_function(name=None), "shape.type", "/0/name"),
        (_function(inputs=...), "shape.missing", "/0"),
        (_function(outputs=None), "shape.type", "/0/outputs"),
        (_function(stateMutability="View"), "shape.choice", "/0/stateMutability"),
        (_function(stateMutability={"view": []}), "shape.type", "/0/stateMutability"),
        (_function(stateMutability="view", payable=1), "shape.type", "/0/payable"),
        (_function(payable=True, constant=True), "abi.mutability", "/0"),
        (_parameter(name=None), "shape.type", "/0/inputs/0/name"),
        (_parameter(name="1x"), "abi.name", "/0/inputs/0/name"),
        (_parameter(type="uint8 "), "abi.type", "/0/inputs/0/type"),
        (_parameter(indexed=False), "abi.indexed", "/0/inputs/0/indexed"),
        (_parameter(components=None), "shape.type", "/0/inputs/0/components"),
        (_parameter(components=[{"type": "a"}]), "abi.tuple", "/0/inputs/0/type"),
        (
            _parameter(type="tuple", components=[{"type": "a"}, {"type": "b", "indexed": True}]),
            "abi.indexed",
            "/0/inputs/0/components/1/indexed",
        ),
        (_event(anonymous=...), "shape.missing", "/0"),
        (_event(anonymous=None), "shape.type", "/0/anonymous"),
        ([{"type": "receive"}, {"type": "receive"}], "abi.repeated", "/1"),
        ([["function", "f", [], []]], "shape.type", "/0"),
    ],
)
def test_abi__what_the_runtime_cannot_read__points_to_the_part(abi, code, pointer):
    report = examine(check_abi, abi)

    assert (report.verdict, found(report)) == ("parse_error", [("error", code, pointer)])


def test_abi__several_mistakes__are_all_found():
    report = examine(check_abi, [*_function(outputs=...), *_parameter(type=""), {"type": "x"}])

    assert [pointer for _, _, pointer in found(report)] == ["/1/inputs/0/type", "/2/type", "/0"]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"abi": []}, "stands under its `abi`"),
        ("[]", "not text that holds it"),
        (["function f()"], "Signatures as text"),
    ],
)
def test_abi__usual_misunderstandings__are_explained(value, says):
    assert says in messages(examine(check_abi, value))


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ('[{"type":"error","name":"E","inputs":[],"x":1,"x":2}]', "ok"),
        ('[{"type":"error","name":"E","name":"F","inputs":[]}]', "parse_error"),
        ('[{"type":"error","type":"error","name":"E","inputs":[]}]', "parse_error"),
    ],
)
def test_abi__repeated_keys__matter_where_the_runtime_reads_them(text, verdict):
    assert examine(check_abi, loads(text)).verdict == verdict
