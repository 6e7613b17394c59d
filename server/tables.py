"""Every table there is: importing this module fills `metadata` with those of all slices."""

from __future__ import annotations

import server.people.session_tables
import server.people.tables  # noqa: F401
from server.core.tables import metadata

__all__ = ["metadata"]
