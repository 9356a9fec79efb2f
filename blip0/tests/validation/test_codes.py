"""The registry of codes: complete, true to its examples, and printed in the documentation."""

import ast
import json
import re

import pytest

from blip0.common.validation import CheckContext, check_text
from blip0.common.validation.codes import Code, known_codes
from blip0.common.validation.codes.page import render
from blip0.testing import PROJECT_ROOT
from blip0.testing.guards import Module, modules
from blip0.tests.validation.helpers import SCRIPTS
from blip0.tests.validation.samples import complete

REPORTERS = {
    "parse_error", "invalid", "runtime_warning", "policy", "advise", "refuse",
    "Finding", "_finding", "_found", "_refusal", "NotStrictJSON", "ExpressionError", "Problem",
}  # fmt: skip
"""Functions and classes that take a code as one of their first two arguments."""
_CODE = re.compile(r"[a-z_]+\.[a-z_]+|read_only")
_CODES = {code.name: code for code in known_codes()}
WORLD = CheckContext(
    author="tenant",
    script_paths=SCRIPTS,
    network_types={
        "ethereum_mainnet": "EVM",
        "stellar_mainnet": "Stellar",
        "solana_mainnet": "Solana",
        "midnight_testnet": "Midnight",
    },
    trigger_keys=frozenset({"ops"}),
)


def codes_in(source: list[Module]) -> set[str]:
    """The codes that are reported; those that are put together, as regular expressions."""
    found: set[str] = set()
    for module in source:
        if module.is_test:
            continue
        for call in module.nodes(ast.Call):
            assert isinstance(call, ast.Call)
            if _name(call.func) in REPORTERS:
                for argument in call.args[:2]:
                    found |= _codes_of(argument)
    return found


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _codes_of(argument: ast.expr) -> set[str]:
    if isinstance(argument, ast.IfExp):
        return _codes_of(argument.body) | _codes_of(argument.orelse)
    if isinstance(argument, ast.JoinedStr):
        text = "".join(
            re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[a-z]+"
            for part in argument.values
        )
        return {text} if re.match(r"[a-z]+\\\.", text) else set()
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return {argument.value} if _CODE.fullmatch(argument.value) else set()
    return set()


def test_codes__used_anywhere__are_described():
    for pattern in codes_in(list(modules())):
        assert any(re.fullmatch(pattern, name) for name in _CODES), pattern


def test_codes__described__are_used():
    used = codes_in(list(modules()))

    assert [n for n in _CODES if not any(re.fullmatch(pattern, n) for pattern in used)] == []


def test_codes_in__a_sample__finds_all_forms():
    source = 'out.policy(f"plan.{noun}", at, "x")\nFinding("error", "a.b", "")\nf("c.d")\n'

    assert codes_in([Module.of(source)]) == {"plan\\.[a-z]+", "a.b"}


@pytest.mark.parametrize("code", [c for c in _CODES.values() if c.kind], ids=lambda code: code.name)
def test_code__its_example__has_the_finding(code: Code):
    report = check_text(code.kind, complete(code.kind, code.example), context=WORLD)

    found = [finding for finding in report.findings if finding.code == code.name]
    assert found, report.findings
    assert {(finding.level, finding.source in code.sources) for finding in found} == {
        (code.level, True)
    }


@pytest.mark.parametrize("code", _CODES.values(), ids=lambda code: code.name)
def test_code__its_texts__are_sentences(code: Code):
    assert code.meaning.endswith(".")
    assert code.fix.endswith(".")
    assert code.example


@pytest.mark.parametrize("kind", ["monitor", "network", "trigger", "filter_script"])
def test_samples__without_an_example__have_no_findings(kind):
    sample = complete(kind, "{}")

    assert json.loads(sample)
    assert check_text(kind, sample, context=WORLD).findings == ()


def test_page__in_the_documentation__is_up_to_date():
    page = (PROJECT_ROOT / "docs" / "findings.md").read_text(encoding="utf-8")

    assert page == render(), "write it anew: manage.py findings_page > docs/findings.md"
