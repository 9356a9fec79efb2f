"""Lists, page by page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.core import signing
from django.db.models import Model, QuerySet
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from blip0.common.api.problems import InvalidParameter

CURSOR, PAGE_SIZE, ORDERING = "cursor", "page_size", "ordering"


class SignedCursorPagination(CursorPagination):
    """Cursors that callers can't alter, or use in another list or order than they were made for.

    A view names the orders that it offers in `orderings`, the default first, each on an index; a
    list beside the view's own brings its one order. Raises `InvalidParameter` for a page size, an
    order or a cursor that isn't one.
    """

    page_size = 25
    max_page_size = 100
    page_size_query_param = PAGE_SIZE
    page_size_query_description = "How many results a page holds, 1 to 100."
    cursor_query_description = "Where the page starts; take it from `next` or `previous`."
    cursor_query_param = CURSOR
    ordering_query_param = ORDERING

    def __init__(self, order: str | None = None) -> None:
        super().__init__()
        self._order = order

    def get_page_size(self, request: Request) -> int:
        given = request.query_params.get(self.page_size_query_param, str(self.page_size))
        if not (given.isascii() and given.isdecimal() and len(given) <= 3):
            given = "0"
        if not 1 <= int(given) <= self.max_page_size:
            raise InvalidParameter(
                self.page_size_query_param,
                f"`page_size` must be a whole number from 1 to {self.max_page_size}.",
            )
        return int(given)

    def get_ordering(
        self, request: Request, queryset: QuerySet[Model], view: APIView
    ) -> tuple[str, ...]:
        offered = (self._order,) if self._order else getattr(view, "orderings", ("pk",))
        chosen = request.query_params.get(self.ordering_query_param, offered[0])
        if chosen not in offered:
            raise InvalidParameter(
                self.ordering_query_param, f"`ordering` must be one of {', '.join(offered)}."
            )
        return (chosen, "pk")

    def decode_cursor(self, request: Request) -> Cursor | None:
        text = request.query_params.get(self.cursor_query_param)
        if text is None:
            return None
        try:
            offset, reverse, position = self._signer().unsign_object(text)
        except signing.BadSignature as error:
            raise InvalidParameter(
                self.cursor_query_param,
                "This cursor isn't one of this list in this order; start again without it.",
            ) from error
        return Cursor(offset=offset, reverse=reverse, position=position)

    def encode_cursor(self, cursor: Cursor) -> str:
        text = self._signer().sign_object([cursor.offset, cursor.reverse, cursor.position])
        return replace_query_param(str(self.base_url), self.cursor_query_param, text)

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        parameters = super().get_schema_operation_parameters(view)
        # A list that belongs to an object has one order.
        offered = getattr(view, "orderings", ()) if getattr(view, "action", "") == "list" else ()
        if offered:
            ordering = {
                "type": "string",
                "enum": [*offered],
                "x-enum-varnames": [_constant(order) for order in offered],
                "default": offered[0],
            }
            parameters.append(
                {
                    "name": self.ordering_query_param,
                    "in": "query",
                    "required": False,
                    "description": "The order of the results.",
                    "schema": ordering,
                }
            )
        for parameter in parameters:
            if parameter["name"] == self.page_size_query_param:
                limits = {"minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
                parameter["schema"] |= limits
        return parameters

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**link, "description": "The next page; null on the last one."},
                "previous": {**link, "description": "The page before; null on the first one."},
                "results": schema,
            },
        }

    def _signer(self) -> signing.Signer:
        # Not of one tenant alone: pages of the catalogue are kept for all of them.
        path = urlsplit(str(self.base_url)).path
        return signing.Signer(salt=f"blip0.cursor:{path}:{':'.join(self.ordering)}")


def _constant(order: str) -> str:
    """What generated clients call an order: `-created_at` has no name of its own."""
    name = order.lstrip("-").upper()
    return f"{name}_DESCENDING" if order.startswith("-") else name
