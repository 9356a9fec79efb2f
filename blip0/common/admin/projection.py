"""Where an object stands in the projection, on its page."""

from __future__ import annotations

from django.utils.html import format_html, format_html_join

from blip0.common.admin.display import stamp
from blip0.common.projection_states import Progress, ProjectionState

_DONE, _WAITING, _REFUSED, _UNKNOWN = "✔", "…", "✖", "?"


def projection_block(state: ProjectionState) -> str:
    """How far its last change has come, and the document that was written last."""
    return format_html(
        '{}<p class="mt-2 text-font-subtle-light dark:text-font-subtle-dark">{}</p>',
        progress_line(state),
        _written_line(state),
    )


def _written_line(state: ProjectionState) -> str:
    """Such as "Active, version 12, 812 bytes"."""
    said = [state.label, state.reason]
    if state.sha256:
        said += [f"version {state.rev}", f"{state.size} bytes"]
    return ", ".join(part for part in said if part)


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
