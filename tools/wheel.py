"""Puts the built client into the wheel, so that who installs Korridor needs no Node.js."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ClientInside(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard":  # an editable install reads web/dist where it lies
            build_data["force_include"]["web/dist"] = "server/client"
