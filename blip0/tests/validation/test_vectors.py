"""The runtime's own verdict on every line of the reference data."""

import pytest

from blip0.common.strict_json import loads
from blip0.common.validation import CheckContext, check_text
from blip0.common.validation.findings import Findings
from blip0.testing import shared_dir
from blip0.tests.validation.helpers import SCRIPTS, VECTORS, vectors
from monitors.validators.spec import recognise

CONTEXT = CheckContext(script_paths=SCRIPTS)


def _name(line):
    return f"{line['kind']}-{line['verdict']}-{line['input_text'][-60:]}"


@pytest.mark.parametrize("line", vectors(), ids=_name)
def test_verdict__reference_line__is_the_runtimes(line):
    report = check_text(line["kind"], line["input_text"], context=CONTEXT)

    assert report.verdict == line["verdict"], (line.get("message"), report.findings)


@pytest.mark.parametrize("line", vectors(), ids=_name)
def test_findings__refused_line__name_a_place_and_say_something(line):
    report = check_text(line["kind"], line["input_text"], context=CONTEXT)

    for finding in report.findings:
        assert finding.pointer == "" or finding.pointer.startswith("/")
        assert finding.message.endswith((".", "?")), finding.message
        assert (finding.stage == "policy") == (finding.source == "policy")
    if line["verdict"] != "ok":
        assert any(f.source == "runtime" and f.level == "error" for f in report.findings)


@pytest.mark.parametrize("line", [line for line in vectors() if line["verdict"] == "ok"], ids=_name)
def test_runtime_warnings__accepted_line__appear_where_the_runtime_warns(line):
    report = check_text(line["kind"], line["input_text"], context=CONTEXT)

    warned = [f for f in report.warnings if f.source == "runtime"]
    assert len(warned) == len(line["warnings"]), (warned, line["warnings"])


@pytest.mark.parametrize(
    "line", [line for line in vectors("spec") if line["verdict"] == "ok"], ids=_name
)
def test_spec_form__accepted_line__is_the_one_the_runtime_takes(line):
    form = recognise(loads(line["input_text"]), None, Findings())

    assert form == line["normalized"]


def test_copy__beside_the_original__is_up_to_date():
    shared = shared_dir()
    if shared is None:
        pytest.skip("the reference data is not beside this checkout")
    original = (shared / "vectors" / "documents.jsonl").read_bytes()
    copy = VECTORS.read_bytes()

    assert copy == original
