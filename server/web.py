"""The outside of the server: the gate that every request passes, the headers every answer carries, and the client."""

from __future__ import annotations

import logging
import mimetypes
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from litestar import HttpMethod, MediaType, Request, Response, route
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from msgspec import Struct

from server.health import PATHS
from server.settings import Settings
from shared_schema.frames import Problem

log = logging.getLogger("korridor.http")

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
STRICT_TRANSPORT: Final = "max-age=31536000"

# --- the gate --------------------------------------------------------------------------------------------------------


class Gate:
    """Lets in what is meant for this instance and comes from its own pages; puts our headers on every answer.

    The host is checked because a foreign name may point at this machine (DNS rebinding). `/health` and what lies below
    it answer under any name: those who ask there know the machine by its address only, and it says nothing private.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._origins = frozenset(settings.origins)
        self._hosts = frozenset(urlsplit(origin).netloc for origin in settings.origins)
        self._headers = HEADERS | ({"Strict-Transport-Security": STRICT_TRANSPORT} if settings.secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)  # a page may be stricter than the client's
                headers.setdefault("Cache-Control", "no-store")  # what is worth keeping says so itself
            await send(message)

        if problem := self._problem(scope):
            # Most often a proxy that does not pass the host on: the operator has to see what arrived.
            log.warning("turned_away", extra={"status": problem.status, **_whence(scope)})
            await _send_problem(problem, send_with_headers)
        else:
            await self._app(scope, receive, send_with_headers)

    def _problem(self, scope: Any) -> Problem | None:
        headers = _headers(scope)
        if scope["path"] not in PATHS and headers.get("host", "").lower() not in self._hosts:
            return Problem(status=421)
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            return Problem(status=400)  # no id and no text of ours holds one, and PostgreSQL cannot
        if scope["method"] not in SAFE_METHODS and not self._from_our_pages(headers):
            return Problem(status=403)
        return None

    def _from_our_pages(self, headers: Mapping[str, str]) -> bool:
        """Browsers say where a request that changes something comes from; one that says nothing is not let in."""
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site == "same-origin"
        return headers.get("origin", "").lower() in self._origins


def _headers(scope: Any) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _whence(scope: Any) -> dict[str, str]:
    """What a request says about where it goes and comes from; strangers wrote it, so it is kept short."""
    headers = _headers(scope)
    return {name: headers.get(name, "")[:100] for name in ("host", "origin", "sec-fetch-site")}


async def _send_problem(problem: Problem, send: Send) -> None:
    body = msgspec.json.encode(problem)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


# --- the client ------------------------------------------------------------------------------------------------------

FOLDERS: Final = (
    # In an installed package; in a checkout.
    Path(__file__).parent / "client",
    Path(__file__).parent.parent / "web" / "dist",
)
HASHED: Final = "assets"
"""The folder of files that carry a hash of their content in their name."""
FOR_EVER: Final = "public, max-age=31536000, immutable"
ASK_AGAIN: Final = "no-cache"
ENCODINGS: Final = {"br": ".br", "gzip": ".gz"}
"""Made by the client's build, best first."""

NOT_BUILT: Final = """<!doctype html><html lang="de"><meta charset="utf-8"><title>Korridor</title>
<h1>Die Oberfläche fehlt</h1>
<p>Der Server läuft, aber die Oberfläche wurde noch nicht gebaut. Der Befehl dafür: <code>make run</code></p>
<p lang="en">The server runs, but the client was not built yet. The command for it: <code>make run</code></p>
"""


class File(Struct, frozen=True):
    """A file of the client in memory, with its compressed forms."""

    plain: bytes
    encoded: dict[str, bytes]
    media_type: str
    etag: str
    cache: str


def built_client() -> Path | None:
    """The folder of the built client, or None if there is none."""
    return next((folder for folder in FOLDERS if (folder / "index.html").is_file()), None)


def read_client(folder: Path | None) -> dict[str, File]:
    """Every file of the built client by its path, such as `/assets/index-Df3k.js`: about a megabyte, read once."""
    if folder is None:
        return {}
    paths = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file()]
    return {f"/{path.as_posix()}": _read(path, folder) for path in paths if _is_served(path)}


def _is_served(path: Path) -> bool:
    """Not the compressed forms, which go with their file, and not what the build notes for itself (`.vite`)."""
    return path.suffix not in ENCODINGS.values() and not any(part.startswith(".") for part in path.parts)


def _read(path: Path, folder: Path) -> File:
    plain = (folder / path).read_bytes()
    beside = {name: folder / path.with_name(path.name + ending) for name, ending in ENCODINGS.items()}
    return File(
        plain=plain,
        encoded={name: other.read_bytes() for name, other in beside.items() if other.is_file()},
        media_type=_media_type(path.name),
        etag=f'"{sha256(plain).hexdigest()[:24]}"',
        cache=FOR_EVER if path.parts[0] == HASHED else ASK_AGAIN,
    )


def _media_type(name: str) -> str:
    # The machine's own table may lack these two, or call scripts something that browsers refuse.
    known = {".js": "text/javascript", ".webmanifest": "application/manifest+json", ".woff2": "font/woff2"}
    return known.get(PurePosixPath(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def client_routes(files: dict[str, File]) -> list[HTTPRouteHandler]:
    """The routes that serve the client: its files by name, and its page at every other path."""

    # HEAD too: monitors and link checkers ask that way.
    @route(
        ["/", "/{path:path}"],
        http_method=[HttpMethod.GET, HttpMethod.HEAD],
        opt={"exclude_from_auth": True},
        sync_to_thread=False,
    )
    def client(request: Request[Any, Any, Any], path: FromPath[str] = "/") -> Response[bytes]:
        if file := files.get(path):
            return _send(file, request.headers)
        if PurePosixPath(path).suffix or path.split("/")[1] in ("api", "assets", "ws"):
            raise NotFoundException
        if page := files.get("/index.html"):
            return _send(page, request.headers)
        return Response(NOT_BUILT.encode(), status_code=503, media_type=MediaType.HTML)

    return [client]


def _send(file: File, asked: Mapping[str, str]) -> Response[bytes]:
    headers = {"ETag": file.etag, "Cache-Control": file.cache, "Vary": "Accept-Encoding"}
    if file.etag in asked.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    accepted = {part.partition(";")[0].strip() for part in asked.get("accept-encoding", "").split(",")}
    for name, content in file.encoded.items():
        if name in accepted:
            return Response(content, media_type=file.media_type, headers=headers | {"Content-Encoding": name})
    return Response(file.plain, media_type=file.media_type, headers=headers)
