"""The routes that answer somebody who is not signed in."""

from __future__ import annotations

from typing import Final

OPEN: Final = {
    *("/", "/{path:path}", "/health", "/health/live", "/health/ready"),
    *("/api/demo/people", "/api/demo/sign-in"),
    *("/api/sign-in", "/api/sign-in/ask", "/api/sign-in/look", "/api/sign-in/password", "/api/sign-in/second"),
    *("/api/sign-in/passkey", "/api/sign-in/passkey/new"),
    *("/api/join", "/api/join/look"),
    *("/api/setup", "/api/setup/look", "/api/setup/try-mail"),
}
"""Of a new one, say here that it is open on purpose."""
