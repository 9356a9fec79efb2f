"""From what a service refuses to what a form shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import new_class
from typing import Any, Final, TypeVar

from django import forms

from blip0.common.admin.fields import JsonField
from blip0.common.exceptions import DomainError, Stale
from blip0.common.json_places import line_of
from blip0.common.validation import InvalidDocument

REFUSALS: Final = (DomainError, InvalidDocument)
"""What services raise where a rule says no. Anything else is a fault of ours."""

F = TypeVar("F", bound="forms.BaseForm")


def said(refusal: Exception) -> str:
    """The refusal in one line, for a message."""
    return refusal.message if isinstance(refusal, DomainError) else str(refusal)


def refused_form(form_class: type[F], refusal: Exception) -> type[F]:
    """The form's class with the refusal among its errors."""

    def _post_clean(self: Any) -> None:
        super(refused, self)._post_clean()
        add_refusal(self, refusal)

    refused: type[F] = new_class(
        form_class.__name__,
        (form_class,),
        exec_body=lambda body: body.update(_post_clean=_post_clean),
    )
    return refused


def add_refusal(form: forms.BaseForm, refusal: Exception) -> None:
    """Put each message at the field that its pointer leads to, or at the top of the form."""
    for pointer, message in messages_of(refusal):
        field, rest = field_at(form, pointer)
        if field is None:
            form.add_error(None, f"{pointer.lstrip('/')}: {message}" if pointer else message)
        else:
            form.add_error(field, f"{_place(form, field, rest)}: {message}" if rest else message)


def _place(form: forms.BaseForm, field: str, rest: str) -> str:
    """The way on in words; in JSON that people have written, with the line it leads to."""
    if not isinstance(form.fields[field], JsonField):
        return rest
    text = form.data.get(form.add_prefix(field), "")
    return f"Line {line_of(text, f'/{rest}')}, /{rest}" if text.strip() else rest


def field_at(form: forms.BaseForm, pointer: str) -> tuple[str | None, str]:
    """The form's field for a JSON pointer, and the way on from there.

    `form.pointers` maps pointers to fields where the names differ; the longest one that fits
    counts. Otherwise the pointer's first part is the name of a field.
    """
    known: Mapping[str, str] = getattr(form, "pointers", {})
    named = {f"/{name}": name for name in form.fields if name not in known.values()}
    fitting = [
        (place, name)
        for place, name in {**named, **known}.items()
        if name in form.fields and (pointer == place or pointer.startswith(f"{place}/"))
    ]
    if not fitting:
        return None, pointer
    place, name = max(fitting, key=lambda item: len(item[0]))
    return name, pointer[len(place) :].lstrip("/")


def messages_of(refusal: Exception) -> Iterator[tuple[str, str]]:
    """What is wrong, each with its JSON pointer; "" is the whole."""
    if isinstance(refusal, InvalidDocument):
        for finding in refusal.findings:
            yield finding.pointer, finding.message
    elif isinstance(refusal, Stale):
        told = (
            "Somebody has changed this meanwhile: your changes were not saved. Open the page "
            f"again to see the newer state (version {refusal.current_version})."
        )
        yield "", told
    elif isinstance(refusal, DomainError):
        yield refusal.pointer, refusal.message
