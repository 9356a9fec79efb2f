"""The marks of a tenant: words that were planted, and values that can be nobody else's."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from blip0.common.tenancy import in_tenant
from blip0.tests.canaries.fields import OPAQUE, models, rows_of
from tenants.models import Tenant

_VALUE: Final = re.compile(r"[0-9A-Za-z+/=:._-]{16,}")


@dataclass
class Marks:
    """What stands for a tenant, `word` first of all: it is part of every canary.

    `secrets` may be nowhere in clear, not even in their owner's hands; `shown` are those that an
    answer or an email gave out once.
    """

    word: str
    values: set[str] = field(default_factory=set)
    secrets: dict[str, str] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)

    def canary(self, name: str) -> str:
        """Lower case, so that it may be in a slug and an email."""
        return f"{self.word}{name}"

    def secret(self, name: str) -> str:
        """A canary in the middle: a secret's last four characters may be seen."""
        self.secrets[name] = f"{self.word}secret{name}"
        return f"{self.secrets[name]}0000"

    def found_in(self, text: str, *, but: Iterable[str] = ()) -> list[str]:
        """The marks in a text; `but` are what the caller said itself, which may come back."""
        lower = text.lower()
        for said in sorted(but, key=len, reverse=True):
            lower = lower.replace(said.lower(), "")
        words = set(re.findall(rf"{self.word}[a-z0-9]*", lower))
        return sorted(words | {value for value in self.values if value.lower() in lower})

    def secrets_in(self, text: str) -> list[str]:
        everything = {**self.secrets, **self.shown}
        return sorted(name for name, secret in everything.items() if secret in text)

    def read(self, tenant: Tenant) -> None:
        """Take in every id and every opaque value of the tenant's rows."""
        self.values |= {str(tenant.pk), tenant.pk.hex, tenant.slug}
        with in_tenant(tenant.pk):
            for model in models():
                opaque = {name for name in OPAQUE if name.rpartition(".")[0] == model._meta.label}
                names = {"id", *(name.rpartition(".")[2] for name in opaque)}
                for row in rows_of(model, tenant).values():
                    for name in names & row.keys():
                        self.values |= set(_VALUE.findall(str(row[name])))


def readable(text: str) -> str:
    """A text with what a Celery message in it has packed as base64."""
    try:
        message: Any = json.loads(text)
        return text + base64.b64decode(message["body"]).decode()
    except (ValueError, TypeError, KeyError):
        return text
