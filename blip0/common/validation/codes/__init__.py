"""Every code that a finding may have, with its meaning, an example and the fix.

A new code gets a `describe(…)` in the module of its area; a test finds the codes that are used and
not described, and the other way round, and that every example has its finding.
"""

from blip0.common.validation.codes import (
    documents,
    lines,
    meaning,
    monitors,
    networks,
    projection,
    specs,
    triggers,
)
from blip0.common.validation.codes.registry import Code, code, describe, known_codes

__all__ = ["Code", "code", "describe", "known_codes"]
# Importing the modules is what registers their codes.
_AREAS = (documents, networks, triggers, monitors, meaning, specs, lines, projection)
