"""The imports go one way. The contracts stand in pyproject.toml; `make check` names the offending line of each."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
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


def test_what_decides_waits_for_nothing() -> None:
    """A module that registers handlers reaches no SQL, no Redis and no web framework, on no detour."""
    graph = grimp.build_graph("server", "shared_schema", include_external_packages=True, cache_dir=None)
    impure = {"sqlalchemy", "litestar", "uvicorn", "redis"} & graph.modules
    deciding = {name for name, path in modules_of("server") if "server.core.commands.handles" in imported_by(path)}
    assert deciding
    assert {
        (name, chain)
        for name in deciding
        for library in impure
        if (chain := graph.find_shortest_chain(name, library, as_packages=False))
    } == set()


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
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def modules_of(package: str) -> list[tuple[str, Path]]:
    paths = (ROOT / package).rglob("*.py")
    return [(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path) for path in paths]
