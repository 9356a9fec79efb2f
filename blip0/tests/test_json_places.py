"""The line that a JSON pointer leads to."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blip0.common.json_places import line_of

TEXT = """[
  {"address": "0x1", "a/b": {
    "c~d": [1,
      2]}},
  {
    "address": "0x2"
  }, []
]"""
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=15,
)


@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        ("", 1),
        ("/0", 2),
        ("/0/address", 2),
        ("/0/a~1b/c~0d", 3),
        ("/0/a~1b/c~0d/1", 4),
        ("/1", 5),
        ("/1/address", 6),
        ("/1/contract_spec", 5),
        ("/1/address/deeper", 6),
        ("/2/0", 7),
        ("/9", 1),
    ],
)
def test_line_of__pointer__the_values_line_or_the_last_on_the_way(pointer: str, line: int) -> None:
    assert line_of(TEXT, pointer) == line
    assert line_of(TEXT.replace("\n", "\r\n"), pointer) == line


@given(VALUES, VALUES, st.text(max_size=5))
def test_line_of__second_member__begins_where_json_puts_it(
    first: object, second: object, name: str
) -> None:
    members = {f"{name}-": first, name: second}
    text = json.dumps(members, indent=1)
    before = json.dumps({f"{name}-": first}, indent=1).count("\n")

    pointer = "/" + name.replace("~", "~0").replace("/", "~1")

    assert line_of(text, pointer) == before + 1
