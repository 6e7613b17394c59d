"""The commands an operator has. Settings come from the environment; a wrong one is answered with a sentence."""

from __future__ import annotations

import click
import uvloop
from msgspec.structs import replace

from server import __version__, cli_data
from server.lock import only_writer
from server.migrations import migrate as bring_up_to_date
from server.terminal import fail, plain_errors, settings_from_environment


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="korridor")
def main() -> None:
    """Korridor, a live shared workspace. Settings come from the environment, see docs/operating.md."""


@main.command()
@click.option("--demo", is_flag=True, help="With the demo area, and signing in by choosing a person (KORRIDOR_DEMO=1).")
def serve(*, demo: bool) -> None:
    """Brings the database up to date and serves until it is told to stop."""
    from server import serving  # the whole server: other commands start faster without it

    settings = settings_from_environment({"KORRIDOR_DEMO": "1"} if demo else {})
    with plain_errors(settings), only_writer(settings.sqlite_file):
        uvloop.run(serving.serve(settings))


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


for command in (cli_data.verify, cli_data.backup, cli_data.restore, cli_data.export, cli_data.import_):
    main.add_command(command)


if __name__ == "__main__":
    main()
