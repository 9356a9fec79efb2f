"""`GET /api/v1/`: where to begin."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from blip0.common.maintenance import maintenance_notice


@require_safe
def api_root(request: HttpRequest) -> JsonResponse:
    """Links to the documentation, the OpenAPI document and sign-in, and staff's notice. Public."""
    links = {
        "documentation": "docs",
        "openapi": "schema",
        "runtime_contract": "runtime-contract",
        "login": "login",
    }
    addresses = {key: request.build_absolute_uri(reverse(name)) for key, name in links.items()}
    return JsonResponse({**addresses, "notice": maintenance_notice()})
