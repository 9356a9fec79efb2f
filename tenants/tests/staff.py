"""Help for tests of staff's sign-in: an authenticator app, and the ways through the door."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.test import Client
from django.utils import timezone

from blip0.common.actors import Actor
from blip0.testing.world import PASSWORD
from tenants.models import TwoFactor, User
from tenants.services.two_factor import STEP_S, secret_new, two_factor_enable

ACTOR = Actor.system("tests")
LOGIN = "/admin/login/"
CODE = "/admin/login/code/"
ACCOUNT = "/admin/account/"


@dataclass(frozen=True)
class Phone:
    """An authenticator app with one secret."""

    secret: str

    def code(self, steps: int = 0, *, now: datetime | None = None) -> str:
        """The code of now, or of so many steps of 30 s later."""
        moment = (now or timezone.now()).timestamp() + steps * STEP_S
        return TOTP(base64.b32decode(self.secret), 6, SHA1(), STEP_S).generate(moment).decode()


def enrol(user: User) -> tuple[Phone, list[str]]:
    """Turn two-factor sign-in on, as long ago as it takes for every code of now to be unused."""
    phone = Phone(secret_new())
    codes = two_factor_enable(
        user=user,
        password=PASSWORD,
        secret=phone.secret,
        code=phone.code(),
        now=timezone.now(),
        session=None,
        actor=ACTOR,
    )
    TwoFactor.objects.filter(pk=user.pk).update(last_step=0)
    return phone, codes


def give_password(client: Client, email: str, password: str = PASSWORD) -> Any:
    return client.post(LOGIN, {"username": email, "password": password})


def give_code(client: Client, code: str) -> Any:
    return client.post(CODE, {"code": code})


def is_in(client: Client) -> bool:
    """Whether the back office opens."""
    return client.get("/admin/").status_code == 200


def key_of(client: Client) -> str:
    return client.cookies["sessionid"].value


def answers(responses: Sequence[Any]) -> list[int]:
    return [response.status_code for response in responses]
