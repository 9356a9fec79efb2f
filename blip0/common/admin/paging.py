"""Pages of long lists, without counting all of their rows."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast

from django.core.paginator import Paginator
from django.db.models import QuerySet

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
        return int(cast("QuerySet[Any]", self.object_list).order_by()[:COUNTED].count())

    @property
    def is_capped(self) -> bool:
        return self.count == COUNTED
