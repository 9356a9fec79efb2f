"""Django's settings, one topic a module; `environment` declares what they read.

No name is set in two of them, so their order says nothing.
"""

from blip0.settings.admin import *
from blip0.settings.api import *
from blip0.settings.core import *
from blip0.settings.logs import *
from blip0.settings.metrics import *
from blip0.settings.projection import *
from blip0.settings.security import *
from blip0.settings.storage import *
