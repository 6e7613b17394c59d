"""The commands an operator has. Settings come from the environment; a wrong one is answered with a sentence."""

from __future__ import annotations

import socket
from contextlib import closing

import click
import uvloop
from msgspec.structs import replace

from server import __version__, cli_data
from server.lock import only_writer
from server.migrations import migrate as bring_up_to_date
from server.terminal import existing_database, fail, plain_errors, settings_from_environment


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="korridor")
def main() -> None:
    """Korridor, a live shared workspace. Settings come from the environment, see docs/operating.md."""


@main.command()
@click.option("--demo", is_flag=True, help="With the demo area, and signing in by choosing a person (KORRIDOR_DEMO=1).")
@click.option("--workers", type=click.IntRange(1), help="How many processes serve (KORRIDOR_WORKERS).")
def serve(*, demo: bool, workers: int | None) -> None:
    """Brings the database up to date and serves until it is told to stop."""
    from server import serving, workers as processes  # noqa: I001  the whole server: other commands start faster without it

    over = {"KORRIDOR_DEMO": "1"} if demo else {}
    settings = settings_from_environment(over | ({} if workers is None else {"KORRIDOR_WORKERS": str(workers)}))
    with plain_errors(settings), only_writer(settings.sqlite_file):
        uvloop.run(serving.serve(settings) if settings.workers == 1 else processes.supervise(settings))


@main.command(hidden=True)
@click.argument("port", type=int)
@click.argument("line", type=int)
def worker(port: int, line: int) -> None:
    """One of the processes behind a port; begun by `serve --workers`, with the numbers of two open files."""
    from server import serving

    with closing(socket.socket(fileno=port)) as listening, closing(socket.socket(fileno=line)) as supervisor:
        uvloop.run(serving.work(settings_from_environment(), listening, supervisor))


@main.command()
def migrate() -> None:
    """Brings the database up to date."""
    settings = settings_from_environment()
    with plain_errors(settings), only_writer(settings.sqlite_file):
        uvloop.run(bring_up_to_date(settings.database_url))
    click.echo("The database is up to date.")


@main.command()
def seed() -> None:
    """Writes the demo area into a database that does not hold it."""
    from server import serving

    settings = settings_from_environment()
    with plain_errors(settings), only_writer(settings.sqlite_file):
        fresh = uvloop.run(serving.prepare(replace(settings, demo=True)))
    if not fresh:
        fail("The database holds the demo area already; nothing was changed.")
    click.echo("The demo area is in the database.")


@main.command()
@click.option("--dry-run", is_flag=True, help="Say what would go, and let nothing go.")
def retention(*, dry_run: bool) -> None:
    """Lets go now of what is not kept any longer; servers do it by themselves every hour."""
    from server import keeping  # the kernel and the slices: other commands start faster without them

    settings = existing_database()
    with plain_errors(settings), only_writer(settings.sqlite_file):
        for sentence in uvloop.run(keeping.let_go(settings, dry_run=dry_run)):
            click.echo(sentence)


for command in (cli_data.verify, cli_data.backup, cli_data.restore, cli_data.export, cli_data.import_):
    main.add_command(command)


if __name__ == "__main__":
    main()
