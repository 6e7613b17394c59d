"""What the board slice gives a new space: its board, with the columns and starting tasks of the chosen template."""

from __future__ import annotations

from datetime import datetime

from server.core.commands import Actor, founds
from server.core.ids import derived_id
from server.core.space import Space
from shared_schema.base import PUBLIC, Id
from shared_schema.board import Board
from shared_schema.journal import Change
from shared_schema.people import FoundSpace

from . import templates


def board_id(space: Id) -> Id:
    """The id of the board that a space begins with."""
    return derived_id(space, "board")


@founds("committee", "network", "key_project")
def first_board(space: Space, command: FoundSpace, by: Actor, now: datetime) -> list[Change]:
    board = Board(id=board_id(space.id), to=PUBLIC, title=templates.word(space, "board"))
    return [space.add(board), *templates.additions(space, board, command.template, by, now)]
