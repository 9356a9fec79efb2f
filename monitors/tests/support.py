"""What the tests of several modules share: who acts, and short ways to write and look."""

import orjson
from django.db import connection

from blip0.common.actors import Actor
from monitors.models import Monitor
from monitors.selectors import monitor_representation
from monitors.services import monitor_update
from monitors.store import contents_of

ANA = Actor(kind="user", id="1", name="Ana")
TABLES = ("monitornetwork", "monitortrigger", "monitoraddress", "matchcondition", "scriptcondition")


def update(monitor, data, **options):
    return as_stored(monitor_update(monitor=monitor, data=data, actor=ANA, **options))


def as_stored(monitor):
    """What a write says that it has stored is what there is."""
    said, stored = monitor.content, contents_of([monitor.pk])[monitor.pk]
    # As JSON: read from there, a tuple is a list.
    assert orjson.dumps(said.children) == orjson.dumps(stored.children)
    assert said.specs == stored.specs
    return monitor


def reread(monitor):
    return monitor_representation(Monitor.objects.get(pk=monitor.pk))


def row_states():
    """Each row's physical version: a write of any kind changes it."""
    with connection.cursor() as cursor:
        states = {}
        for table in ("monitor", "contractspec", *TABLES):
            cursor.execute(f"SELECT ctid::text, xmin::text, t.* FROM monitors_{table} t ORDER BY 3")
            states[table] = cursor.fetchall()
    return states


def written_tables(before, after):
    return {table for table in before if before[table] != after[table]}
