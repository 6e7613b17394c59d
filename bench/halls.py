"""Servers with people in them: signed in, seated, ready for a load."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.data import WRITERS, Board
from bench.driver import Browser, Seats, Wire
from bench.loads import Hall, Writing, padded, work
from bench.machine import SERVER_CORE, Child
from shared_schema.base import Id


@contextmanager
def product(
    database_url: str, folder: Path, people: Sequence[Id], *options: str, core: int | None = SERVER_CORE
) -> Iterator[tuple[Child, list[Browser]]]:
    """The product over a database, and a browser for each of these people, who are signed in."""
    place = () if core is None else ("--core", str(core))
    served = Child("bench.served", database_url, *options, *place, log=folder / "product.log")
    with served as child, ExitStack() as stack:
        port = child.port()
        browsers: list[Browser] = []
        for person in people:
            browsers.append(Browser(port, person))
            stack.callback(browsers[-1].close)
        yield child, browsers


@contextmanager
def bare(folder: Path) -> Iterator[tuple[Child, int]]:
    """The bare `websockets` server, and its port."""
    with Child("bench.bare", log=folder / "bare.log") as child:
        yield child, child.port()


@contextmanager
def product_hall(child: Child, browsers: Sequence[Browser], board: Board, readers: int) -> Iterator[Hall]:
    """The product with so many seats in one space, and one more socket for the writer."""
    wires = [browsers[number % len(browsers)].socket(board.space) for number in range(readers)]
    writer = browsers[0].socket()
    with Seats([*wires, writer]) as seats:
        yield Hall(seats, writer, work(board, board.tasks[:40]), readers, child.cpu)


@contextmanager
def bare_hall(child: Child, port: int, readers: int, size: int) -> Iterator[Hall]:
    """The bare server with so many readers, and messages of so many bytes."""
    wires = [Wire(port, "/") for _ in range(readers)]
    writer = Wire(port, "/control")
    with Seats([*wires, writer]) as seats:
        yield Hall(seats, writer, padded(size), readers, child.cpu)


@contextmanager
def writers_in(browsers: Sequence[Browser], boards: Sequence[Board]) -> Iterator[tuple[Seats, list[Writing]]]:
    """Everybody in a seat of their board, with tasks that nobody else works on."""
    writers = []
    for number, (browser, board) in enumerate(zip(browsers, boards, strict=True)):
        first = (number + number // WRITERS) * 10 % len(board.tasks)
        own = board.tasks[first : first + 10]
        writers.append(Writing(browser.socket(board.space), work(board, own)))
    with Seats([one.wire for one in writers]) as seats:
        yield seats, writers
