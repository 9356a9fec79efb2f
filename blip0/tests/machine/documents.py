"""Rules on monitors and triggers: each tells the API and the truth, and compares the answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from blip0.tests.machine import words
from blip0.tests.machine.stage import API, Caller, Stage, without_stamps
from blip0.tests.machine.truth import MESSAGE, Monitor, Side, Trigger
from tenants.choices import Role

DATA = st.data()
with_monitors = precondition(lambda machine: machine.has("monitors"))
with_triggers = precondition(lambda machine: machine.has("triggers"))


@dataclass(frozen=True, eq=False)
class Sent:
    """A POST with an `Idempotency-Key`, and its first answer."""

    caller: Caller
    document: dict[str, Any]
    key: str
    answer: Any


class MonitorRules(Stage):
    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Sent] = []
        self.tags: dict[str, list[str]] = {}
        """The tags that a monitor had, by its id; the last one is current."""

    def create(self, caller: Caller, document: dict[str, Any], key: str = "") -> Any:
        side, whole = caller.side, described(document, caller.side)
        refused = side.refusal(whole, "monitors", new=True)
        headers = {"Idempotency-Key": key} if key else None
        answer = self.send(
            caller, "post", "/monitors", whole, expect=refused or 201, headers=headers
        )
        if answer.status_code == 201:
            self.made(side, answer, whole)
        return answer

    def made(self, side: Side, answer: Any, document: dict[str, Any]) -> None:
        monitor = Monitor(answer.json()["id"], document)
        side.monitors[monitor.id] = monitor
        self.told(side, monitor, answer, "created")

    def told(self, side: Side, monitor: Monitor, answer: Any, verb: str) -> None:
        """It is as the answer shows it; `verb` "" means that nothing was changed."""
        assert without_stamps(answer.json()) == monitor.shown()
        tags = self.tags.setdefault(monitor.id, [])
        if verb:
            side.log.append((f"monitor.{verb}", monitor.id))
            assert answer["ETag"] not in tags
            tags.append(answer["ETag"])
        assert answer["ETag"] == tags[-1]

    def change(
        self, data: st.DataObject, method: str, path: str, body: Any, document: dict[str, Any]
    ) -> None:
        """A change of any monitor's document to what it is with these keys."""
        if picked := self.pick_of(data, "monitors", self.callers()):
            caller, monitor = picked
            side, wanted = caller.side, {**monitor.document, **document}
            if "description" in body:
                body = {**body, "description": f"of {side.slug}, {self.number()}"}
                wanted["description"] = body["description"]
            refused = side.refusal(wanted, "monitors", but=monitor.id)
            url = f"/monitors/{monitor.id}{path}"
            answer = self.send(caller, method, url, body, expect=refused or 200)
            if answer.status_code == 200:
                changed = monitor.changed(wanted, monitor.snoozed_until)
                self.told(side, monitor, answer, "updated" if changed else "")

    @rule(data=DATA, document=words.documents, once=st.booleans())
    def create_monitor(self, data: st.DataObject, document: dict[str, Any], once: bool) -> None:
        if callers := self.callers():
            caller, key = self.pick(data, callers), f"key-{self.number()}" if once else ""
            answer = self.create(caller, document, key)
            if once and answer.status_code == 201:
                self.sent.append(Sent(caller, document, key, answer))

    @precondition(lambda machine: machine.sent)
    @rule(data=DATA)
    def replay(self, data: st.DataObject) -> None:
        """The same again does nothing; the other tenant's same key is another one."""
        sent = [each for each in self.sent if each.caller in self.callers()]
        if not sent:
            return
        first = self.pick(data, sent)
        caller, headers = first.caller, {"Idempotency-Key": first.key}
        body = described(first.document, caller.side)
        again = self.send(caller, "post", "/monitors", body, expect=201, headers=headers)
        if again.status_code == 201:
            assert again["Idempotency-Replayed"] == "true"
            assert again.content == first.answer.content
        self.send(
            caller, "post", "/monitors", {**body, "paused": None}, expect=422, headers=headers
        )
        stranger = self.owners[self.other(caller.side).slug]
        if not stranger.side.suspended:
            assert "Idempotency-Replayed" not in self.create(stranger, first.document)

    @with_monitors
    @rule(data=DATA, patch=words.patches, says=st.booleans())
    def patch_monitor(self, data: st.DataObject, patch: dict[str, Any], says: bool) -> None:
        self.change(data, "patch", "", {**patch, "description": ""} if says else patch, patch)

    @with_monitors
    @rule(data=DATA, document=words.documents)
    def put_monitor(self, data: st.DataObject, document: dict[str, Any]) -> None:
        """A description that is left out is reset."""
        self.change(data, "put", "", document, {**document, "description": ""})

    @with_monitors
    @rule(
        data=DATA,
        verb=st.sampled_from(["pause", "resume", "snooze", "wake"]),
        until=st.sampled_from(words.UNTILS),
    )
    def hold(self, data: st.DataObject, verb: str, until: str) -> None:
        picked = self.pick_of(data, "monitors", self.callers())
        if not picked:
            return
        caller, monitor = picked
        method = "delete" if verb == "wake" else "post"
        path = f"/monitors/{monitor.id}/{'snooze' if verb == 'wake' else verb}"
        body = {"until": until} if verb == "snooze" else None
        answer = self.send(caller, method, path, body, expect=200)
        if answer.status_code != 200:
            return
        document, snoozed = dict(monitor.document), monitor.snoozed_until
        if verb in ("pause", "resume"):
            document["paused"] = verb == "pause"
        else:
            snoozed = until if verb == "snooze" else None
        done = {"pause": "paused", "resume": "resumed", "snooze": "snoozed", "wake": "woken"}
        changed = monitor.changed(document, snoozed)
        self.told(caller.side, monitor, answer, done[verb] if changed else "")

    @with_monitors
    @rule(data=DATA, name=words.names, slug=words.slugs)
    def clone_monitor(self, data: st.DataObject, name: str, slug: str) -> None:
        if picked := self.pick_of(data, "monitors", self.callers()):
            caller, monitor = picked
            naming = {"name": name, "slug": slug}
            wanted = {**monitor.document, **naming}
            refused = caller.side.refusal(wanted, "monitors", new=True)
            url = f"/monitors/{monitor.id}/clone"
            answer = self.send(caller, "post", url, naming, expect=refused or 201)
            if answer.status_code == 201:
                self.made(caller.side, answer, wanted)

    @with_monitors
    @rule(data=DATA)
    def revert_monitor(self, data: st.DataObject) -> None:
        picked = self.pick_of(data, "monitors", self.callers())
        if not picked:
            return
        caller, monitor = picked
        side, url = caller.side, f"/monitors/{monitor.id}"
        owner = self.owners[side.slug]
        history = self.send(owner, "get", f"{url}/history?page_size=100", expect=200).json()
        entries = history["results"][::-1]
        assert [entry["action"] for entry in entries] == side.logged(monitor.id)
        at = data.draw(st.integers(0, len(entries) - 1), label="entry")
        wanted = monitor.past[at - 1] if at else None
        refused: int | None = 409
        if wanted and side.has_specs(wanted):
            refused = side.refusal(wanted, "monitors", but=monitor.id)
        body = {"entry": entries[at]["id"]}
        answer = self.send(caller, "post", f"{url}/revert", body, expect=refused or 200)
        if wanted and answer.status_code == 200:
            changed = monitor.changed(wanted, monitor.snoozed_until)
            self.told(side, monitor, answer, "updated" if changed else "")

    @with_monitors
    @rule(data=DATA, patch=words.patches)
    def change_what_is_stale(self, data: st.DataObject, patch: dict[str, Any]) -> None:
        """With a tag of before nothing is changed, whatever is asked for."""
        picked = self.pick_of(data, "monitors", self.callers())
        if not picked or len(self.tags[picked[1].id]) < 2:
            return
        caller, monitor = picked
        url, (*old, current) = f"/monitors/{monitor.id}", self.tags[monitor.id]
        headers = {"If-Match": self.pick(data, old)}
        for method, path in (("patch", ""), ("delete", ""), ("post", "/pause"), ("post", "/clone")):
            body = {"name": "Taken"} if path == "/clone" else patch if method == "patch" else None
            answer = self.send(caller, method, url + path, body, expect=412, headers=headers)
            assert answer.status_code == 403 or answer["ETag"] == current

    @with_monitors
    @rule(data=DATA)
    def delete_monitor(self, data: st.DataObject) -> None:
        if picked := self.pick_of(data, "monitors", self.callers()):
            caller, monitor = picked
            url, tag = f"/monitors/{monitor.id}", self.tags[monitor.id][-1]
            answer = self.send(caller, "delete", url, expect=204, headers={"If-Match": tag})
            if answer.status_code == 204:
                caller.side.gone.append(caller.side.monitors.pop(monitor.id))
                caller.side.log.append(("monitor.deleted", monitor.id))

    @rule(data=DATA, size=st.integers(1, 3))
    def read_page_by_page(self, data: st.DataObject, size: int) -> None:
        """Each monitor comes once; the other tenant's cursor leads to nothing of theirs."""
        if not (callers := self.callers()):
            return
        caller = self.pick(data, callers)
        stranger = self.owners[self.other(caller.side).slug]
        seen: list[str] = []
        url: str | None = f"/monitors?page_size={size}"
        while url:
            page = self.send(caller, "get", url, expect=200, needs=Role.VIEWER).json()
            seen += [each["slug"] for each in page["results"]]
            url = page["next"] and page["next"].partition(API)[2]
            if url and not stranger.side.suspended:
                self.send(stranger, "get", url, expect=200)
        assert seen == sorted(each.document["slug"] for each in caller.side.monitors.values())


class TriggerRules(Stage):
    @rule(
        data=DATA,
        name=words.names,
        slug=words.slugs,
        kind=st.sampled_from(["slack", "webhook"]),
    )
    def create_trigger(self, data: st.DataObject, name: str, slug: str, kind: str) -> None:
        if callers := self.callers():
            self.create_trigger_of(self.pick(data, callers), name, slug, kind)

    def create_trigger_of(self, caller: Caller, name: str, slug: str, kind: str) -> None:
        side, number = caller.side, self.number()
        secret = words.secret_of(kind, side.slug, number)
        trigger = Trigger("", slug, name, kind, secret, f"{side.slug} {number}")
        body = {
            "name": name,
            "slug": slug,
            "trigger_type": kind,
            "config": trigger.config({"type": "Plain", "value": secret}),
        }
        refused = side.refusal(body, "triggers", new=True)
        answer = self.send(caller, "post", "/triggers", body, expect=refused or 201)
        if answer.status_code == 201:
            trigger.id = answer.json()["id"]
            side.triggers[trigger.id] = trigger
            self.told_of(side, trigger, answer, "created")

    def told_of(self, side: Side, trigger: Trigger, answer: Any, verb: str) -> None:
        assert without_stamps(answer.json()) == trigger.shown()
        if verb:
            side.log.append((f"trigger.{verb}", trigger.id))

    @with_triggers
    @rule(data=DATA, name=words.names, renews=st.booleans())
    def patch_trigger(self, data: st.DataObject, name: str, renews: bool) -> None:
        picked = self.pick_of(data, "triggers", self.callers())
        if not picked:
            return
        caller, trigger = picked
        side, number = caller.side, self.number()
        text = f"{side.slug} {number}"
        secret = words.secret_of(trigger.kind, side.slug, number) if renews else trigger.secret
        config: dict[str, Any] = {"message": {**MESSAGE, "body": text}}
        if renews:
            config[trigger.key] = {"type": "Plain", "value": secret}
        refused = side.refusal({"name": name, "slug": trigger.slug}, "triggers", but=trigger.id)
        url, body = f"/triggers/{trigger.id}", {"name": name, "config": config}
        answer = self.send(caller, "patch", url, body, expect=refused or 200)
        if answer.status_code == 200:
            trigger.name, trigger.body, trigger.secret = name, text, secret
            trigger.version += 1
            self.told_of(side, trigger, answer, "updated")

    @with_triggers
    @rule(data=DATA, on=st.booleans())
    def switch_trigger(self, data: st.DataObject, on: bool) -> None:
        if picked := self.pick_of(data, "triggers", self.callers()):
            caller, trigger = picked
            url = f"/triggers/{trigger.id}/{'enable' if on else 'disable'}"
            answer = self.send(caller, "post", url, expect=200)
            if answer.status_code == 200:
                changed = trigger.enabled != on
                trigger.enabled, trigger.version = on, trigger.version + changed
                verb = ("enabled" if on else "disabled") if changed else ""
                self.told_of(caller.side, trigger, answer, verb)

    @with_triggers
    @rule(data=DATA)
    def delete_trigger(self, data: st.DataObject) -> None:
        if picked := self.pick_of(data, "triggers", self.callers()):
            caller, trigger = picked
            expect = 409 if caller.side.users_of(trigger) else 204
            answer = self.send(caller, "delete", f"/triggers/{trigger.id}", expect=expect)
            if answer.status_code == 204:
                del caller.side.triggers[trigger.id]
                caller.side.log.append(("trigger.deleted", trigger.id))


def described(document: dict[str, Any], side: Side) -> dict[str, Any]:
    """The document whole, as this tenant's."""
    return {**document, "description": f"of {side.slug}", "chain_configurations": []}
