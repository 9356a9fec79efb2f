"""Guards of models, admin pages and the database: they look at what Django has loaded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.admin import ModelAdmin
from django.db.models import Model

from blip0.testing.guards import APPS

_AUTOMATIC_INDEX = re.compile(r"_[0-9a-f]{6}_idx$")
_UNFOLD_ACTIONS = ("actions_list", "actions_detail", "actions_row", "actions_submit_line")


def automatic_names(models: Iterable[type[Model]]) -> Iterator[str]:
    """Indexes without a name of their own: the database's errors and plans then say nothing."""
    for model in models:
        for index in model._meta.indexes:
            if not index.name or _AUTOMATIC_INDEX.search(index.name):
                yield f"{model._meta.label}: index on {', '.join(index.fields)} has no name"
        for field in model._meta.local_fields:
            plain = getattr(field, "db_index", False) and not (field.is_relation or field.unique)
            if plain and field.name not in _inherited_from_libraries(model):
                yield f"{model._meta.label}.{field.name}: db_index; write an Index with a name"


def _inherited_from_libraries(model: type[Model]) -> set[str]:
    """Fields that an abstract base of somebody else's brings along."""
    return {
        field.name
        for base in model.__mro__
        if issubclass(base, Model)
        and base is not Model
        and base.__module__.split(".")[0] not in APPS
        for field in base._meta.local_fields
    }


def actions_without_permissions(admins: Iterable[ModelAdmin[Any]]) -> Iterator[str]:
    """Admin actions that anybody who sees the page may run."""
    for admin in admins:
        # Django has no public list that doesn't depend on a request's user.
        base = admin._get_base_actions()  # type: ignore[attr-defined]  # noqa: SLF001  # see above
        actions = [(action, name) for action, name, _ in base]
        for attribute in _UNFOLD_ACTIONS:
            names = _flat(getattr(admin, attribute, ()))
            actions += [(getattr(admin, name), name) for name in names]
        for action, name in actions:
            if not getattr(action, "allowed_permissions", ()):
                yield f"{type(admin).__name__}.{name} declares no permissions"


def _flat(actions: Iterable[Any]) -> Iterator[str]:
    """Names of unfold's actions; a group is a dictionary with `items`."""
    for action in actions:
        if isinstance(action, dict):
            yield from _flat(action.get("items", ()))
        else:
            yield action
