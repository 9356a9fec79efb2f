"""Drift: what differs between Postgres and Redis, by kind, and mending what is selected of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from blip0.common.admin.actions import ReasonForm, confirm_view
from blip0.common.admin.display import badge, stamp
from cachesync.admin.inspector import document_link
from cachesync.admin.names import scope_called, slugs_of
from cachesync.admin.starting import REBUILD, REPAIR, results_text, start
from cachesync.keys import Scope
from cachesync.models import ProjectedScope, ProjectionDifference, ProjectionRun, Sample
from cachesync.services.runs import FEW
from tenants.admin.scopes import ScopedAdmin, names_of

Kind = ProjectionDifference.Kind

COLOURS: Final = {
    **dict.fromkeys(Kind, "warning"),
    Kind.AHEAD: "danger",
    Kind.DIVERGED: "danger",
    Kind.ORPHAN: "info",
}
SHOWN_SCOPES: Final = 10
_EXPLAIN: Final = (
    "Their scopes are rendered from Postgres, every document of them, and what differs in Redis is "
    "written; orphans are taken away. A scope is mended as a whole, so what else differs in it is "
    "mended, too. Then they are compared again, and what is left is listed here."
)


class RepairForm(ReasonForm):
    """`obj` are the scopes that were chosen on the list."""

    scopes = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, obj: Sequence[str]) -> None:
        super().__init__(data, obj=obj)
        self.fields["scopes"].initial = " ".join(obj)


@admin.register(ProjectionDifference)
class ProjectionDifferenceAdmin(ScopedAdmin[ProjectionDifference]):
    """What the last comparison of each scope has found; nothing is compared to show it."""

    list_display = ("kind_shown", "where", "what", "found")
    list_display_links = None
    list_filter = ("kind",)
    search_fields = ("=scope", "=document")
    search_help_text = "The tenant's slug or id, or the document's id"
    actions = ("repair_selected",)
    list_before_template = "admin/cachesync/drift_head.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("compare/", view(self.compare_view), name="cachesync_compare"),
            path("repair/", view(self.repair_view), name="cachesync_repair"),
            *super().get_urls(),
        ]

    def has_repair_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(REPAIR)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {**_standing(request), **(extra_context or {})})

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """With what the rows of the page are called."""
        changes = super().get_changelist_instance(request)
        rows: Sequence[Any] = changes.result_list
        slugs = slugs_of((row.scope, row.document) for row in rows)
        for row in rows:
            row.slug = slugs[row.scope, row.document]
        return changes

    @badge("difference", ordering="kind", colours=COLOURS)
    def kind_shown(self, obj: ProjectionDifference) -> tuple[str, str]:
        return obj.kind, obj.get_kind_display()

    @admin.display(description="document", ordering="document")
    def what(self, obj: Any) -> str:
        if not obj.document:
            return "the scope as a whole"
        label = getattr(obj, "slug", obj.document)
        return document_link(Scope(obj.scope), obj.document, label)

    @admin.display(description="found", ordering="found_at")
    def found(self, obj: ProjectionDifference) -> str:
        return stamp(obj.found_at)

    @admin.action(description="Repair the selected", permissions=["repair"])
    def repair_selected(
        self, request: HttpRequest, queryset: QuerySet[ProjectionDifference]
    ) -> HttpResponse:
        return self._confirm(request, queryset, selected=queryset.count())

    def repair_view(self, request: HttpRequest) -> HttpResponse:
        """Where the confirmation of `repair_selected` goes."""
        if not request.user.has_perm(REPAIR):
            raise PermissionDenied
        scopes = request.POST.get("scopes", "").split()
        return self._confirm(request, ProjectionDifference.objects.filter(scope__in=scopes))

    def _confirm(
        self,
        request: HttpRequest,
        chosen: QuerySet[ProjectionDifference],
        *,
        selected: int | None = None,
    ) -> HttpResponse:
        scopes = sorted(set(chosen.order_by().values_list("scope", flat=True)))
        if not scopes:
            self.message_user(request, "Nothing of it differs any more.", messages.INFO)
            return redirect(_list_url())
        rows = ProjectionDifference.objects.filter(scope__in=scopes)
        kinds = Counter(Kind(kind).label for kind in rows.values_list("kind", flat=True))
        facts: list[tuple[str, object]] = [("Scopes that are mended", len(scopes))]
        if selected is not None:
            facts.insert(0, ("Differences selected", selected))
        facts += [(f"Known in these scopes: {label}", number) for label, number in kinds.items()]
        facts.append(("Done", "at once" if len(scopes) <= FEW else "in the background"))
        return confirm_view(
            request,
            label="Repair",
            title=f"Repair {len(scopes)} {'scope' if len(scopes) == 1 else 'scopes'}",
            explain=_EXPLAIN,
            facts=facts,
            form=RepairForm,
            obj=scopes,
            back=_list_url(),
            sends=reverse("admin:cachesync_repair"),
            context={"opts": self.opts},
            act=lambda data: start(
                request,
                kind=ProjectionRun.Kind.REPAIR,
                back=_list_url(),
                reason=data["reason"],
                scopes=[Scope(scope) for scope in scopes],
            ),
        )

    @method_decorator(require_POST)
    def compare_view(self, request: HttpRequest) -> HttpResponse:
        """Compare one scope now. It only looks, so nothing is asked first."""
        if not request.user.has_perm(REPAIR):
            raise PermissionDenied
        name = request.POST.get("scope", "").strip()
        scope = scope_called(name)
        if scope is None:
            said = f"scope: there is no tenant {name!r}. Give its slug or its id, or platform."
            self.message_user(request, said, messages.ERROR)
            return redirect(_list_url())
        return start(request, kind=ProjectionRun.Kind.COMPARISON, back=_list_url(), scopes=[scope])


def _standing(request: HttpRequest) -> dict[str, Any]:
    """What is known without comparing anything. Five queries."""
    unsettled = list(
        ProjectedScope.objects.exclude(condition=ProjectedScope.Condition.SETTLED).order_by(
            "since"
        )[: SHOWN_SCOPES + 1]
    )
    names = names_of([row.scope for row in unsettled])
    runs = ProjectionRun.objects.filter(scopes=[])
    compared = runs.filter(kind=ProjectionRun.Kind.COMPARISON).first()
    return {
        "unsettled": [(row, names[row.scope]) for row in unsettled[:SHOWN_SCOPES]],
        "more_unsettled": len(unsettled) > SHOWN_SCOPES,
        "sample": Sample.objects.first(),
        "compared": compared,
        "compared_results": compared and results_text(compared),
        "open_run": runs.filter(status=ProjectionRun.Status.OPEN).first(),
        "may_repair": request.user.has_perm(REPAIR),
        "may_rebuild": request.user.has_perm(REBUILD),
    }


def _list_url() -> str:
    return reverse("admin:cachesync_projectiondifference_changelist")
