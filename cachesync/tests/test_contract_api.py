"""`/api/v1/runtime-contract/`: what the runtime's authors fetch, without an account."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from django.test import Client
from jsonschema import Draft202012Validator

from cachesync.services.contract import SCHEMAS
from cachesync.services.contract.files import CONTRACT, GOLDEN

URL = "/api/v1/runtime-contract/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    """Nobody."""
    return Client()


def test_index__anonymous__every_schema_with_its_place_and_links(client):
    answer = client.get(URL)
    index = answer.json()
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert index["schema"] == 1
    assert [entry["name"] for entry in index["schemas"]] == list(SCHEMAS)
    by_name = {entry["name"]: entry for entry in index["schemas"]}
    assert by_name["monitor"]["redis"] == {
        "type": "STRING",
        "key": "tenant:{tenant_id}:monitor:{monitor_id}",
    }
    for entry in index["schemas"]:
        schema = client.get(entry["url"]).json()
        assert (schema["$id"], entry["version"]) == (entry["id"], 1)
        assert entry["golden"]
        for golden in entry["golden"]:
            document = client.get(golden["url"]).json()
            assert Draft202012Validator(schema).is_valid(document), golden["name"]


@pytest.mark.parametrize("accept", ["*/*", "application/schema+json", "application/json"])
def test_schema__anonymous__the_file_as_it_is(client, accept):
    answer = client.get(f"{URL}network", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.content == (CONTRACT / "network.schema.json").read_bytes()
    wanted = "application/schema+json" if accept == "*/*" else accept
    assert answer["Content-Type"] == wanted
    assert answer["Cache-Control"] == "public, max-age=300"


def test_golden__anonymous__the_file_as_it_is(client):
    answer = client.get(f"{URL}golden/monitor.evm")
    assert answer.content == (GOLDEN / "monitor.evm.json").read_bytes()
    assert answer["Content-Type"] == "application/json"


@pytest.mark.parametrize("path", ["", "monitor", "golden/monitor.evm"])
def test_contract__read_again_with_its_tag__is_304(client, path):
    tag = client.get(URL + path)["ETag"]
    assert tag.startswith('"')
    for sent in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get(URL + path, headers={"If-None-Match": sent})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    assert client.get(URL + path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_contract__tags_of_two_schemas__differ(client):
    assert client.get(f"{URL}meta")["ETag"] != client.get(f"{URL}ready")["ETag"]


@pytest.mark.parametrize(
    "path",
    ["nothing", "monitor.schema.json", "..%2f..%2fkeys.py", "golden/nothing", "golden/ready/"],
)
def test_contract__unknown_name__is_a_404_problem(client, path):
    answer = client.get(URL + path)
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_contract__written_to__is_405(client, method):
    assert getattr(client, method)(f"{URL}network").status_code == 405


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_arguments):
        pass


def test_contract__over_http__head_and_get_agree():
    httpd = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=_Quiet)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        url = f"http://127.0.0.1:{httpd.server_port}{URL}monitor"
        with urllib.request.urlopen(url, timeout=10) as got:
            body, tag = got.read(), got.headers["ETag"]
        head = urllib.request.Request(url, method="HEAD")
        with urllib.request.urlopen(head, timeout=10) as answer:
            assert (answer.read(), answer.headers["ETag"]) == (b"", tag)
        again = urllib.request.Request(url, headers={"If-None-Match": tag})
        with pytest.raises(urllib.error.HTTPError) as unchanged:
            urllib.request.urlopen(again, timeout=10)
        unchanged.value.close()
        assert unchanged.value.code == 304
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()
    assert json.loads(body)["title"] == "monitor"
