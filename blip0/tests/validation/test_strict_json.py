import pytest

from blip0.common.strict_json import NotStrictJSON, RepeatedKeys, loads, repeated_keys


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("NaN", "json.number"),
        ("[Infinity]", "json.number"),
        ("-Infinity", "json.number"),
        ("1e999", "json.number"),
        ("1" * 5000, "json.number"),
        ("", "json.syntax"),
        ("{} {}", "json.syntax"),
        ("{'a': 1}", "json.syntax"),
        ("[1,]", "json.syntax"),
        ("01", "json.syntax"),
        ('"a\nb"', "json.syntax"),
        ("\ufeff{}", "json.syntax"),
        (r'"\ud800"', "json.text"),
        (r'{"a": ["\udc00x"]}', "json.text"),
        (r'{"\ud800": 1}', "json.text"),
        ("[" * 100_000, "json.depth"),
    ],
)
def test_loads__what_the_runtime_cannot_read__is_an_error(text, code):
    with pytest.raises(NotStrictJSON) as caught:
        loads(text)

    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("18446744073709551615", 2**64 - 1),
        ("-9223372036854775808", -(2**63)),
        ("18446744073709551616", float(2**64)),
        ("-0", -0.0),
        ("1.0", 1.0),
        (r'"\ud83d\ude00"', "😀"),
    ],
)
def test_loads__numbers_and_text__have_the_runtimes_types(text, value):
    loaded = loads(text)

    assert loaded == value
    assert type(loaded) is type(value)


def test_loads__syntax_error__tells_line_and_column():
    with pytest.raises(NotStrictJSON, match="line 2, column 3") as caught:
        loads("[1,\n  x]")

    assert (caught.value.line, caught.value.column) == (2, 3)


def test_loads__repeated_key__keeps_all_values_and_counts_the_last():
    value = loads('{"a": 1, "b": 2, "a": 3}')

    assert isinstance(value, RepeatedKeys)
    assert value == {"a": 3, "b": 2}
    assert repeated_keys(value) == {"a": [1, 3]}


def test_repeated_keys__ordinary_dict__has_none():
    assert repeated_keys({"a": 1}) == {}
