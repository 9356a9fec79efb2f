"""`docs/commands.md` has a line for each button, and each line's button and command are there."""

from __future__ import annotations

import re
import shlex
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.management import CommandError, get_commands, load_command_class

from blip0.common.admin.pages import ADMIN_PAGES

PAGE = settings.BASE_DIR / "docs" / "commands.md"
ROW = re.compile(r"^\| (\w+) \| ([\w-]+) \| (.+) \|$", re.MULTILINE)
COMMAND = re.compile(r"`(\w+)[^`]*`")
SHOWN = re.compile(r"`(\w+)([^`]*)`")
NONE = re.compile(r"none( yet)?: \w")


def _rows() -> dict[tuple[str, str], str]:
    found = ROW.findall(PAGE.read_text(encoding="utf-8"))
    return {(place, button): twin for place, button, twin in found if place != "where"}


def test_commands_page__each_button_and_page__has_a_line_and_no_line_is_left_over() -> None:
    buttons = {("page", key) for key in ADMIN_PAGES}
    for model in admin.site._registry:
        one: Any = admin.site.get_model_admin(model)
        undo = ("revert",) if one.can_revert() else ()
        names = {*one.actions_detail, *one.actions_list, *one.actions, *undo}
        buttons |= {(model.__name__, name) for name in names}
    lines = set(_rows()) - {("Tenant", "Add")}

    assert buttons - lines == set()
    assert lines - buttons == set()


def test_commands_page__each_command__has_the_arguments_that_it_is_shown_with() -> None:
    refused = {}
    for key, twin in _rows().items():
        for command, arguments in SHOWN.findall(twin):
            parser = load_command_class(get_commands()[command], command)
            try:
                parser.create_parser("manage.py", command).parse_args(shlex.split(arguments))
            except CommandError as error:
                refused[key] = str(error)

    assert refused == {}


def test_commands_page__each_command__is_there_or_told_why_not() -> None:
    commands = set(get_commands())
    named = {key: COMMAND.findall(twin) for key, twin in _rows().items()}
    strange = {
        key: twin
        for key, twin in _rows().items()
        if not (named[key] and commands.issuperset(named[key])) and not NONE.match(twin)
    }

    assert strange == {}
