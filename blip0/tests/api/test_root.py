from __future__ import annotations

from django.test import Client


def test_api_root__anonymous__says_where_to_begin(client: Client) -> None:
    answer = client.get("/api/v1/")
    assert answer.status_code == 200
    for url in answer.json().values():
        assert client.options(url).status_code != 404


def test_api_root__post__refused(client: Client) -> None:
    assert client.post("/api/v1/").status_code == 405
