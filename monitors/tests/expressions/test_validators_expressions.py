"""Expressions inside monitors, and by themselves."""

import pytest

from blip0.common.validation import check
from monitors.tests.test_validators_monitor import MONITOR


def monitor_with(expression, group="events"):
    entry = {"status": "Any"} if group == "transactions" else {"signature": "E()"}
    groups = {**MONITOR["match_conditions"], group: [{**entry, "expression": expression}]}
    return {**MONITOR, "match_conditions": groups}


def first_error(report):
    finding = report.errors[0]
    return finding.code, finding.pointer, finding.message, finding.source


@pytest.mark.parametrize("group", ["functions", "events", "transactions"])
def test_monitor__expression_that_does_not_parse__is_refused_by_policy(group):
    report = check("monitor", monitor_with("value >", group))

    assert first_error(report) == (
        "expression.syntax",
        f"/match_conditions/{group}/0/expression",
        "Column 8: expected a value after `>`, found the end.",
        "policy",
    )
    assert report.verdict == "ok"


@pytest.mark.parametrize("expression", [None, "value > 1", "a == 1 or (b contains 'x' and c != 2)"])
def test_monitor__expression_that_parses_or_none__is_fine(expression):
    assert check("monitor", monitor_with(expression)).errors == ()


def test_expression_alone__does_not_parse__is_the_runtimes_parse_error():
    report = check("expression", "a = 1")

    assert first_error(report)[0::3] == ("expression.syntax", "runtime")
    assert report.verdict == "parse_error"


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("(" * 33 + "a == 1" + ")" * 33, "expression.nesting"),
        ("a==1 or " * 256 + "a==1", "expression.conditions"),
        (f"a == '{'x' * 4096}'", "expression.size"),
    ],
)
def test_expression_alone__beyond_our_limits__is_ok_to_the_runtime_and_refused_here(
    expression, code
):
    report = check("expression", expression)

    assert first_error(report)[0::3] == (code, "policy")
    assert report.verdict == "ok"


@pytest.mark.parametrize("value", [None, 5, ["a == 1"], {}])
def test_expression_alone__not_text__is_a_parse_error(value):
    assert check("expression", value).verdict == "parse_error"
