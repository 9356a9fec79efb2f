"""Runs over the projection: those that were, how the open one goes, and the way to a new one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from blip0.common.admin.actions import ConfirmForm, ReasonForm, button, confirm_view
from blip0.common.admin.base import ViewOnlyAdmin
from blip0.common.admin.display import EMPTY, badge, stamp
from blip0.common.admin.fields import switch_field
from cachesync.admin.names import scope_called
from cachesync.admin.starting import REBUILD, REPAIR, is_good, results_text, start
from cachesync.keys import Scope
from cachesync.models import ProjectedScope, ProjectionRun, Sample
from tenants.admin.scopes import names_of
from tenants.models import ConfigVersion

Status = ProjectionRun.Status
SILENT: Final = "silent"
COLOURS: Final = {
    Status.OPEN: "info",
    Status.DONE: "success",
    Status.FAILED: "danger",
    Status.LOST: "danger",
    SILENT: "danger",
    "unfinished": "warning",
}
_REBUILD: Final = (
    "Every document is rendered from Postgres and compared with its bytes in Redis; what differs "
    "is written, what is as it should be isn't touched. Requests, the sweep and the runtimes go on "
    "meanwhile. Its page shows how far it is."
)
_COMPARE: Final = (
    "Every document is rendered from Postgres and compared with its bytes in Redis; nothing is "
    "written. What differs is listed under Drift. Its page shows how far it is."
)
_EPOCH: Final = (
    "Only where Redis holds another history (ahead, diverged) and Postgres is the one that is "
    "right, such as after a restore: what Redis holds is declared void and overwritten, and every "
    "runtime lists everything again. It can't be taken back."
)


class RebuildForm(ReasonForm):
    new_epoch = switch_field(label="Begin a new epoch", help_text=_EPOCH)
    field_order = ("reason", "new_epoch")


@admin.register(ProjectionRun)
class ProjectionRunAdmin(ViewOnlyAdmin[ProjectionRun]):
    """A run is only made by its service; its page follows it while it is open."""

    audit_kind = "projection_run"
    list_display = ("number", "status_shown", "about", "outcome", "actor_name", "reason", "began")
    list_filter = ("kind", "status")
    search_fields = ("reason", "actor_name")
    fields = (
        ("kind", "state"),
        ("about", "document"),
        ("outcome", "error"),
        ("actor_name", "reason"),
        ("new_epoch", "epoch"),
        ("began", "took"),
    )
    actions_list = ("compare_all", "rebuild")
    change_form_before_template = "admin/cachesync/run_progress.html"

    class Media:
        js = ("blip0/admin/follow.js",)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """With what the scope of each row is called."""
        changes: Any = super().get_changelist_instance(request)
        changes.result_list = list(changes.result_list)
        _name(changes.result_list)
        return changes

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> ProjectionRun | None:
        run = super().get_object(request, object_id, from_field)
        if run is not None:
            _name([run])
        return run

    def get_fields(self, request: HttpRequest, obj: ProjectionRun | None = None) -> Any:
        """An epoch is a matter of rebuilds only."""
        fields = super().get_fields(request, obj)
        if obj is None or obj.kind == ProjectionRun.Kind.REBUILD:
            return fields
        return [field for field in fields if "epoch" not in field]

    def has_repair_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(REPAIR)

    def has_rebuild_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(REBUILD)

    @admin.display(description="run", ordering="id")
    def number(self, obj: ProjectionRun) -> str:
        return str(obj)

    @badge("status", ordering="status", colours=COLOURS)
    def status_shown(self, obj: ProjectionRun) -> tuple[str, str]:
        return _state(obj)

    @admin.display(description="status")
    def state(self, obj: ProjectionRun) -> str:
        return _state(obj)[1]

    @admin.display(description="about")
    def about(self, obj: ProjectionRun) -> str:
        if len(obj.scopes) == 1:
            return str(getattr(obj, "scope_name", obj.scopes[0]))
        return f"{len(obj.scopes)} scopes" if obj.scopes else "all scopes"

    @admin.display(description="result")
    def outcome(self, obj: ProjectionRun) -> str:
        done = f"{obj.done} of {obj.total} scopes: " if obj.is_open and obj.total else ""
        return f"{done}{results_text(obj)}" or EMPTY

    @admin.display(description="began", ordering="created_at")
    def began(self, obj: ProjectionRun) -> str:
        return stamp(obj.created_at)

    @admin.display(description="took")
    def took(self, obj: ProjectionRun) -> str:
        return _seconds(_duration(obj))

    @button("Compare everything", url_path="compare", permissions=["repair"], icon="compare")
    def compare_all(self, request: HttpRequest) -> HttpResponse:
        kind = ProjectionRun.Kind.COMPARISON
        return confirm_view(
            request,
            label="Compare everything",
            title="Compare everything",
            explain=_COMPARE,
            facts=_facts(kind, None),
            form=ConfirmForm,
            back=_list_url(),
            act=lambda _data: start(request, kind=kind, back=_list_url()),
            context={"opts": self.opts},
        )

    @button("Rebuild", url_path="rebuild", permissions=["rebuild"], icon="restart_alt")
    def rebuild(self, request: HttpRequest) -> HttpResponse:
        """All of it, or `?scope=`: one tenant, by slug or id."""
        kind = ProjectionRun.Kind.REBUILD
        name = request.GET.get("scope", "")
        scope = scope_called(name) if name else None
        if name and scope is None:
            raise Http404(f"scope: there is no tenant {name!r}")
        label = "Rebuild everything" if scope is None else "Rebuild"
        return confirm_view(
            request,
            label=label,
            title=label if scope is None else f"Rebuild {names_of([scope.id])[scope.id]}",
            explain=_REBUILD,
            facts=_facts(kind, scope),
            form=RebuildForm,
            back=_list_url(),
            danger=True,
            act=lambda data: start(
                request,
                kind=kind,
                back=_list_url(),
                reason=data["reason"],
                new_epoch=data["new_epoch"],
                scopes=[scope] if scope else [],
            ),
            context={"opts": self.opts},
        )


def _state(obj: ProjectionRun) -> tuple[str, str]:
    """A colour's key, and what is said."""
    if obj.is_silent(timezone.now()):
        return SILENT, "Silent" if obj.started_at else "Taken by no worker"
    if obj.is_open and obj.started_at is None:
        return obj.status, "Waits for a worker"
    if obj.status == Status.DONE and not is_good(obj):
        return "unfinished", obj.get_status_display()
    return obj.status, obj.get_status_display()


def _facts(kind: str, only: Scope | None) -> list[tuple[str, object]]:
    """Counts before it begins: none of them reads every document."""
    scopes = ConfigVersion.objects.all()
    others = ProjectedScope.objects.filter(condition__in=ProjectedScope.OTHER_HISTORY)
    if only is not None:
        scopes, others = scopes.filter(pk=only.id), others.filter(pk=only.id)
    facts: list[tuple[str, object]] = [
        ("Scopes", scopes.count()),
        ("Of these, holding another history", others.count()),
    ]
    sample = Sample.objects.first()
    if sample is not None and only is None:
        count = sum(each["count"] for each in sample.values["documents"])
        size = sum(sample.values["bytes"].values())
        facts += [
            ("Documents", format_html("{} ({})", f"{count:,}", stamp(sample.taken_at))),
            ("Bytes", filesizeformat(size)),
        ]
    wanted = [only.id] if only else []
    last = ProjectionRun.objects.filter(kind=kind, scopes=wanted, status=Status.DONE).first()
    if last is not None:
        facts.append(("The last one took", _seconds(_duration(last))))
    return facts


def _duration(run: ProjectionRun) -> timedelta | None:
    if run.started_at is None:
        return None
    return (run.finished_at or timezone.now()) - run.started_at


def _seconds(span: timedelta | None) -> str:
    return EMPTY if span is None else f"{span.total_seconds():,.1f} s"


def _name(runs: Any) -> None:
    names = names_of({run.scopes[0] for run in runs if len(run.scopes) == 1})
    for run in runs:
        if len(run.scopes) == 1:
            run.scope_name = names[run.scopes[0]]


def _list_url() -> str:
    return reverse("admin:cachesync_projectionrun_changelist")
