"""The browsable API: each answer as a page, for those who look around."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson
from rest_framework.renderers import BrowsableAPIRenderer

from blip0.common.exceptions import DomainError
from blip0.common.maintenance import maintenance_notice
from tenants.api.principals import TenantPrincipal
from tenants.models import Membership

if TYPE_CHECKING:  # views import their renderers
    from rest_framework.request import Request
    from rest_framework.views import APIView


class BrowsableRenderer(BrowsableAPIRenderer):
    """DRF's page with our header. What is sent from it is JSON, as from everywhere."""

    template = "api/browse.html"

    def get_content(
        self, renderer: Any, data: Any, accepted_media_type: Any, renderer_context: Any
    ) -> str:
        return "" if data is None else _readable(data)

    def show_form_for_method(
        self, view: APIView, method: str, request: Request, obj: Any
    ) -> bool | None:
        try:
            return super().show_form_for_method(view, method, request, obj)
        except DomainError:
            return False

    def get_rendered_html_form(
        self, data: Any, view: APIView, method: str, request: Request
    ) -> Any:
        """Only the button for DELETE: our documents are more than a form's fields."""
        return (
            super().get_rendered_html_form(data, view, method, request)
            if method == "DELETE"
            else None
        )

    def get_raw_data_form(self, data: Any, view: APIView, method: str, request: Request) -> Any:
        """The form for PUT and PATCH begins with what was read: edit it, and send it back."""
        form = super().get_raw_data_form(data, view, method, request)
        read = view.request.method == "GET" and isinstance(data, dict)
        if form is not None and method in ("PUT", "PATCH") and read:
            form.fields["_content"].initial = _readable(data)
        return form

    def get_filter_form(self, data: Any, view: APIView, request: Request) -> None:
        """The documentation has the filters."""

    def get_context(
        self, data: Any, accepted_media_type: str | None, renderer_context: Mapping[str, Any]
    ) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(data, accepted_media_type, renderer_context)
        context["maintenance_notice"] = maintenance_notice()
        principal = context["request"].auth
        if isinstance(principal, TenantPrincipal) and principal.family_id is not None:
            context["person"] = principal.person
            context["viewer"] = principal.viewer
            context["tenants"] = (
                []
                if principal.viewer
                else [row.tenant for row in Membership.objects.of_person(principal.person.user_id)]
            )
        return context


def _readable(data: Any) -> str:
    # Twice: fragments, such as a contract spec, are put in as they are the first time.
    whole = orjson.loads(orjson.dumps(data))
    return orjson.dumps(whole, option=orjson.OPT_INDENT_2).decode()
