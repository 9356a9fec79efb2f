"""Django, set up once in the fork server: a process that is killed is replaced in milliseconds.

The fork server imports this before it forks. It opens no connection.
"""

from __future__ import annotations

import django
from django.apps import apps

if not apps.ready:
    django.setup()
