"""What the tests of several modules share: who acts, and short ways to write and look."""

from django.db import connection

from blip0.common.actors import Actor
from monitors.models import Monitor
from monitors.selectors import monitor_representation
from monitors.services import monitor_update

ANA = Actor(kind="user", id="1", name="Ana")
TABLES = ("monitornetwork", "monitortrigger", "monitoraddress", "matchcondition", "scriptcondition")


def update(monitor, data, **options):
    return monitor_update(monitor=monitor, data=data, actor=ANA, **options)


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
