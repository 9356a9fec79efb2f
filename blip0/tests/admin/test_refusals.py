"""Which field a JSON pointer of a refusal leads to."""

from __future__ import annotations

import pytest
from django import forms

from blip0.common.admin.fields import JsonField
from blip0.common.admin.refusals import add_refusal, field_at
from blip0.common.exceptions import InvalidField


class _Form(forms.Form):
    name = forms.CharField()
    addresses = forms.CharField()
    message_title = forms.CharField()
    message_body = forms.CharField()
    email = forms.CharField()
    pointers = {
        "/config/message": "message_body",
        "/config/message/title": "message_title",
        "/owner": "email",
    }


@pytest.mark.parametrize(
    ("pointer", "field", "rest"),
    [
        ("/name", "name", ""),
        ("/addresses/0/address", "addresses", "0/address"),
        ("/config/message/title", "message_title", ""),
        ("/config/message", "message_body", ""),
        ("/config/message/footer", "message_body", "footer"),
        ("/owner", "email", ""),
        ("/email", None, "/email"),
        ("/names", None, "/names"),
        ("", None, ""),
    ],
)
def test_field_at__pointer__field_and_the_way_on(
    pointer: str, field: str | None, rest: str
) -> None:
    assert field_at(_Form(), pointer) == (field, rest)


class _JsonForm(forms.Form):
    addresses = JsonField()


def test_add_refusal__in_json__line_and_pointer_at_the_field_and_the_text_is_kept() -> None:
    text = '[\n  {"address": "0x1"},\n  {"address": "0x2"}\n]'
    form = _JsonForm({"addresses": text})
    assert form.is_valid()

    add_refusal(form, InvalidField("It is too short.", pointer="/addresses/1/address"))

    assert form.errors["addresses"] == ["Line 3, /1/address: It is too short."]
    assert text.replace('"', "&quot;") in str(form["addresses"])
