from __future__ import annotations

import pytest
from django.test import Client


@pytest.mark.django_db
def test_api_root__anonymous__says_where_to_begin(client: Client) -> None:
    answer = client.get("/api/v1/")
    assert answer.status_code == 200
    links = {key: url for key, url in answer.json().items() if key != "notice"}
    for url in links.values():
        assert client.options(url).status_code != 404


def test_api_root__post__refused(client: Client) -> None:
    assert client.post("/api/v1/").status_code == 405
