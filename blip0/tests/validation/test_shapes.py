import pytest

from blip0.common.strict_json import loads
from blip0.common.validation.findings import MAX_FINDINGS, Findings, pointer
from blip0.common.validation.shapes import (
    U8,
    U64,
    Choice,
    Flag,
    Integer,
    ListOf,
    MapOf,
    Nullable,
    Struct,
    Text,
    defaulted,
    optional,
)
from blip0.common.validation.unions import OneKey, Tagged
from blip0.tests.validation.helpers import found, messages

PERSON = Struct(
    "a person",
    {
        "name": Text(),
        "age": Integer(U8),
        "nick": optional(Text()),
        "tags": defaulted(ListOf(Text())),
    },
    hints={"years": "age"},
)


def _report(shape, text):
    out = Findings()
    parses = shape.check(loads(text), None, out)
    report = out.report("test")
    assert parses == (report.verdict == "ok")
    return report


@pytest.mark.parametrize("text", ["1.0", '"1"', "true", "null", "-1", "256", str(2**64)])
def test_integer__anything_but_an_integer_in_range__is_refused(text):
    assert _report(Integer(U8), text).verdict == "parse_error"


@pytest.mark.parametrize("number", [0, 2**64 - 1])
def test_integer__both_ends_of_the_range__are_fine(number):
    assert _report(Integer(U64), str(number)).findings == ()


def test_struct__many_mistakes__are_all_reported_with_pointers():
    report = _report(
        ListOf(PERSON),
        '[{"name": 1, "years": 3}, {"name": "a", "age": 300, "tags": [null, 1]}]',
    )

    assert found(report) == [
        ("error", "shape.missing", "/0"),
        ("error", "shape.range", "/1/age"),
        ("error", "shape.type", "/0/name"),
        ("error", "shape.type", "/1/tags/0"),
        ("error", "shape.type", "/1/tags/1"),
        ("error", "shape.unknown", "/0/years"),
    ]
    assert "did you mean `age`?" in messages(report)
    assert "Entry 1 of `tags` must be text, but is null." in messages(report)


def test_struct__misspelt_key__suggests_the_missing_one():
    report = _report(PERSON, '{"nmae": "a", "age": 1}')

    assert "Unknown field `nmae`: did you mean `name`?" in messages(report)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ('{"name": "a", "age": 1}', "ok"),
        ('{"name": "a", "age": 1, "nick": null}', "ok"),
        ('{"name": "a", "age": 1, "tags": null}', "parse_error"),
        ('{"name": null, "age": 1}', "parse_error"),
        ('["a", 1, null]', "ok"),
        ('["a", 1]', "parse_error"),
        ('["a", 1, null, ["t"]]', "ok"),
        ('["a", 1, null, [], 5]', "parse_error"),
        ("[]", "parse_error"),
        ('"a"', "parse_error"),
        ('{"name": "a", "age": 1, "age": 1}', "parse_error"),
    ],
)
def test_struct__absent_null_and_positional_members__follow_the_runtime(text, verdict):
    assert _report(PERSON, text).verdict == verdict


def test_struct__written_as_a_list__is_refused_by_policy_only():
    report = _report(PERSON, '["a", 1, null]')

    assert found(report) == [("error", "shape.spelling", "")]
    assert report.findings[0].source == "policy"
    assert PERSON.named(["a", 1, None]) == {"name": "a", "age": 1, "nick": None}


def test_struct__ignored_unknown_keys__may_repeat():
    open_struct = Struct("x", {"a": Flag()}, unknown="ignore")

    assert _report(open_struct, '{"a": true, "z": 1, "z": 2}').findings == ()
    assert _report(open_struct, '{"a": true, "a": true}').verdict == "parse_error"


def test_map__repeated_key__counts_the_last_but_is_refused_by_policy():
    report = _report(MapOf(Text()), '{"a": "1", "a": "2"}')

    assert (report.verdict, found(report)) == ("ok", [("error", "json.repeated_key", "/a")])
    assert _report(MapOf(Text()), '{"a": 1, "a": "2"}').verdict == "parse_error"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [('"b"', "ok"), ('"B"', "parse_error"), ('{"b": null}', "ok"), ("1", "parse_error")],
)
def test_choice__case_and_object_form__follow_the_runtime(text, verdict):
    assert _report(Choice(("a", "b")), text).verdict == verdict


def test_choice__wrong_case__suggests_the_right_one():
    assert "Write `Python`: upper and lower case count." in messages(
        _report(Choice(("Python", "Bash")), '"python"')
    )


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ('{"vec": "u8"}', "ok"),
        ('"u8"', "ok"),
        ('{"u8": null}', "ok"),
        ('"u9"', "parse_error"),
        ('{"u8": 1}', "parse_error"),
        ('{"vec": "u8", "vec": "u8"}', "parse_error"),
        ('{"vec": "u8", "x": 1}', "parse_error"),
        ("{}", "parse_error"),
        ("3", "parse_error"),
    ],
)
def test_one_key__forms__follow_the_runtime(text, verdict):
    assert _report(OneKey("a type", {"vec": Choice(("u8",))}, ("u8",)), text).verdict == verdict


TAGGED = Tagged("a thing", "kind", {"x": Struct("an x", {"n": Integer(U8)}, unknown="ignore")})


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ('{"kind": "x", "n": 1}', "ok"),
        ('{"n": 1, "kind": "x", "more": 1}', "ok"),
        ('["x", 1]', "ok"),
        ('["x"]', "parse_error"),
        ('{"kind": "y", "n": 1}', "parse_error"),
        ('{"kind": 1, "n": 1}', "parse_error"),
        ('{"n": 1}', "parse_error"),
        ('{"kind": "x", "kind": "x", "n": 1}', "parse_error"),
        ('"x"', "parse_error"),
    ],
)
def test_tagged__forms__follow_the_runtime(text, verdict):
    assert _report(TAGGED, text).verdict == verdict


@pytest.mark.parametrize(
    ("text", "verdict", "codes"),
    [
        ('{"kind": 0, "n": 1}', "ok", ["shape.spelling"]),
        ('{"kind": "x", "n": 1}', "ok", []),
        ("[0, 1]", "ok", ["shape.spelling"]),
        ('{"kind": 1, "n": 1}', "parse_error", ["shape.type"]),
        ('{"kind": -1, "n": 1}', "parse_error", ["shape.type"]),
        ('{"kind": 0.0, "n": 1}', "parse_error", ["shape.type"]),
        ('{"kind": false, "n": 1}', "parse_error", ["shape.type"]),
    ],
)
def test_tagged__where_the_runtime_buffers__a_number_stands_for_a_name(text, verdict, codes):
    buffered = Tagged(
        "a thing",
        "kind",
        {"x": Struct("an x", {"n": Integer(U8)}, unknown="ignore")},
        buffered=True,
    )

    report = _report(buffered, text)

    assert (report.verdict, [finding.code for finding in report.findings]) == (verdict, codes)


def test_tagged__variant_that_is_no_list__is_refused_as_one():
    named_only = Struct("an x", {"n": Integer(U8)}, unknown="ignore", positional=False)

    assert (
        _report(Tagged("a thing", "kind", {"x": named_only}), '["x", 1]').verdict == "parse_error"
    )


def test_nullable__null__is_fine():
    assert _report(Nullable(Text()), "null").findings == ()


def test_list__longer_than_the_runtime_takes__is_refused():
    report = _report(ListOf(Text(), most=1), '["a", "b"]')

    assert found(report) == [("error", "shape.length", "")]


def test_findings__a_flood__is_cut_and_keeps_the_verdict():
    report = _report(ListOf(Text()), str([1] * 5000))

    assert len(report.findings) == MAX_FINDINGS + 1
    assert report.findings[-1].code == "report.truncated"
    assert report.verdict == "parse_error"


def test_pointer__keys_with_slash_and_tilde__are_escaped():
    assert pointer(((None, "a/b~c"), 0)) == "/a~1b~0c/0"
    assert pointer(None) == ""
