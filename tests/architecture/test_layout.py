"""The imports go one way. The contracts stand in pyproject.toml; `make check` names the offending line of each."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def test_every_import_contract_is_kept() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_package_of_the_server_has_its_place_in_the_order() -> None:
    order = next(contract for contract in CONTRACTS if contract["id"] == "order")["layers"]
    placed = {layer.strip("()").removeprefix("server.") for layer in order}
    packages = {folder.parent.name for folder in (ROOT / "server").glob("*/__init__.py")}
    assert packages - {"migrations"} <= placed


@pytest.mark.parametrize("module", sorted((ROOT / "shared_schema").rglob("*.py")), ids=lambda path: path.stem)
def test_the_vocabulary_needs_only_msgspec_and_the_standard_library(module: Path) -> None:
    allowed = {*sys.stdlib_module_names, "msgspec", "shared_schema"}
    assert {name.split(".")[0] for name in imported_by(module)} <= allowed


def imported_by(module: Path) -> set[str]:
    """The full names of what a module imports from elsewhere; relative imports stay within its package."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
    return names
