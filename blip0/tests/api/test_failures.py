"""An unexpected exception: the caller learns a request id, and nothing of our insides."""

from __future__ import annotations

import logging

import pytest
from django.test import RequestFactory, override_settings
from django.urls import path
from rest_framework.test import APIClient

from blip0.common.api.problems import server_error_handler
from blip0.common.api.views import TenantView
from blip0.common.tenancy import current_schema
from blip0.testing.api import ana
from blip0.urls import urlpatterns as real_urlpatterns

SECRET = "a secret of our insides"


class FailingView(TenantView):
    read_permission = None
    write_permission = None

    def get(self, request):
        assert current_schema() != "public"
        raise RuntimeError(SECRET)


class ForgottenView(TenantView):
    """Names no permission."""

    def get(self, request):
        raise AssertionError("never reached")


urlpatterns = [
    path("api/v1/failing", FailingView.as_view()),
    path("api/v1/forgotten", ForgottenView.as_view()),
    *real_urlpatterns,
]
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["failing", "forgotten"])
@override_settings(ROOT_URLCONF=__name__)
def test_view__fails__is_a_500_problem_and_leaves_the_tenant(acme, name, caplog):
    client: APIClient = ana()
    client.raise_request_exception = False

    with caplog.at_level(logging.ERROR):
        answer = client.get(f"/api/v1/{name}")

    assert answer.status_code == 500
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "internal_error"
    assert answer.json()["request_id"] == answer["X-Request-ID"]
    assert SECRET not in answer.content.decode()
    assert "Traceback" not in answer.content.decode()
    assert any("api.request_failed" in record.getMessage() for record in caplog.records)
    assert current_schema() == "public"


@override_settings(ROOT_URLCONF=__name__)
def test_view__fails__is_reported_to_whoever_listens(acme):
    with pytest.raises(RuntimeError, match=SECRET):
        ana().get("/api/v1/failing")


def test_failure__outside_any_view__is_a_500_problem():
    answer = server_error_handler(RequestFactory().get("/api/v1/monitors"))

    assert answer.status_code == 500
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("request_", "status", "code", "fix"),
    [
        ({"path": "/api/v1/nothing"}, 404, "not_found", "/api/v1/docs/"),
        (
            {"path": "/api/v1/login", "headers": {"Host": "evil.example"}},
            400,
            "unknown_host",
            "use the address",
        ),
        ({"method": "DELETE", "path": "/api/v1/monitors"}, 405, "method_not_allowed", "GET, POST"),
        (
            {"path": "/api/v1/monitors", "headers": {"Accept": "text/csv"}},
            406,
            "not_acceptable",
            "application/json",
        ),
        (
            {"method": "POST", "path": "/api/v1/monitors", "content_type": "text/plain"},
            415,
            "unsupported_media_type",
            "Send application/json",
        ),
        (
            {"method": "POST", "path": "/api/v1/import", "content_type": "application/json"},
            415,
            "unsupported_media_type",
            "Send multipart/form-data",
        ),
    ],
)
def test_problem__of_http_itself__says_what_would_do(acme, request_, status, code, fix):
    asked = {"method": "GET", "data": b"x", **request_}

    answer = ana().generic(**asked)

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    body = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert fix in body["detail"]
    assert body["request_id"] == answer["X-Request-ID"]
