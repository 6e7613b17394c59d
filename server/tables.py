"""Every table there is: importing this module fills `metadata` with those of the core and of all slices."""

from __future__ import annotations

import server.board
import server.mail.tables
import server.people
import server.people.account_tables
import server.people.session_tables  # noqa: F401
from server.core.tables import metadata

__all__ = ["metadata"]
