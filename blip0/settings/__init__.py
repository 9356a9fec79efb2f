"""Django's settings, one topic a module; `environment` declares what they read.

Order matters only in that `core` comes first: the others add to it and never override it.
"""

from blip0.settings.core import *
from blip0.settings.storage import *
from blip0.settings.security import *
from blip0.settings.api import *
from blip0.settings.admin import *
from blip0.settings.projection import *
from blip0.settings.logs import *
