"""What the environment says: read once at the start, checked, frozen.

Every setting is a `Setting` below; `docs/operating.md` has a line for each of them, held by a test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from server.mail.addresses import read_sender, read_url

PREFIX: Final = "KORRIDOR_"


class SettingsError(Exception):
    """The environment asks for something that cannot be; the message is a sentence for the person who set it."""


# --- reading one value -----------------------------------------------------------------------------------------------


def _database_url(text: str) -> str:
    try:
        url = make_url(text)
    except ArgumentError:
        raise ValueError("is not the address of a database, such as sqlite:///var/korridor.db") from None
    backend = "postgresql" if url.drivername == "postgres" else url.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise ValueError("must begin with sqlite:/// or postgresql://")
    if backend == "sqlite" and url.database in (None, "", ":memory:"):
        raise ValueError("must name a file; a database in memory would lose everything")
    return url.set(drivername=backend).render_as_string(hide_password=False)


def _redis_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("redis", "rediss", "unix") or not (parts.hostname or parts.path):
        raise ValueError("is not the address of a Redis or Valkey, such as redis://127.0.0.1:6379")
    return text


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise ValueError("must be a number from 0 to 65535")
    return int(text)


def _flag(text: str) -> bool:
    match text.lower():
        case "1" | "true" | "yes" | "on":
            return True
        case "0" | "false" | "no" | "off":
            return False
    raise ValueError("must be 1 or 0")


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 365:
        raise ValueError("must be a number of days from 1 to 365")
    return int(text)


def _networks(text: str) -> tuple[str, ...]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    try:
        return tuple(str(ip_network(part) if "/" in part else ip_address(part)) for part in parts)
    except ValueError:
        raise ValueError("must be addresses or networks, such as 10.0.0.5,172.16.0.0/12") from None


def _mail_url(text: str) -> str:
    read_url(text)
    return text


def _mail_sender(text: str) -> str:
    read_sender(text)
    return text


def _endpoint(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    try:
        return str(ip_address(host.strip("[]"))), _port(port)
    except ValueError:
        raise ValueError("must be an address and a port, such as 127.0.0.1:9100") from None


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError("must be a number")
    return int(text)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 64:
        raise ValueError("must be a number from 1 to 64")
    return int(text)


def _level(text: str) -> str:
    if text.lower() not in ("debug", "info", "warning", "error"):
        raise ValueError("must be debug, info, warning or error")
    return text.lower()


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    plain = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not parts.hostname or parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("must be an address without a path, such as https://korridor.example")
    if parts.scheme != "https" and not plain:
        raise ValueError("must begin with https://, because plain http is for this machine alone")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


# --- the settings ----------------------------------------------------------------------------------------------------


class Setting(Struct, frozen=True):
    """One variable of the environment: where it goes, how it is read, what holds without it."""

    variable: str
    field: str
    read: Callable[[str], Any]
    default: str


SETTINGS: Final = (
    Setting("KORRIDOR_DATABASE_URL", "database_url", _database_url, "sqlite:///var/korridor.db"),
    Setting("KORRIDOR_REDIS_URL", "redis_url", _redis_url, ""),
    Setting("KORRIDOR_HOST", "host", str, "127.0.0.1"),
    Setting("PORT", "port", _port, "8000"),
    Setting("KORRIDOR_PUBLIC_URL", "public_url", _public_url, ""),
    Setting("KORRIDOR_MAIL_URL", "mail_url", _mail_url, ""),
    Setting("KORRIDOR_MAIL_FROM", "mail_from", _mail_sender, ""),
    Setting("KORRIDOR_DEMO", "demo", _flag, "0"),
    Setting("KORRIDOR_DEMO_LIVE", "demo_live", _flag, "0"),
    Setting("KORRIDOR_SESSION_DAYS", "session_days", _days, "30"),
    Setting("KORRIDOR_TRUSTED_PROXIES", "trusted_proxies", _networks, ""),
    Setting("KORRIDOR_BUDGETS", "budgets", _flag, "1"),
    Setting("KORRIDOR_METRICS", "metrics", _endpoint, ""),
    Setting("KORRIDOR_WORKERS", "workers", _count, "1"),
    Setting("KORRIDOR_WORKER", "worker", _number, "0"),
    Setting("KORRIDOR_KEEP_GUESTS", "keep_guests", _days, "30"),
    Setting("KORRIDOR_KEEP_ACCOUNTS", "keep_accounts", _days, "365"),
    Setting("KORRIDOR_ERASURES", "erasures", Path, ""),
    Setting("KORRIDOR_LOG_LEVEL", "log_level", _level, "info"),
)


class Settings(Struct, frozen=True, kw_only=True):
    """The settings of one running Korridor."""

    database_url: str
    redis_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = ""
    mail_url: str = ""
    mail_from: str = ""
    demo: bool = False
    demo_live: bool = False
    session_days: int = 30
    trusted_proxies: tuple[str, ...] = ()
    budgets: bool = True
    metrics: tuple[str, int] | None = None
    workers: int = 1
    worker: int = 0
    keep_guests: int = 30
    keep_accounts: int = 365
    erasures: Path | None = None
    log_level: str = "info"

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins under which browsers may use this instance; the first is the one to print."""
        public = self.public_url or f"http://127.0.0.1:{self.port}"
        parts = urlsplit(public)
        if not is_loopback(parts.hostname or ""):
            return (public,)
        # This machine goes by several names, and people type any of them.
        port = f":{parts.port}" if parts.port else ""
        names = (f"{parts.scheme}://{host}{port}" for host in ("127.0.0.1", "localhost", "[::1]"))
        return (public, *(name for name in names if name != public))

    @property
    def secure(self) -> bool:
        """Whether browsers come by https. Plain http is for loopback alone."""
        return self.origins[0].startswith("https://")

    @property
    def sqlite_file(self) -> Path | None:
        """The file of the database, if it is one."""
        url = make_url(self.database_url)
        return Path(url.database or "") if url.get_backend_name() == "sqlite" else None

    @property
    def erasure_list(self) -> Path | None:
        """The file that says who was erased; beside the database if that is a file and nothing else is said."""
        if self.erasures is not None or self.sqlite_file is None:
            return self.erasures
        return self.sqlite_file.with_name(self.sqlite_file.name + ".erasures")


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings that stand in the environment; raises `SettingsError` with a sentence about the first wrong one."""
    texts = {setting: environment.get(setting.variable, "").strip() or setting.default for setting in SETTINGS}
    settings = Settings(**{setting.field: _read(setting, text) for setting, text in texts.items() if text})
    if not settings.public_url and not is_loopback(settings.host):
        raise SettingsError(
            f"KORRIDOR_HOST is {settings.host}, so others can reach this server: "
            "KORRIDOR_PUBLIC_URL must say under which https:// address."
        )
    if bool(settings.mail_url) != bool(settings.mail_from):
        raise SettingsError("KORRIDOR_MAIL_URL and KORRIDOR_MAIL_FROM need each other.")
    if settings.workers > 1 and settings.sqlite_file is not None:
        raise SettingsError("Several workers need PostgreSQL: an SQLite file is written by one process.")
    if settings.demo_live and not settings.demo:
        raise SettingsError("KORRIDOR_DEMO_LIVE needs a demo: set KORRIDOR_DEMO=1 too, or start with --demo.")
    return settings


def _read(setting: Setting, text: str) -> Any:
    try:
        return setting.read(text)
    except ValueError as error:
        raise SettingsError(f"{setting.variable} {error}.") from None


def likely_mistakes(environment: Mapping[str, str]) -> list[str]:
    """A sentence for each variable that looks like a misspelt setting of ours."""
    known = [setting.variable for setting in SETTINGS]
    strangers = sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
    close = {name: get_close_matches(name, known, n=1, cutoff=0.85) for name in strangers}
    return [f"{name} is not a setting. Did you mean {match[0]}?" for name, match in close.items() if match]
