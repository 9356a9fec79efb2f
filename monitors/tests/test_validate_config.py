"""`manage.py validate_config`, as others call it: one process, a line each."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from blip0.testing import PROJECT_ROOT, shared_dir
from blip0.tests.validation.helpers import vectors
from monitors.expressions.parsing import parse
from monitors.management.commands import validate_config
from monitors.management.commands.validate_config import tree_json

UNREACHABLE = {
    "DATABASE_URL": "postgres://nobody:x@127.0.0.1:1/none",
    "REDIS_PROJECTION_URL": "redis://127.0.0.1:1/0",
    "REDIS_CACHE_URL": "redis://127.0.0.1:1/1",
    "CELERY_BROKER_URL": "redis://127.0.0.1:1/2",
}


def run(lines: list[bytes], *options: str) -> list[dict]:
    """The answers of one process, which reaches neither a database nor a Redis."""
    done = subprocess.run(
        [sys.executable, "manage.py", "validate_config", *options],
        input=b"".join(line + b"\n" for line in lines),
        capture_output=True,
        cwd=PROJECT_ROOT,
        env={**os.environ, **UNREACHABLE},
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr.decode()) == (0, "")
    answers = [json.loads(line) for line in done.stdout.decode("ascii").splitlines()]
    assert len(answers) == len(lines)
    return answers


def request(kind: str, text: object) -> bytes:
    return json.dumps({"kind": kind, "input_text": text}).encode()


def test_validate_config__every_reference_line__is_the_runtimes_verdict_and_tree():
    shared = shared_dir()
    if shared is None:
        pytest.skip("the reference data is not beside this checkout")
    documents = vectors()
    text = (shared / "vectors" / "expressions.jsonl").read_text(encoding="utf-8")
    expressions = [json.loads(line) for line in text.splitlines()]

    answers = run(
        [request(line["kind"], line["input_text"]) for line in documents]
        + [request("expression", line["input"]) for line in expressions]
    )

    differing = [
        (line["kind"], line["input_text"][:200], answer)
        for line, answer in zip(documents, answers, strict=False)
        if answer["verdict"] != line["verdict"] or "ast" in answer
    ] + [
        (line["input"], answer)
        for line, answer in zip(expressions, answers[len(documents) :], strict=True)
        if answer["verdict"] != ("ok" if line["ok"] else "parse_error")
        or answer.get("ast") != line.get("ast")
    ]
    assert differing == []
    assert len(documents) > 250
    assert len(expressions) > 2000


def test_validate_config__bad_lines__are_answered_in_their_place():
    deep = b"[" * 100_000
    lines = {
        b"": "line.json",
        b"{": "line.json",
        b"\xff\xfe": "line.json",
        b"\x00": "line.json",
        deep: "line.json",
        b"9" * 10_000: "line.json",
        b"[]": "line.shape",
        b"null": "line.shape",
        b"{}": "line.text",
        b'{"kind": "abi"}': "line.text",
        b'{"kind": "abi", "input_text": []}': "line.text",
        b'{"input_text": "[]"}': "line.kind",
        b'{"kind": ["abi"], "input_text": "[]"}': "line.kind",
        request("monitor_settings", "{}"): "line.kind",
        request("abi", "[" * 100_000): "json.depth",
        request("secret", '"\ud800"'): "json.text",
        request("expression", "(" * 60_000): "expression.",
        request("expression", "\ud800 == '\x00"): "expression.",
    }

    answers = run([*lines, request("abi", "[]")])

    assert answers.pop() == {"verdict": "ok", "findings": []}
    for line, answer in zip(lines, answers, strict=True):
        code = answer["findings"][0]["code"]
        assert code.startswith(lines[line]), (line[:60], answer)
        assert answer["verdict"] == "parse_error", (line[:60], answer)


def test_validate_config__line_beyond_the_limit__only_that_one_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(validate_config, "MAX_LINE", 8)
    file = tmp_path / "lines"
    file.write_bytes(b"12345678901234567890\n1234567\n12345678\n\nend")

    with file.open("rb") as stream:
        found = list(validate_config.lines(stream))

    assert found == [None, b"1234567\n", None, b"\n", b"end"]


def test_validate_config__expression_beyond_our_limits__is_ok_to_the_runtime_and_policy_here():
    chain = " and ".join(["a == 1"] * 300)

    (answer,) = run([request("expression", chain)])

    assert answer["verdict"] == "ok"
    assert [f["source"] for f in answer["findings"]] == ["policy"]
    assert answer["ast"] == parse(chain, limits=None).as_vector()


def test_validate_config__scripts_and_author__are_told_by_options():
    secret = json.dumps({"type": "Environment", "value": "A"})
    condition = {"script_path": "b.sh", "language": "Bash", "timeout_ms": 1, "arguments": []}
    monitor = {
        "name": "x",
        "networks": ["n"],
        "paused": False,
        "addresses": [],
        "match_conditions": {"functions": [], "events": [], "transactions": []},
        "trigger_conditions": [condition],
        "triggers": [],
    }
    lines = [request("secret", secret), request("monitor", json.dumps(monitor))]

    verdicts = [answer["verdict"] for answer in run(lines)]
    told = run(lines, "--author", "tenant", "--scripts", "b.sh")

    assert verdicts == ["ok", "invalid"]
    assert [answer["verdict"] for answer in told] == ["ok", "ok"]
    assert told[0]["findings"][0]["code"] == "secret.reference"


def test_tree_json__any_form__equals_the_vector():
    for text in ("a == 1", "a == 1 and b == 2 or c == 'ü\"'", "(a == 1 or b > 2) and c[0] == x"):
        tree = parse(text)
        assert json.loads(tree_json(tree)) == tree.as_vector()
