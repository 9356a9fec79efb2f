"""Where an object stands in the projection, on its page."""

from __future__ import annotations

from typing import TypeVar

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from blip0.common.admin.actions import button
from blip0.common.admin.base import PlatformAdmin
from blip0.common.admin.display import stamp
from blip0.common.projection_states import (
    Progress,
    ProjectionState,
    projection_states,
    state_in_words,
)

M = TypeVar("M", bound=models.Model)

_DONE, _WAITING, _REFUSED, _UNKNOWN = "✔", "…", "✖", "?"


class ProjectedAdmin(PlatformAdmin[M]):
    """For objects that are documents in Redis: where one stands, and a button that looks closer.

    `projected` is a read-only field, `inspect` an entry of `actions_detail`.
    """

    projected_kind = ""
    """As in `ProjectedDocument.kind`; the object's key is its id there."""

    def projected_scope(self) -> str:
        """A tenant's id, or `platform`."""
        return "platform"

    @admin.display(description="last change")
    def projected(self, obj: M) -> str:
        object_id = str(obj.pk)
        states = projection_states(self.projected_scope(), self.projected_kind, [object_id])
        return projection_block(states[object_id])

    def has_inspect_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        return request.user.has_perm("cachesync.view_projecteddocument")

    @button("Inspect", url_path="inspect", permissions=["inspect"], icon="difference")
    def inspect(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """To the page of its document in Postgres, in Redis and with the runtimes."""
        return redirect(
            inspector_url(self.projected_scope(), self.projected_kind, unquote(object_id))
        )


def inspector_url(scope: str, kind: str, object_id: str) -> str:
    """The inspector's page of a document; it belongs to `cachesync`."""
    return reverse("admin:cachesync_inspect", args=[scope, kind, object_id])


def projection_block(state: ProjectionState) -> str:
    """How far its last change has come, and the document that was written last."""
    return format_html(
        '{}<p class="mt-2 text-font-subtle-light dark:text-font-subtle-dark">{}</p>',
        progress_line(state),
        _written_line(state),
    )


def _written_line(state: ProjectionState) -> str:
    """Such as "Active, version 12, 812 bytes"."""
    said = [state_in_words(state.label, state.reason)]
    if state.sha256:
        said += [f"version {state.rev}", f"{state.size:,} bytes"]
    return ", ".join(said)


def progress_line(state: ProjectionState) -> str:
    """How far the last change has come: saved → applied → acknowledged, and who refuses it."""
    steps = [(_DONE, f"saved, version {state.saved_rev}" if state.saved_rev else "saved")]
    match state.progress:
        case Progress.UNKNOWN:
            steps = [(_DONE, "saved"), (_UNKNOWN, "not known: Redis doesn't answer")]
        case Progress.SAVED:
            steps.append((_WAITING, "not in Redis yet: the projector tries every five seconds"))
        case progress:
            applied = format_html("applied, {}", stamp(state.updated_at))
            steps += [(_DONE, applied), _acknowledged(progress, state)]
    chain = format_html_join(
        " → ",
        '<span class="whitespace-nowrap">{} {}</span>',
        steps,
    )
    refusals = format_html_join(
        "",
        '<li class="mt-2">{} <strong>{}</strong> goes on with what it had: {}</li>',
        ((_REFUSED, refusal.reader, refusal.reason) for refusal in state.refusals),
    )
    return format_html(
        '<div class="flex flex-wrap gap-2">{}</div>{}',
        chain,
        format_html("<ul>{}</ul>", refusals) if refusals else "",
    )


def _acknowledged(progress: Progress, state: ProjectionState) -> tuple[str, str]:
    if not state.readers:
        return _WAITING, "no runtime is there"
    marks = {Progress.ACKNOWLEDGED: _DONE, Progress.REFUSED: _REFUSED}
    noun = "runtime" if state.readers == 1 else "runtimes"
    said = f"acknowledged by {state.acknowledged} of {state.readers} {noun}"
    return marks.get(progress, _WAITING), said
