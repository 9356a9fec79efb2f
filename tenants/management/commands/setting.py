"""`manage.py setting list|get|set|reset`: the platform's settings, as the admin shows them."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandParser

from blip0.common.commands import PlatformCommand
from blip0.common.system_settings import setting_definition
from tenants.models import SystemSetting
from tenants.selectors import SettingState, setting_state, setting_states
from tenants.services.system_settings import setting_reset, setting_update


class Command(PlatformCommand):
    help = "Show and change the settings of the platform. Values are printed as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="act", required=True, metavar="list|get|set|reset")
        commands.add_parser("list", help="All settings, and who changed them last.")
        for act, told in (
            ("get", "Print the value that holds."),
            ("set", "Let it have this value: a word, or several for a list, or none."),
            ("reset", "Let it follow its default again."),
        ):
            one = commands.add_parser(act, help=told)
            one.add_argument("key", metavar="KEY")
            if act == "set":
                one.add_argument("words", metavar="VALUE", nargs="*")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["act"] == "list":
            for state in setting_states():
                self.stdout.write(_line(state))
            return
        key = options["key"]
        if options["act"] == "set":
            value = setting_definition(key).parse(options["words"])
            setting_update(key=key, value=value, actor=self.actor)
        elif options["act"] == "reset":
            setting_reset(key=key, actor=self.actor)
        row = SystemSetting.objects.filter(pk=key).first()
        self.stdout.write(json.dumps(setting_state(setting_definition(key), row).value))


def _line(state: SettingState) -> str:
    line = f"{state.definition.key}  {json.dumps(state.value)}  "
    if state.row is None:
        return f"{line}default"
    line += f"set {state.row.updated_at:%Y-%m-%d %H:%M} by {state.row.updated_by}"
    return f"{line}; not used: {state.problem}" if state.problem else line
