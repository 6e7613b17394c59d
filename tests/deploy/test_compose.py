"""What is beside the code to run it: read as a container engine or systemd would, without either."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.cli import main
from server.serving import KEEP_ALIVE
from server.settings import SETTINGS, likely_mistakes, read_settings
from server.workers import ENDS_WITHIN

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "compose.yaml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]
NETWORKS: dict[str, dict[str, Any] | None] = yaml.safe_load(COMPOSE)["networks"]
PROCESSES = {name: service for name, service in SERVICES.items() if name.startswith("korridor-")}
EXAMPLE = (ROOT / ".env.example").read_text()
CONTAINERFILE = (ROOT / "Containerfile").read_text()
BASE = re.findall(r"^FROM (\S+) AS build$", CONTAINERFILE, re.MULTILINE)[0]
CADDYFILE = (ROOT / "deploy" / "Caddyfile").read_text()
UNITS = sorted((ROOT / "deploy").glob("*.service"))

VARIABLE = re.compile(r"\$\{(\w+)(?:(:[-?])([^}]*))?\}")
DEFAULTS = {name: default for name, mark, default in VARIABLE.findall(COMPOSE) if mark == ":-"}
REQUIRED = {name for name, mark, _ in VARIABLE.findall(COMPOSE) if mark == ":?"}


def interpolated(text: str) -> str:
    """A value as an engine hands it on, with nothing but the required variables set."""
    return VARIABLE.sub(lambda found: DEFAULTS.get(found[1], "given"), text)


# --- the variables ---------------------------------------------------------------------------------------------------


def test_every_variable_has_one_default_or_is_required() -> None:
    asked = {name for name, *_ in VARIABLE.findall(COMPOSE)}
    assert asked == DEFAULTS.keys() | REQUIRED
    for name, mark, default in VARIABLE.findall(COMPOSE):
        assert mark != ":-" or default == DEFAULTS[name], name


def test_the_example_names_every_variable_and_no_other() -> None:
    named = re.findall(r"^#?([A-Z_]+)=", EXAMPLE, re.MULTILINE)
    assert sorted(named) == sorted(DEFAULTS.keys() | REQUIRED)
    assert set(re.findall(r"^([A-Z_]+)=$", EXAMPLE, re.MULTILINE)) == REQUIRED


@pytest.mark.parametrize("ignored", [".gitignore", ".dockerignore"])
def test_what_is_filled_in_reaches_neither_the_repository_nor_the_image(ignored: str) -> None:
    assert {".env", "/.env"} & set((ROOT / ignored).read_text().splitlines())


def test_a_setting_that_can_be_passed_on_has_the_default_of_the_code() -> None:
    defaults = {setting.variable: setting.default for setting in SETTINGS}
    passed = {name: default for name, default in DEFAULTS.items() if name.startswith("KORRIDOR_")}
    assert passed == {name: defaults.get(name) for name in passed}


@pytest.mark.parametrize("name", PROCESSES)
def test_korridor_takes_the_settings_it_is_given(name: str) -> None:
    given = {variable: interpolated(str(value)) for variable, value in PROCESSES[name]["environment"].items()}
    assert given.keys() <= {setting.variable for setting in SETTINGS}
    assert likely_mistakes(given) == []
    assert read_settings(given | {"KORRIDOR_HOST": "0.0.0.0"}).secure  # noqa: S104


# --- the services ----------------------------------------------------------------------------------------------------


def test_two_processes_of_korridor_are_alike() -> None:
    one, other = PROCESSES.values()
    assert one == other


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_comes_back_and_can_do_no_more_than_it_must(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}, "a log that grows fills the disk"
    assert "healthcheck" in service or ("build" in service and "\nHEALTHCHECK " in CONTAINERFILE)
    assert "build" in service or re.search(r":\d+(-\w+)?$", service["image"]), "the major version is pinned"


def test_none_but_caddy_can_be_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["caddy"]
    inside = {name for name, network in NETWORKS.items() if (network or {}).get("internal")}
    for name, service in SERVICES.items():
        way_out = {"mail"} if name in PROCESSES else set()  # letters have to leave
        assert name == "caddy" or set(service["networks"]) <= inside | way_out, name
    assert not set(SERVICES["caddy"]["networks"]) & set(SERVICES["database"]["networks"])


def test_the_network_whose_word_on_addresses_counts_is_the_one_of_the_proxy() -> None:
    network = NETWORKS["proxy"]
    assert network is not None
    for process in PROCESSES.values():
        assert process["environment"]["KORRIDOR_TRUSTED_PROXIES"] == network["ipam"]["config"][0]["subnet"]


def test_korridor_has_the_time_it_needs_to_end() -> None:
    given = [process["stop_grace_period"].removesuffix("s") for process in PROCESSES.values()]
    given += re.findall(r"^TimeoutStopSec=(\d+)$", (ROOT / "deploy" / "korridor.service").read_text(), re.MULTILINE)
    assert len(given) == 3
    assert all(int(seconds) > ENDS_WITHIN for seconds in given)


# --- the proxy -------------------------------------------------------------------------------------------------------


def test_caddy_shares_requests_among_the_processes() -> None:
    (port,) = re.findall(r"^EXPOSE (\d+)$", CONTAINERFILE, re.MULTILINE)
    (upstreams,) = re.findall(r"reverse_proxy (.*) \{", CADDYFILE)
    assert upstreams.split() == [f"{name}:{port}" for name in PROCESSES]


def test_caddy_asks_what_the_image_asks() -> None:
    (path,) = re.findall(r"health_uri (\S+)", CADDYFILE)
    assert f"+ '{path}'" in CONTAINERFILE


def test_caddy_uses_no_connection_that_korridor_may_just_have_closed() -> None:
    (seconds,) = re.findall(r"keepalive (\d+)s", CADDYFILE)
    assert int(seconds) < KEEP_ALIVE


# --- the program -----------------------------------------------------------------------------------------------------


def test_make_install_puts_the_program_where_image_and_units_look_for_it() -> None:
    (folder,) = re.findall(r"^PREFIX := (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert f"\nRUN make install\n\nFROM {BASE}\n" in CONTAINERFILE
    assert f"COPY --from=build {folder} {folder}\n" in CONTAINERFILE
    assert all(f"{folder}/bin/korridor" in unit.read_text() for unit in UNITS)


# --- without containers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_a_unit_runs_a_command_of_ours_with_settings_of_ours_and_without_privileges(unit: Path) -> None:
    text = unit.read_text()
    assert set(re.findall(r"^Environment=(\w+)=", text, re.MULTILINE)) <= {setting.variable for setting in SETTINGS}
    (command,) = re.findall(r"^ExecStart=.*/opt/korridor/bin/korridor (\w+)", text, re.MULTILINE)
    assert command in main.commands
    assert {"User=korridor", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet="} <= set(
        text.splitlines()
    )
