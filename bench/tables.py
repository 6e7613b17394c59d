"""The tables of `docs/performance.md` that stand between marks: written from what was measured, never by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.figures import Figures

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
WHERE = {
    "one_space": "one space",
    "twenty_spaces": "20 spaces, one writer each",
    "twenty_shared": "20 spaces, two writers each",
}
WAYS = ("skipping", "skipping_once", "never_empty", "waiting")
Row = Sequence[Any]


def write(figures: Figures, to: Path = PAGE) -> None:
    """Replaces what stands between the marks of every section that was measured."""
    page = to.read_text()
    for name, tables in SECTIONS.items():
        if name in figures:
            page = between(page, name, "\n\n".join(tables(figures[name])))
    to.write_text(page)


def between(page: str, name: str, text: str) -> str:
    """The page with this text between `<!-- name -->` and `<!-- end of name -->`."""
    before, _, rest = page.partition(f"<!-- {name} -->\n")
    _, mark, after = rest.partition(f"<!-- end of {name} -->")
    if not mark:
        raise LookupError(f"docs/performance.md has no marks for {name}")
    return f"{before}<!-- {name} -->\n{text}\n{mark}{after}"


def table(head: Row, rows: Iterable[Row]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:g}"


def spread(ends: Sequence[float]) -> str:
    return f"{number(ends[0])} – {number(ends[-1])}"


def spread_ms(ends: Sequence[float]) -> str:
    return f"{ends[0]:.1f} – {ends[-1]:.1f}"


# --- sections --------------------------------------------------------------------------------------------------------


def processes(found: Figures) -> list[str]:
    rows = [
        (
            name,
            number_of,
            f"{number(one['per_s'])} ({spread(one['per_s_spread'])})",
            f"{one['p50_ms']:.1f} / {one['p95_ms']:.1f} ms",
            f"{one['cpu_us_each'] / 1000:.2f} ms",
            f"{one['database_cpu_us_each'] / 1000:.2f} ms",
        )
        for where, name in WHERE.items()
        for number_of in ("one", "two")
        for one in [found[number_of][where]]
    ]
    across = [
        (name, f"{found['across'][at]['p50_ms']:.1f} ms", f"{found['across'][at]['p95_ms']:.1f} ms")
        for at, name in (("own", "at the same process"), ("other", "at the other one"))
    ]
    cost = ("processor time of a command", "of it in the database")
    return [
        table(("where", "processes", "commands/s (spread)", "p50 / p95", *cost), rows),
        table(("from the send to a reader", "p50", "p95"), across),
    ]


def locks(found: Figures) -> list[str]:
    def cell(one: Figures) -> str:
        return f"{number(one['per_s'])} ({spread(one['per_s_spread'])}), {one['cpu_us_each'] / 1000:.2f} ms"

    rows = [(way.replace("_", " "), *(cell(found[way][where]) for where in WHERE)) for way in WAYS]
    return [table(("", *WHERE.values()), rows)]


def relays(found: Figures) -> list[str]:
    carriers = ("pubsub", "streams")
    rows = [
        (
            carrier,
            number(rate),
            f"{one['p50_ms']:.2f} / {one['p95_ms']:.2f} ms ({spread_ms(one['p95_ms_spread'])})",
            f"{one['sender_us_each']} + {one['redis_us_each']} + {one['listener_us_each']} µs",
        )
        for carrier in carriers
        for rate in (100, 2_000)
        for one in [found[carrier][f"per_s_{rate}"]]
    ]
    cut = [(c, *(found[c]["reconnect"][name] for name in ("sent", "lost", "longest_silence_s"))) for c in carriers]
    cost = "processor time of a message: sender + Valkey + listener"
    return [
        table(("carrier", "messages/s", "p50 / p95 (spread of p95)", cost), rows),
        table(("connection cut, Valkey restarted and killed", "sent", "lost", "longest silence, s"), cut),
    ]


IDLE: tuple[tuple[str, Callable[[Figures], str], str], ...] = (
    ("memory of an idle socket with a seat", lambda one: f"{one['kib_per_socket']} KiB", "32 KiB"),
    ("memory of a watched space of 100 tasks", lambda one: f"{one['kib_per_space']} KiB", ""),
    ("the whole process", lambda one: f"{one['server_mib']} MiB", ""),
    ("processor, all idle", lambda one: f"{one['idle_cpu_share'] * 100:.1f} % of a core", "15 %"),
    ("active people, and their commands a second", lambda one: f"{one['active']}, {one['commands_per_s']:.0f}", ""),
    ("processor then", lambda one: f"{one['busy_cpu_share'] * 100:.1f} % of a core", ""),
    ("acknowledgements, p50 / p95", lambda one: f"{one['p50_ms']:.1f} / {one['p95_ms']:.1f} ms", "p95 150 ms"),
    ("processor time of a handshake", lambda one: f"{one['handshake_cpu_us'] / 1000:.2f} ms", ""),
    ("processor time of taking a seat", lambda one: f"{one['watch_cpu_us'] / 1000:.2f} ms", ""),
    ("sockets that come back a second", lambda one: number(one["seats_per_s"]), ""),
)


def idle(found: Figures) -> list[str]:
    one, other = found["sqlite"], found["postgres"]
    head = f"{number(one['sockets'])} sockets on {number(one['spaces'])} spaces, one process"
    rows = [(what, said(one), said(other), target) for what, said, target in IDLE]
    return [table((head, "SQLite", "PostgreSQL and Valkey", "target"), rows)]


SCALE: tuple[tuple[str, Callable[[Figures], str]], ...] = (
    ("cold snapshot, ms", lambda one: f"{one['snapshot_cold_ms']:.1f}"),
    ("command p50, ms", lambda one: f"{one['command_p50_ms']:.2f}"),
    ("processor time of a command, µs", lambda one: str(one["command_cpu_us"])),
    ("catching up on 1, ms", lambda one: f"{one['catch_up_p50_ms']:.2f}"),
    ("start, s", lambda one: f"{one['start_s']:.1f}"),
    ("database, MiB", lambda one: number(one["database_mib"])),
    ("process, MiB", lambda one: str(one["server_mib"])),
)
GROWS = {"spaces": "spaces of 100 tasks", "tasks": "tasks on the board", "journal": "entries in the journal"}


def scale(found: Figures) -> list[str]:
    """PostgreSQL before the slash, SQLite behind it."""

    def rows(grows: str) -> Iterable[Row]:
        for size in found["postgres"][grows]:
            one, other = found["postgres"][grows][size], found["sqlite"][grows][size]
            yield number(int(size)), *(f"{said(one)} / {said(other)}" for _, said in SCALE)

    return [table((name, *(what for what, _ in SCALE)), rows(grows)) for grows, name in GROWS.items()]


JOINING = {
    "missed_1": "1",
    "missed_500": "500, from the journal",
    "missed_500_in_memory": "500, still in memory",
    "missed_50000": "50,000",
}


def joining(found: Figures) -> list[str]:
    rows = [
        (name, found[key]["answer"], number(found[key]["bytes"]), f"{found[key]['ms']:.1f} ms")
        for key, name in JOINING.items()
        if key in found
    ]
    return [table(("entries missed", "answer", "bytes", "until it is there"), rows)]


def slow(found: Figures) -> list[str]:
    row = (
        f"{found['p95_ms']:.1f} ms ({spread_ms(found['p95_ms_spread'])})",
        f"{found['with_slow_reader_p95_ms']:.1f} ms ({spread_ms(found['with_slow_reader_p95_ms_spread'])})",
        found["ratio"],
        f"{found['server_grew_mib']} MiB",
        f"{number(found['kept_for_it_kib'])} KiB",
    )
    kept = "kept for the slow one, kernel included"
    return [
        table(("p95 without", "p95 beside a slow reader", "ratio (target 1.2)", "the process grew by", kept), [row])
    ]


def swallowed(found: Figures) -> list[str]:
    rows = [
        (
            way.replace("_", " "),
            f"{one['same_space_s']} s (at most {one['same_space_s_worst']} s)",
            f"{one['other_space_s']} s (at most {one['other_space_s_worst']} s)",
            one["refused"],
            one["rounds"],
        )
        for way, one in found.items()
    ]
    head = ("rows are shared by", "nobody writes in the same space for", "nor in other spaces for")
    return [table((*head, "refused meanwhile", "rounds"), rows)]


SECTIONS: dict[str, Callable[[Figures], list[str]]] = {
    "processes": processes,
    "locks": locks,
    "relays": relays,
    "idle": idle,
    "scale": scale,
    "joining": joining,
    "slow": slow,
    "swallowed": swallowed,
}
