"""Acme does everything that the API offers, beside a busy Globex: nothing of Globex shows up.

Not in an answer, a log line, a document, a cached value, a metric, a queue or an email. What Acme
says itself may come back; then its answer must be that of a word which nobody has.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from blip0.testing.world import PASSWORD
from blip0.tests.canaries.calls import NEW_PASSWORD, OWN_TEMPLATE, Call, calls, operations
from blip0.tests.canaries.planting import API, Planted, monitor_of, refreshed, trigger_of
from blip0.tests.canaries.watching import (
    Log,
    blurred,
    logged,
    mails,
    queued_tasks,
    redis_entries,
    table_rows,
    text_of,
)
from platform_catalog.tests.factories import MonitorTemplateFactory
from tenants.models import Membership

NOBODY = "qqqcanary"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
NO_TENANT = {"sign_up", "sign_up_confirm"}
"""They make a new tenant; called here without success, they belong to neither of the two."""
BOTH_NAMED = re.compile(r"platform:projection:(tenants|changes) ")
"""Keys of the projection that name the tenants, by their ids and nothing else."""

LARGEST = re.compile(r"blip0_projection_(tenant|document)_largest_bytes")


class Watch:
    """Sends, and keeps what is where it must not be in `leaks`."""

    def __init__(self, acme: Planted, globex: Planted, log: Log) -> None:
        self.acme, self.globex, self.log = acme, globex, log
        self.leaks: list[tuple[str, str, list[str]]] = []
        self.succeeded: set[str] = set()
        self.own_seen = 0
        self.said: set[str] = set()
        """Words of Globex's that Acme has used, so that Acme may have them now."""
        self._turns = itertools.cycle(list(self._turns_of_globex()))

    def look(self, where: str, what: str, text: str, owner: Planted, *, but: Any = ()) -> None:
        """A text that is `owner`'s: nothing of the other tenant, and nobody's secrets."""
        other = self.globex if owner is self.acme else self.acme
        found = other.marks.found_in(text, but=but)
        found += [
            f"secret {name}" for side in (owner, other) for name in side.marks.secrets_in(text)
        ]
        if found:
            self.leaks.append((where, what, found))
        self.own_seen += bool(owner.marks.found_in(text))

    def call(self, what: str, call: Call, client: Any, owner: Planted) -> Any:
        other = self.globex if owner is self.acme else self.acme
        said = {*other.marks.found_in(call.text), *self.said}
        position = self.log.position
        answer = call.send(client)
        self.look("answer", what, text_of(answer), owner, but=said)
        for message in queued_tasks():
            self.look("queue", what, message, owner, but=said)
        for address, text in mails():
            if owner.marks.word in address:
                self.look("email", what, text, owner, but=said)
        self.look("log", what, self.log.since(position), owner, but=said)
        if answer.status_code < 400:
            self.succeeded.add(what)
        return answer

    def as_acme(self, what: str, call: Call) -> None:
        personal = what in ("logout", "me_switch_tenant", "me_password", "login")
        client = self._fresh() if personal else self.acme.client
        answer = self.call(what, call, client, self.acme)
        if what == "api_keys_create" and answer.status_code == 201:
            self.acme.marks.shown["another key"] = answer.json()["key"].split("_", 2)[2]
        if said := self.globex.marks.found_in(call.text):
            self.said |= set(said)
            self._compare(what, call, answer, said, self._fresh() if personal else client)
        elif call.method == "get" and "?" not in call.path:
            page = self.acme.browser.get(call.path, headers={"Accept": "text/html"})
            self.look("page", what, text_of(page), self.acme)

    def _compare(self, what: str, call: Call, answer: Any, said: list[str], client: Any) -> None:
        """Whoever says what Globex has learns no more than who says what nobody has."""
        names = {self.globex.marks.word: NOBODY, self.globex.tenant.slug: "nobody"}
        names |= {one: UNKNOWN for one in said if len(one) == len(UNKNOWN)}
        unknown = text_of(call.instead(names).send(client))
        queued_tasks()
        mails()
        known = text_of(answer)
        for before, after in names.items():
            known = known.replace(before, after)
        if blurred(known) != blurred(unknown):
            self.leaks.append(
                ("difference", f"{what} {call.path}", [blurred(known), blurred(unknown)])
            )

    def _fresh(self) -> APIClient:
        access = refreshed(self.acme.email, self.acme.marks)
        return APIClient(HTTP_AUTHORIZATION=f"Bearer {access}")

    def globex_acts(self) -> None:
        what, call = next(self._turns)
        self.call(f"globex: {what}", call, self.globex.client, self.globex)

    def _turns_of_globex(self) -> Iterator[tuple[str, Call]]:
        marks, ids, headers = self.globex.marks, self.globex.ids, self.globex.headers()
        port = self.globex.receiver.server_port
        monitor = f"{API}/monitors/{ids['monitors']}"
        for path in ("monitors", "triggers", "members", "audit-log", "export", "usage", "matches"):
            yield path, Call("get", f"{API}/{path}", None, headers)
        yield (
            "search",
            Call("get", f"{API}/monitors?search={marks.canary('monitor')}", None, headers),
        )
        for text in ("one", "two"):
            body = {"description": marks.canary(text)}
            yield "change", Call("patch", monitor, body, headers)
        yield "conflict", Call("post", f"{API}/monitors", monitor_of(marks), headers)
        yield "mistake", Call("post", f"{API}/triggers", {marks.canary("field"): 1}, headers)
        body = trigger_of(marks, "webhook", port)
        yield (
            "secret",
            Call("patch", f"{API}/triggers/{ids['triggers']}", {"config": body["config"]}),
        )
        yield "test", Call("post", f"{API}/triggers/{ids['triggers']}/test", None, headers)
        yield (
            "failure",
            Call("post", f"{API}/login", {"email": self.globex.email, "password": PASSWORD}),
        )
        yield "reset", Call("post", f"{API}/password-reset", {"email": self.globex.email}, headers)

    def stores(self) -> None:
        """No entry of a Redis is of both tenants, and the metrics are of none.

        (Two gauges name the largest tenant and document to operators, by their ids alone.)
        """
        for entry in redis_entries():
            of_acme = self.acme.marks.found_in(entry)
            of_globex = self.globex.marks.found_in(entry, but=self.said)
            if of_acme and of_globex and not (BOTH_NAMED.match(entry) and not self._words(entry)):
                self.leaks.append(("redis", entry.partition(" = ")[0], [*of_acme, *of_globex]))
        metrics = Client().get("/metrics")
        assert metrics.status_code == 200
        lines = metrics.content.decode().splitlines()
        text = "\n".join(line for line in lines if not LARGEST.match(line) or self._words(line))
        for side in (self.acme, self.globex):
            if found := side.marks.found_in(text):
                self.leaks.append(("metrics", side.tenant.slug, found))
        for owner, other in ((self.acme, self.globex), (self.globex, self.acme)):
            for request in owner.receiver.seen:
                if found := other.marks.found_in(str(request)):
                    self.leaks.append(("delivery", owner.tenant.slug, found))

    def _words(self, entry: str) -> bool:
        return any(side.marks.word in entry for side in (self.acme, self.globex))

    def secrets(self) -> None:
        """In clear they are nowhere: in no row, no entry of a Redis, no line of the whole log."""
        places = (("row", table_rows()), ("redis", redis_entries()), ("log", [self.log.since(0)]))
        for where, texts in places:
            for text in texts:
                for side in (self.acme, self.globex):
                    if found := side.marks.secrets_in(text):
                        self.leaks.append((where, text.partition(":")[0][:80], found))


def with_tokens(watch: Watch) -> None:
    """The operations that need what was sent by email, or the refresh cookie."""
    acme, client = watch.acme, APIClient()
    guest = f"{acme.marks.canary('joins')}@example.org"
    body: Any = {"email": guest, "role": "viewer"}
    acme.client.post(f"{API}/invitations", body)
    queued_tasks()
    token = _token(mails(), acme, r"^    ([\w-]{43})$")
    body = {"token": token, "password": PASSWORD, "name": acme.marks.canary("joined")}
    watch.call("invitations_accept", Call("post", f"{API}/invitations/accept", body), client, acme)
    client.post(f"{API}/password-reset", {"email": guest})
    queued_tasks()
    token = _token(mails(), acme, r"^    (\S{60,})$")
    body = {"token": token, "password": NEW_PASSWORD}
    confirm = Call("post", f"{API}/password-reset/confirm", body)
    watch.call("password_reset_confirm", confirm, client, acme)
    body = {"email": guest, "password": NEW_PASSWORD}
    answer = client.post(f"{API}/login", body)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
    headers = {"X-Requested-With": "blip0"}
    watch.call("refresh", Call("post", f"{API}/refresh", None, headers), client, acme)
    body = {"current_password": NEW_PASSWORD, "new_password": f"{NEW_PASSWORD} still"}
    watch.call("me_password", Call("post", f"{API}/me/password", body), client, acme)
    both = Membership.objects.get(user__email=guest)
    Membership.objects.create(user=both.user, tenant=watch.globex.tenant, role=both.role)
    answer = client.post(f"{API}/me/switch-tenant", {"tenant": watch.globex.tenant.slug})
    assert answer.status_code == 200, answer.content
    watch.succeeded.add("me_switch_tenant")


def _token(sent: list[tuple[str, str]], acme: Planted, pattern: str) -> str:
    token = str(re.findall(pattern, sent[-1][1], re.MULTILINE)[0])
    acme.marks.shown[f"mailed {len(token)}"] = token
    return token


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_acme__every_operation_beside_a_busy_globex__shows_nothing_of_globex(both):
    acme, globex = both
    MonitorTemplateFactory.create(slug=OWN_TEMPLATE)
    acme.ids["members"] = str(Membership.objects.get(user__email="vic@acme.test").pk)
    history = acme.client.get(f"{API}/monitors/{acme.ids['monitors']}/history").json()
    acme.ids["entry"] = history["results"][0]["id"]
    queued_tasks()
    mails()
    with logged() as log:
        watch = Watch(acme, globex, log)
        everything = [
            (operation.id, call)
            for operation in operations()
            for call in calls(operation, acme, globex)
        ]
        innocent = [
            (name, call) for name, call in everything if not globex.marks.found_in(call.text)
        ]
        knowing = [each for each in everything if each not in innocent]
        going = [each for each in innocent if each[1].method == "delete"]
        for turn in ([each for each in innocent if each not in going], knowing, going):
            for name, call in turn:
                watch.as_acme(name, call)
                watch.globex_acts()
            watch.stores()
        with_tokens(watch)
        watch.secrets()

    assert watch.leaks == []
    assert {operation.id for operation in operations()} - watch.succeeded == NO_TENANT
    assert watch.own_seen > len(everything), "what is Acme's own shows up: the search works"
