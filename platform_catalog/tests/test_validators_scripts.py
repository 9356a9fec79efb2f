import hashlib

import pytest

from blip0.common.validation import CheckContext
from blip0.common.validation.findings import Findings
from blip0.tests.validation.helpers import SCRIPTS, examine, found
from platform_catalog.validators.scripts import check_filter_script, check_script_reference

CONTENT = "print('true')\n"
SCRIPT = {
    "schema": 1,
    "name": "small_amounts",
    "version": 2,
    "language": "Python",
    "script_path": "filters/small_amounts.py",
    "content": CONTENT,
    "sha256": hashlib.sha256(CONTENT.encode()).hexdigest(),
    "arguments": ["--limit", "5"],
    "timeout_ms": 500,
    "signature": "ab" * 32,
}


def test_filter_script__complete_and_right__has_no_findings():
    assert examine(check_filter_script, SCRIPT).findings == ()


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"schema": 2}, "script.schema", "/schema"),
        ({"version": 0}, "script.version", "/version"),
        ({"timeout_ms": 0}, "script.timeout", "/timeout_ms"),
        ({"name": "Small"}, "slug.format", "/name"),
        ({"script_path": "filters/other.py"}, "script.path", "/script_path"),
        ({"content": "x"}, "script.digest", "/sha256"),
        ({"signature": ""}, "script.signature", "/signature"),
        ({"language": "python"}, "shape.choice", "/language"),
        ({"arguments": None}, "shape.type", "/arguments"),
        ({"extra": 1}, "shape.unknown", "/extra"),
    ],
)
def test_filter_script__one_thing_wrong__is_found(changes, code, pointer):
    report = examine(check_filter_script, {**SCRIPT, **changes})

    assert ("error", code, pointer) in found(report)


@pytest.mark.parametrize("content", ["if x\n", "x = '\0'\n", "(" * 5000, "def f(:\n"])
def test_filter_script__python_that_does_not_parse__warning(content):
    digest = hashlib.sha256(content.encode()).hexdigest()

    report = examine(check_filter_script, {**SCRIPT, "content": content, "sha256": digest})

    assert found(report) == [("warning", "script.syntax", "/content")]


def test_filter_script__odd_escape_in_python__parses_and_warns_nobody(recwarn):
    content = "x = '\\d'\n"
    digest = hashlib.sha256(content.encode()).hexdigest()

    report = examine(check_filter_script, {**SCRIPT, "content": content, "sha256": digest})

    assert report.findings == ()
    assert not recwarn.list


def _reference(path, language, **facts):
    out = Findings()
    value = {"script_path": path, "language": language, "timeout_ms": 1}
    check_script_reference(value, None, out, CheckContext(**facts))
    return out.report("test")


@pytest.mark.parametrize(
    ("path", "language", "codes"),
    [
        ("config/filters/a.py", "Python", []),
        ("./config//filters/a.py", "Python", []),
        ("config/filters/d.js", "JavaScript", []),
        ("config/filters/a.PY", "Python", ["script.extension"]),
        ("config/filters/a.sh", "Python", ["script.extension"]),
        ("config/filters/a.py/", "Python", ["script.missing"]),
        ("config/filters/none.py", "Python", ["script.missing"]),
        ("", "Bash", ["script.extension", "script.missing"]),
        (".py", "Python", ["script.extension", "script.missing"]),
    ],
)
def test_reference__existence_and_extension__are_the_runtimes_checks(path, language, codes):
    report = _reference(path, language, script_paths=SCRIPTS)

    assert [code for _, code, _ in found(report)] == codes
    assert report.verdict == ("invalid" if codes else "ok")


def test_reference__unknown_which_scripts_exist__is_not_missed():
    assert _reference("anywhere/x.py", "Python").findings == ()
