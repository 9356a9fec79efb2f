"""`GET /api/v1/`: where to begin."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe


@require_safe
def api_root(request: HttpRequest) -> JsonResponse:
    """Links to the documentation, the OpenAPI document and sign-in. Public."""
    links = {
        "documentation": "docs",
        "openapi": "schema",
        "runtime_contract": "runtime-contract",
        "login": "login",
    }
    return JsonResponse(
        {key: request.build_absolute_uri(reverse(name)) for key, name in links.items()}
    )
