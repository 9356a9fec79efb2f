"""Pages of long lists, without counting all of their rows."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from django.core.paginator import Paginator

if TYPE_CHECKING:
    AnyPaginator = Paginator[Any]
else:
    AnyPaginator = Paginator

COUNTED: Final = 10_000


class CappedPaginator(AnyPaginator):
    """Counts to `COUNTED` and no further: who looks for older rows searches or filters."""

    template_name = "admin/includes/capped_pagination.html"

    @cached_property
    def count(self) -> int:
        return int(self.object_list[:COUNTED].count())  # type: ignore[union-attr]  # a changelist's is a queryset

    @property
    def is_capped(self) -> bool:
        return self.count == COUNTED
