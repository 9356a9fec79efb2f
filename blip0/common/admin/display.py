"""Columns and read-only values. Everything is escaped by `format_html`; nothing is marked safe."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db import models
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import display as unfold_display

EMPTY = "-"
SHORT = 24
"""Characters of a hash that a list has room for."""

Column = TypeVar("Column", bound=Callable[..., object])


def badge(
    description: str, *, colours: Mapping[Any, str], ordering: str | None = None
) -> Callable[[Column], Column]:
    """A column as a coloured label. It returns a key of `colours`, or a key and its text."""

    def decorate(column: Column) -> Column:
        unfold_display(description=description, ordering=ordering, label=dict(colours))(column)
        return column

    return decorate


def column(field: str, description: str) -> Callable[[Any, Any], str]:
    """A column of a field under a name that isn't the field's: a unit, or an abbreviation."""

    @admin.display(description=description, ordering=field)
    def shown(_self: Any, obj: Any) -> str:
        value = getattr(obj, field)
        if isinstance(value, int):
            return f"{value:,}"
        return EMPTY if value in (None, "") else str(value)

    return shown


def short(text: str) -> str:
    """The ends of a hash, for a list; the whole of it where the pointer rests."""
    if len(text) <= SHORT:
        return text
    return format_html('<span title="{}">{}…{}</span>', text, text[:10], text[-8:])


def label(text: str, colour: str) -> str:
    """A coloured label: `success`, `warning`, `danger`, `info` or `default`."""
    return render_to_string("unfold/helpers/label.html", {"text": text, "variant": colour})


def change_url(model: type[models.Model], pk: object) -> str:
    """The page of an object in the admin."""
    opts = model._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[quote(str(pk))])


def object_link(model: type[models.Model], pk: object, label: object) -> str:
    """A link to an object's page, called `label`."""
    return link(change_url(model, pk), label)


def link(url: str, label: object) -> str:
    return format_html('<a class="text-link" href="{}">{}</a>', url, label)


def stamp(moment: datetime | None) -> str:
    """A time in the viewer's zone, to the second, and machine-readable; a dash for none."""
    if moment is None:
        return EMPTY
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" class="whitespace-nowrap">{}</time>',
        local.isoformat(),
        f"{local:%Y-%m-%d %H:%M:%S %Z}",
    )


def day(moment: datetime | None) -> str:
    """The date in the viewer's zone; a dash for none."""
    return f"{timezone.localtime(moment):%Y-%m-%d}" if moment else EMPTY


def minute(moment: datetime) -> str:
    """A time in the viewer's zone, in words for a message."""
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M %Z}"


def json_text(value: Any) -> str:
    """JSON as people read it: indented, in the order in which it is stored."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def json_block(value: Any) -> str:
    """JSON on a page; a dash for null."""
    return EMPTY if value is None else code_block(json_text(value))


def code(text: str) -> str:
    return format_html("<code>{}</code>", text)


def code_block(text: str) -> str:
    return format_html(
        '<pre class="bg-base-50 p-3 rounded-default dark:bg-base-800" tabindex="0" '
        'style="font-family: ui-monospace, monospace; font-size: 12px; max-height: 40rem; '
        'overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere">{}</pre>',
        text,
    )
