"""An object's history from the audit log, field by field, and undoing one change of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from blip0.common.admin.actions import RevertForm, confirm_view
from blip0.common.admin.base import PlatformAdmin
from blip0.common.admin.diffs import folded, hunks
from blip0.common.admin.display import change_url, json_text, link
from blip0.common.admin.history import HISTORY_PAGES
from blip0.common.admin.refusals import REFUSALS, messages_of
from blip0.common.audit import REDACTED
from blip0.common.exceptions import Conflict
from tenants.choices import ActorKind
from tenants.models import ApiKey, AuditRecord, User
from tenants.selectors.records import records_of

SHOWN: Final = 25
_ACTORS: Final[Mapping[str, type[User] | type[ApiKey]]] = {
    ActorKind.USER: User,
    ActorKind.STAFF: User,
    ActorKind.API_KEY: ApiKey,
}
_LOG: Final = "tenants.view_auditrecord"


@dataclass(frozen=True)
class FieldChange:
    """One field of a record: `parts` as `admin/includes/diff.html` shows them."""

    name: str
    parts: Sequence[Mapping[str, object]]
    is_secret: bool = False


@dataclass(frozen=True)
class Entry:
    """A record of the history as its page shows it; a URL is "" where there is no such way."""

    record: AuditRecord
    changes: Sequence[FieldChange]
    actor: str
    request_url: str = ""
    revert_url: str = ""


def history_page(one: PlatformAdmin[Any], request: HttpRequest, object_id: str) -> HttpResponse:
    """A page of the newest records, and the way to older ones. As many queries for any number."""
    records = _records(one, object_id)
    before = request.GET.get("before", "")
    older = records.filter(pk__lt=int(before)) if before.isdecimal() else records
    found = list(older[: SHOWN + 1])
    obj = one.get_object(request, object_id)
    if obj is None and not found:
        raise Http404
    may_revert = obj is not None and one.has_revert_permission(request)
    shown = found[:SHOWN]
    return TemplateResponse(
        request,
        "admin/history.html",
        {
            **one.admin_site.each_context(request),
            "opts": one.opts,
            "title": f"History: {obj or found[0].object_name or object_id}",
            "entries": [_entry(one, request, record, may_revert) for record in shown],
            "revert_label": one.revert_label,
            "is_gone": obj is None,
            "object_url": one.change_url(object_id) if obj is not None else "",
            "newest_url": one.history_url(object_id) if before else "",
            "older_url": f"?{urlencode({'before': shown[-1].pk})}" if len(found) > SHOWN else "",
            "log_url": _log_url(object_kind=one.audit_kind, object_id=one.audited_as(object_id)[0])
            if request.user.has_perm(_LOG)
            else "",
        },
    )


def revert_page(
    one: PlatformAdmin[Any], request: HttpRequest, obj: Any, entry: int
) -> HttpResponse:
    """What undoing a change would change now; its POST does it."""
    records = _records(one, str(obj.pk))
    record = records.filter(pk=entry).first()
    if record is None:
        raise Http404
    newest = records.values_list("pk", flat=True)[0]

    def undo(data: Mapping[str, Any]) -> AuditRecord | None:
        """The record that it leaves; none where nothing was to be changed."""
        one.revert_object(request, obj, entry, data)
        # The service has locked the object: whoever was faster is seen here.
        since = list(records.filter(pk__gt=data["newest"])[:2])
        if len(since) > 1:
            raise Conflict(
                "It was changed meanwhile, and nothing was undone. Open its history again to see "
                "how it is now."
            )
        return since[0] if since else None

    def act(data: Mapping[str, Any]) -> HttpResponse:
        with transaction.atomic():
            left = undo(data)
        told = (
            f"{obj}: {one.revert_label.lower()}, done." if left else f"{obj} is like that already."
        )
        one.message_user(request, told, messages.SUCCESS if left else messages.INFO)
        return redirect(one.history_url(obj.pk))

    changes, problems = _preview(undo, newest) if request.method != "POST" else ((), ())
    return confirm_view(
        request,
        label=one.revert_label,
        title=f"{one.revert_label}: {obj}",
        explain=one.revert_explain,
        facts=[("Entry", f"{entry}: {record.action} by {record.actor_name}")],
        form=one.revert_form or RevertForm,
        obj=newest,
        back=one.history_url(obj.pk),
        act=act,
        template="admin/revert.html",
        context={"opts": one.opts, "changes": changes, "problems": problems},
    )


def _preview(
    undo: Callable[[Mapping[str, Any]], AuditRecord | None], newest: int
) -> tuple[Sequence[FieldChange], Sequence[str]]:
    """What it changes, and what stands in its way: it is done, and rolled back."""
    try:
        with transaction.atomic():
            left = undo({"newest": newest, "reason": ""})
            transaction.set_rollback(True)
    except REFUSALS as refusal:
        said = [
            f"{place.lstrip('/')}: {text}" if place else text
            for place, text in messages_of(refusal)
        ]
        return (), said
    if left is None:
        return (), ["It is like that already: there is nothing to undo."]
    return list(field_changes(left)), ()


def field_changes(record: AuditRecord) -> Iterator[FieldChange]:
    """The fields that a record names, before and after."""
    before, after = record.before or {}, record.after or {}
    for name in {**before, **after}:
        was = _text(before[name]) if name in before else ""
        became = _text(after[name]) if name in after else ""
        if was == became:
            yield FieldChange(name, (), is_secret=REDACTED in was)
        else:
            yield FieldChange(name, [_before_first(part) for part in folded(hunks(became, was))])


def _before_first(part: Mapping[str, object]) -> Mapping[str, object]:
    return {**part, "left": part["right"], "right": part["left"]} if "left" in part else part


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json_text(value)


def _entry(
    one: PlatformAdmin[Any], request: HttpRequest, record: AuditRecord, may_revert: bool
) -> Entry:
    undoes = may_revert and bool(record.before) and record.after is not None
    see_log = record.request_id and request.user.has_perm(_LOG)
    return Entry(
        record,
        list(field_changes(record)),
        actor=actor_link(record, request),
        request_url=_log_url(request_id=record.request_id) if see_log else "",
        revert_url=one.revert_url(record.object_id, record.pk) if undoes else "",
    )


def actor_link(record: AuditRecord, request: HttpRequest) -> str:
    """The actor by name, with a link to whom or what it is, for those who may see that."""
    model = _ACTORS.get(record.actor_kind)
    if model is None or not record.actor_id:
        return record.actor_name
    if not request.user.has_perm(f"tenants.view_{model._meta.model_name}"):
        return record.actor_name
    return link(change_url(model, record.actor_id), record.actor_name)


def _records(one: PlatformAdmin[Any], object_id: str) -> Any:
    audited, tenant_id = one.audited_as(object_id)
    return records_of(one.audit_kind, audited, tenant_id=tenant_id)


def _log_url(**filters: str) -> str:
    return f"{reverse('admin:tenants_auditrecord_changelist')}?{urlencode(filters)}"


HISTORY_PAGES.register("history", history_page)
HISTORY_PAGES.register("revert", revert_page)
