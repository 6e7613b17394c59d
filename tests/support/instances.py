"""A whole Korridor in the test's own loop: real uvicorn on a free port, real database, real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import httpx
from msgspec import Struct

from server.app import Korridor, running
from server.listening import listen
from server.migrations import migrate
from server.serving import Server
from server.settings import Settings
from shared_schema.base import Id
from tests.support.areas import SmallArea, found_small_area


class Instance(Struct):
    """A running instance, and browsers for it."""

    korridor: Korridor
    settings: Settings
    server: Server

    @property
    def url(self) -> str:
        return self.settings.origins[0]

    def browser(self) -> httpx.AsyncClient:
        """A client that says where its requests come from, as every browser does. Nobody is signed in."""
        return httpx.AsyncClient(base_url=self.url, headers={"Origin": self.url})

    @asynccontextmanager
    async def signed_in(self, person: Id) -> AsyncIterator[httpx.AsyncClient]:
        """A browser in which this person is signed in."""
        async with self.browser() as browser:
            answer = await browser.post("/api/demo/sign-in", json={"person": person})
            assert answer.status_code == 200, answer.text
            yield browser

    async def small_area(self) -> SmallArea:
        return await found_small_area(self.korridor.kernel)


@asynccontextmanager
async def running_instance(
    database_url: str,
    *,
    demo: bool = True,
    public_url: str = "",
    session_days: int = 30,
    trusted_proxies: tuple[str, ...] = (),
    metrics: tuple[str, int] | None = None,
    mail_url: str = "",
    client: Path | None = None,
) -> AsyncIterator[Instance]:
    """An instance over this database. It ends as one that gets SIGTERM does."""
    await migrate(database_url)
    with closing(listen("127.0.0.1", 0)) as port:
        settings = Settings(
            database_url=database_url,
            port=port.getsockname()[1],
            public_url=public_url,
            demo=demo,
            session_days=session_days,
            trusted_proxies=trusted_proxies,
            metrics=metrics,
            mail_url=mail_url,
            mail_from="Korridor <korridor@selmachtal.example>" if mail_url else "",
        )
        async with running(settings, client) as korridor:
            server = Server(settings, korridor)
            serving = asyncio.create_task(server.serve(sockets=[port]))
            await server.listens.wait()
            try:
                yield Instance(korridor, settings, server)
            finally:
                server.should_exit = True
                await serving
