from __future__ import annotations

import io
import json
import re

import yaml
from django.core.management import call_command
from django.test import Client
from drf_spectacular.settings import spectacular_settings

from blip0.testing import PROJECT_ROOT

PUBLIC = ("/api/v1/login", "/api/v1/runtime-contract/")
COMMITTED = PROJECT_ROOT / "docs" / "openapi.yaml"


def test_openapi__generated__has_no_warning_and_equals_the_committed_file(tmp_path):
    generated = tmp_path / "openapi.yaml"

    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(generated))

    assert generated.read_text() == COMMITTED.read_text(), (
        "The API changed: run `manage.py spectacular --file docs/openapi.yaml` and commit it."
    )


def test_openapi__every_operation__documents_its_problems():
    document = yaml.safe_load(COMMITTED.read_text())

    assert document["openapi"] == "3.1.0"
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            answers = operation["responses"]
            problems = [status for status in answers if status >= "400"]
            assert problems or path in PUBLIC, (method, path)
            if "security" in operation and path != "/api/v1/logout":
                assert {"401", "403"} <= set(problems), (method, path)


def test_openapi__names__are_chosen_and_good_for_clients():
    schemas = yaml.safe_load(COMMITTED.read_text())["components"]["schemas"]
    chosen = spectacular_settings.ENUM_NAME_OVERRIDES

    for name, schema in schemas.items():
        assert not re.search(r"^Blank|^Null|Enum\d*$|RequestRequest|Serializer|_", name), name
        if "enum" in schema:
            assert name in chosen or name.endswith(("Field", "Expansion")), name


def test_openapi__each_problem__is_shared():
    paths = yaml.safe_load(COMMITTED.read_text())["paths"]

    for path, methods in paths.items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items():
                shared = answer.get("$ref", "").startswith("#/components/responses/")
                assert shared == (status >= "400"), (method, path, status)


def test_schema__anonymous__is_served_as_yaml_and_json(db):
    assert Client().get("/api/v1/schema/").content.startswith(b"openapi: 3.1.0")
    answer = Client().get("/api/v1/schema/", headers={"Accept": "application/json"})
    assert json.load(io.BytesIO(answer.content))["openapi"] == "3.1.0"


def test_docs__anonymous__work_under_the_content_security_policy(db):
    page = Client().get("/api/v1/docs/")
    html = page.content.decode()

    assert page.status_code == 200
    assert "script-src 'self'" in page["Content-Security-Policy"]
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", html, re.DOTALL)
    assert scripts
    # None of them inline, all of them our own.
    assert all('src="/' in attributes and not body.strip() for attributes, body in scripts)
    for source in re.findall(r'(?:src|href)="(/[^"]+)"', html):
        answer = Client().get(source.replace("&amp;", "&"))
        assert answer.status_code == 200, source
        answer.close()
