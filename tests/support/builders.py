"""A builder for every command: a random one that is valid where a space stands and for who acts.

A new command without a builder fails `tests/board/test_every_command.py`. Builders look at the space as the actor sees
it; they answer None where no such command is possible now, as when there is no task to move.

The dice are a `Random`, so that the same builders serve Hypothesis, which hands out such dice and shrinks what they
gave (`st.randoms(use_true_random=False)`), and everything that is to come out the same from the same seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final, TypeVar, get_args
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.strategies import DataObject
from msgspec import UNSET, Struct

from server.board import rules
from server.board.founding import board_id
from server.board.sharing import people_on
from server.core.commands import Actor, operation
from server.core.space import E, Space
from server.people.rules import INHERITED, is_open
from shared_schema import board, corridor, invitations, people
from shared_schema.base import AUDIENCES, Command, Id, Scalar, Viewer, Visibility
from shared_schema.journal import AnyCommand
from shared_schema.people import Template

T = TypeVar("T")

WORDS: Final = (
    *("Haltestelle", "prüfen", "Fußweg", "zählen", "Brücke", "Antrag", "Schulbus", "Größe", "Mühle", "öffnen"),
    *("<b>fett</b>", "\u2713", "\U0001f68d", "C:\\alt", '"Zitat"', "e\u0301", "07:30", "naïve", "\u200bleer", "und"),
)
"""Ordinary words, and some that a careless reader or writer of JSON would change."""


class Scene(Struct, frozen=True, kw_only=True):
    """Where and by whom: a space as committed, the area above, the actor, the moment, other boards at hand."""

    space: Space
    area: Space
    by: Actor
    now: datetime
    others: tuple[tuple[Space, Actor], ...] = ()


class Built(Struct, frozen=True, kw_only=True):
    """A command and the space to send it to."""

    space: Id
    command: AnyCommand
    expects: dict[str, Scalar] = {}


class Draw:
    """What builders draw from: the scene as the actor sees it, and random values."""

    def __init__(self, dice: Random, scene: Scene) -> None:
        self._dice = dice
        self.scene = scene
        self.viewer = scene.by.viewer or Viewer(0)
        self.space = scene.space.seen_by(self.viewer, scene.area)

    # --- values ------------------------------------------------------------------------------------------------------

    def one(self, things: Iterable[T]) -> T | None:
        """One of them, or None if there is none."""
        known = list(things)
        return self._dice.choice(known) if known else None

    def pick(self, things: Sequence[T]) -> T:
        """One of them."""
        return self._dice.choice(things)

    def maybe(self, things: Iterable[T]) -> T | None:
        """One of them, or None."""
        known: list[T | None] = [None, *things]
        return self._dice.choice(known)

    def some(self, things: Sequence[T], most: int) -> list[T]:
        """A few of them, none twice."""
        return self._dice.sample(things, self.number(0, min(most, len(things))))

    def number(self, low: int, high: int) -> int:
        return self._dice.randint(low, high)

    def chance(self) -> bool:
        return self._dice.random() < 0.5

    def unset_or(self, value: Callable[[], T]) -> T | Any:
        return value() if self.chance() else UNSET

    def id(self) -> Id:
        return str(UUID(int=self._dice.getrandbits(128), version=4))

    def title(self) -> str:
        return " ".join(self.pick(WORDS) for _ in range(self.number(1, 4)))

    def text(self) -> str:
        """A long text, sometimes an empty one."""
        return "\n\n".join(self.title() for _ in range(self.number(0, 5)))

    def due(self) -> date | None:
        return date(2026, 1, 1) + timedelta(days=self.number(0, 730)) if self.chance() else None

    def limit(self) -> int | None:
        return self.number(2, 9) if self.chance() else None

    # --- things ------------------------------------------------------------------------------------------------------

    def seen(self, cls: type[E]) -> list[E]:
        """Entities that the actor may see, in a steady order."""
        return sorted((e for e in self.space.all(cls) if e.to & self.viewer), key=lambda entity: entity.id)

    def on_board(self) -> list[board.Task]:
        return [task for task in self.seen(board.Task) if task.binned_at is None]

    def task(self) -> board.Task | None:
        return self.one(self.on_board())

    def columns(self) -> list[board.Column]:
        return rules.columns_of(self.space, board_id(self.space.id))

    def with_room(self, *, arriving: Id = "") -> list[board.Column]:
        """Columns that take one more open task."""
        return [column for column in self.columns() if not self._full(column, arriving)]

    def _full(self, column: board.Column, arriving: Id) -> bool:
        taken = sum(map(rules.is_open, rules.tasks_in(self.space, column.id, without=arriving)))
        return column.limit is not None and not column.done and not self.scene.by.is_system and taken >= column.limit

    def after(self, things: Sequence[Any]) -> Id | None:
        """A neighbour, none, or one that has vanished."""
        known: list[Id] = [thing.id for thing in things]
        return self.pick([None, self.id(), *known])

    def people(self) -> list[Id]:
        """Everybody who may be named in this space."""
        parts = {part.person for part in self.space.all(people.Participant)}
        return sorted(parts | {one.id for one in self.scene.area.all(people.Person) if one.role == "coordination"})

    def owners(self, to: int) -> list[Id]:
        return [one for one in self.people() if rules.can_own(self.space, one, to, self.scene.now)]

    def helpers(self, to: int) -> list[Id]:
        return [one for one in self.people() if rules.can_help(self.space, one, to, self.scene.now)]

    def goals(self) -> list[Id]:
        return sorted(goal.id for goal in self.scene.area.all(corridor.Goal))


Builder = Callable[[Draw], Command | None]
COMMANDS: Final = sorted(get_args(AnyCommand), key=lambda cls: str(cls.__struct_config__.tag))
"""Every command of the vocabulary."""
BUILDERS: Final[dict[type[Command], Builder]] = {}
B = TypeVar("B", bound=Builder)


def builds(command: type[Command]) -> Callable[[B], B]:
    def register(builder: B) -> B:
        BUILDERS[command] = builder
        return builder

    return register


def build(dice: Random | DataObject, scene: Scene, command: type[Command]) -> Built | None:
    """A valid command of this kind, or None where there is none to be had."""
    draw = Draw(_dice(dice), scene)
    built: Any = BUILDERS[command](draw)
    if built is None or scene.by.viewer is None or not operation(built).needs(draw.space, scene.by, built):
        return None
    if isinstance(built, people.FoundArea):
        return Built(space=draw.id(), command=built)
    return Built(space=scene.space.id, command=built, expects=_expected(draw, built))


def any_command(dice: Random | DataObject, scene: Scene) -> Built | None:
    """A valid command of any kind."""
    dice = _dice(dice)
    return build(dice, scene, dice.choice(COMMANDS))


def _dice(source: Random | DataObject) -> Random:
    return source if isinstance(source, Random) else source.draw(st.randoms(use_true_random=False))


def _expected(draw: Draw, command: Command) -> dict[str, Scalar]:
    """Whoever writes a long text has read it."""
    if not isinstance(command, board.DescribeTask):
        return {}
    before = draw.space.find(board.Description, command.task)
    return {"revision": before.revision if before else 0}


# --- the directory ---------------------------------------------------------------------------------------------------

LATER: Final = date(2030, 12, 31)
AREA_ROLES: Final = get_args(people.AreaRole)
SPACE_ROLES: Final = get_args(people.SpaceRole)
TEMPLATES: Final = get_args(Template)


def _in_area(draw: Draw) -> bool:
    return draw.space.kind == "area"


@builds(people.FoundArea)
def found_area(draw: Draw) -> Command | None:
    return people.FoundArea(name=draw.title()) if draw.scene.by.is_system else None


@builds(people.AddInterestGroup)
def add_interest_group(draw: Draw) -> Command | None:
    return people.AddInterestGroup(id=draw.id(), name=draw.title(), public=draw.chance()) if _in_area(draw) else None


@builds(people.JoinOrganisation)
def join_organisation(draw: Draw) -> Command | None:
    if not _in_area(draw):
        return None
    return people.JoinOrganisation(
        id=draw.id(),
        name=draw.title(),
        sector=draw.pick(get_args(people.Sector)),
        interest_group=draw.maybe(group.id for group in draw.seen(people.InterestGroup)),
        municipality=draw.chance(),
    )


@builds(people.EditOrganisation)
def edit_organisation(draw: Draw) -> Command | None:
    organisation = draw.one(draw.seen(people.Organisation))
    if organisation is None:
        return None
    return people.EditOrganisation(
        organisation=organisation.id,
        name=draw.unset_or(draw.title),
        sector=draw.unset_or(lambda: draw.pick(get_args(people.Sector))),
        municipality=draw.unset_or(draw.chance),
        contact_email=draw.unset_or(lambda: draw.pick((None, "info@selmachtal.example"))),
        website=draw.unset_or(lambda: draw.pick((None, "https://selmachtal.example/wir"))),
    )


@builds(people.EndOrganisation)
def end_organisation(draw: Draw) -> Command | None:
    organisation = draw.one(draw.seen(people.Organisation))
    # Not in the past: people still join for it.
    return None if organisation is None else people.EndOrganisation(organisation=organisation.id, left_on=LATER)


@builds(people.FollowOrganisation)
def follow_organisation(draw: Draw) -> Command | None:
    part = draw.one(part for part in draw.seen(people.Participant) if part.organisation is not None)
    if part is None or part.organisation is None or not draw.scene.by.is_system:
        return None
    return people.FollowOrganisation(
        organisation=part.organisation, name=f"{part.organisation_name[:100]} e. V.", sector="civil"
    )


@builds(people.FollowModeration)
def follow_moderation(draw: Draw) -> Command | None:
    if not draw.scene.by.is_system or not _in_area(draw):
        return None
    return people.FollowModeration(space=draw.id(), person=draw.id(), moderates=True)


@builds(people.JoinPerson)
def join_person(draw: Draw) -> Command | None:
    if not _in_area(draw):
        return None
    return people.JoinPerson(
        id=draw.id(),
        name=draw.title(),
        role=draw.pick(AREA_ROLES),
        organisation=draw.maybe(one.id for one in draw.seen(people.Organisation)),
    )


@builds(people.EditPerson)
def edit_person(draw: Draw) -> Command | None:
    person = draw.one(one for one in draw.seen(people.Person) if one.role not in ("coordination", "guest"))
    if person is None:
        return None
    roles: list[people.AreaRole] = ["steering", "member", "reader"]
    role = draw.unset_or(lambda: draw.pick(roles))
    name, function = draw.unset_or(draw.title), draw.unset_or(draw.title)
    return people.EditPerson(person=person.id, name=name, function=function, role=role)


@builds(people.ErasePerson)
def erase_person(draw: Draw) -> Command | None:
    """Somebody who is no author in these tests."""
    person = draw.one(one for one in draw.seen(people.Person) if one.role == "administrator" and not one.erased)
    return None if person is None else people.ErasePerson(person=person.id)


@builds(people.FoundSpace)
def found_space(draw: Draw) -> Command | None:
    if not _in_area(draw):
        return None
    networks = [listing.id for listing in draw.seen(people.Listing) if listing.space_kind == "network"]
    parent = draw.maybe(networks)
    return people.FoundSpace(
        id=draw.id(),
        space_kind="key_project" if parent else draw.pick(("network", "committee")),
        name=draw.title(),
        parent=parent,
        template=draw.pick(TEMPLATES),
        moderator=draw.maybe(person.id for person in draw.seen(people.Person) if not person.erased),
    )


def _known(draw: Draw) -> list[people.Person]:
    return [person for person in draw.scene.area.all(people.Person) if not person.erased]


@builds(people.AddParticipant)
def add_participant(draw: Draw) -> Command | None:
    taken = {part.person for part in draw.space.all(people.Participant)}
    person = draw.one(sorted(one.id for one in _known(draw) if one.id not in taken))
    if person is None or _in_area(draw):
        return None
    role = draw.pick(SPACE_ROLES)
    until = _until(draw, role)
    return people.AddParticipant(person=person, role=role, voting=draw.chance(), until=until)


def _until(draw: Draw, role: people.SpaceRole) -> date | None:
    """A last day, which a coach needs and others may have."""
    return (draw.scene.now + timedelta(days=draw.number(2, 400))).date() if role == "coach" or draw.chance() else None


def _changeable(draw: Draw) -> people.Participant | None:
    return draw.one(
        p for p in draw.seen(people.Participant) if p.role not in ("moderator", "deputy") and p.through is None
    )


@builds(people.ChangeParticipant)
def change_participant(draw: Draw) -> Command | None:
    part = _changeable(draw)
    if part is None:
        return None
    role = draw.pick(SPACE_ROLES)
    return people.ChangeParticipant(
        participant=part.id,
        person=part.person,
        role=role,
        voting=draw.unset_or(draw.chance),
        until=_until(draw, role),
    )


@builds(people.RemoveParticipant)
def remove_participant(draw: Draw) -> Command | None:
    part = _changeable(draw)
    return None if part is None else people.RemoveParticipant(participant=part.id, person=part.person)


@builds(people.FollowDirectory)
def follow_directory(draw: Draw) -> Command | None:
    known = {person.id for person in _known(draw)}
    part = draw.one(part for part in draw.seen(people.Participant) if part.person in known)
    if part is None or not draw.scene.by.is_system:
        return None
    if part.through is None:
        return people.FollowDirectory(person=part.person, name=draw.title())
    role = draw.maybe(sorted(INHERITED))
    return people.FollowDirectory(person=part.person, through=part.through, role=role, organisation=part.organisation)


@builds(people.EditProfile)
def edit_profile(draw: Draw) -> Command | None:
    if _in_area(draw):
        return None
    return people.EditProfile(space=draw.space.id, name=draw.unset_or(draw.title), purpose=draw.unset_or(draw.text))


@builds(people.FollowProfile)
def follow_profile(draw: Draw) -> Command | None:
    listing = draw.one(draw.seen(people.Listing))
    if listing is None or not draw.scene.by.is_system:
        return None
    return people.FollowProfile(space=listing.id, name=draw.title(), purpose=draw.text())


# --- invitations -----------------------------------------------------------------------------------------------------


@builds(invitations.CreateInvitation)
def create_invitation(draw: Draw) -> Command | None:
    if _in_area(draw):
        return None
    return invitations.CreateInvitation(
        id=draw.id(),
        token_hash=2 * draw.id().replace("-", ""),
        role=draw.pick(get_args(invitations.InvitedRole)),
        days=draw.number(1, invitations.LONGEST_INVITATION),
        most_uses=draw.number(1, invitations.MOST_USES),
        organisation=draw.maybe(_organisations(draw)),
        note=draw.title(),
    )


def _organisations(draw: Draw) -> list[Id]:
    return sorted(one.id for one in draw.scene.area.all(people.Organisation))


@builds(invitations.RevokeInvitation)
def revoke_invitation(draw: Draw) -> Command | None:
    invitation = draw.one(draw.seen(invitations.Invitation))
    return None if invitation is None else invitations.RevokeInvitation(invitation=invitation.id)


@builds(invitations.AcceptInvitation)
def accept_invitation(draw: Draw) -> Command | None:
    open_ones = [one for one in draw.seen(invitations.Invitation) if is_open(one, draw.scene.now)]
    invitation = draw.one(open_ones)
    if invitation is None or not draw.scene.by.is_system:
        return None
    added = draw.chance()
    return invitations.AcceptInvitation(
        invitation=invitation.id,
        area=draw.scene.area.id,
        person=draw.id(),
        name=draw.title(),
        organisation=draw.id() if added else draw.maybe(_organisations(draw)),
        organisation_name=draw.title() if added else None,
        sector=draw.pick(get_args(people.Sector)) if added else None,
    )


@builds(invitations.ConfirmPerson)
def confirm_person(draw: Draw) -> Command | None:
    guest = draw.one(one for one in draw.seen(people.Person) if one.role == "guest" and one.promised)
    return None if guest is None or not draw.scene.by.is_system else invitations.ConfirmPerson(person=guest.id)


@builds(invitations.ConfirmParticipant)
def confirm_participant(draw: Draw) -> Command | None:
    part = draw.one(one for one in draw.seen(people.Participant) if one.promised)
    return None if part is None or not draw.scene.by.is_system else invitations.ConfirmParticipant(person=part.person)


@builds(corridor.SetGoal)
def set_goal(draw: Draw) -> Command | None:
    if not _in_area(draw):
        return None
    goals = draw.seen(corridor.Goal)
    number = draw.one(set(range(1, 8)) - {goal.number for goal in goals})
    again = draw.maybe(goals)
    if again is not None:
        return corridor.SetGoal(id=again.id, number=again.number, title=draw.title())
    return None if number is None else corridor.SetGoal(id=draw.id(), number=number, title=draw.title())


# --- columns ---------------------------------------------------------------------------------------------------------


def _board(draw: Draw) -> board.Board | None:
    return draw.one(draw.seen(board.Board))


@builds(board.EditBoard)
def edit_board(draw: Draw) -> Command | None:
    there = _board(draw)
    return None if there is None else board.EditBoard(board=there.id, title=draw.unset_or(draw.title))


@builds(board.ApplyTemplate)
def apply_template(draw: Draw) -> Command | None:
    there = _board(draw)
    if there is None or len(draw.columns()) > rules.MOST_COLUMNS - 5:
        return None
    return board.ApplyTemplate(board=there.id, template=draw.pick(TEMPLATES))


@builds(board.AddColumn)
def add_column(draw: Draw) -> Command | None:
    there, columns = _board(draw), draw.columns()
    if there is None or len(columns) >= rules.MOST_COLUMNS:
        return None
    return board.AddColumn(
        id=draw.id(),
        board=there.id,
        title=draw.title(),
        after=draw.after(columns),
        colour=draw.maybe(("petrol", "plum")),
        limit=draw.limit(),
        done=draw.chance(),
    )


@builds(board.EditColumn)
def edit_column(draw: Draw) -> Command | None:
    column = draw.one(draw.columns())
    if column is None:
        return None
    others_open = any(not one.done for one in draw.columns() if one.id != column.id)
    return board.EditColumn(
        column=column.id,
        title=draw.unset_or(draw.title),
        colour=draw.unset_or(lambda: draw.maybe(("green", "grey"))),
        limit=draw.unset_or(draw.limit),
        done=draw.unset_or(draw.chance) if others_open else UNSET,
    )


@builds(board.MoveColumn)
def move_column(draw: Draw) -> Command | None:
    column = draw.one(draw.columns())
    return None if column is None else board.MoveColumn(column=column.id, after=draw.after(draw.columns()))


@builds(board.RemoveColumn)
def remove_column(draw: Draw) -> Command | None:
    column = draw.one(draw.columns())
    others = [one for one in draw.columns() if column is not None and one.id != column.id]
    if column is None or all(one.done for one in others):
        return None
    return board.RemoveColumn(column=column.id, tasks_to=draw.maybe(one.id for one in others))


# --- tasks -----------------------------------------------------------------------------------------------------------


@builds(board.CreateTask)
def create_task(draw: Draw) -> Command | None:
    column = draw.one(draw.with_room())
    if column is None:
        return None
    visibility = draw.pick(list(Visibility))
    return board.CreateTask(
        id=draw.id(),
        column=column.id,
        title=draw.title(),
        after=draw.after(draw.on_board()),
        first=draw.chance(),
        due=draw.due(),
        owner=draw.maybe(draw.owners(AUDIENCES[visibility])),
        goals=tuple(draw.some(draw.goals(), 2)),
        visibility=visibility,
    )


@builds(board.EditTask)
def edit_task(draw: Draw) -> Command | None:
    task = draw.task()
    if task is None:
        return None
    return board.EditTask(task=task.id, title=draw.unset_or(draw.title), due=draw.unset_or(draw.due))


@builds(board.DescribeTask)
def describe_task(draw: Draw) -> Command | None:
    task = draw.task()
    return None if task is None else board.DescribeTask(task=task.id, text=draw.text())


@builds(board.MoveTask)
def move_task(draw: Draw) -> Command | None:
    task = draw.task()
    room = [] if task is None else draw.with_room(arriving=task.id)
    column = draw.one(room)
    if task is None or column is None:
        return None
    return board.MoveTask(task=task.id, column=column.id, after=draw.after(draw.on_board()))


@builds(board.SendTask)
def send_task(draw: Draw) -> Command | None:
    task, other = draw.task(), draw.one(draw.scene.others)
    if task is None or other is None or other[1].viewer in (None, Viewer.READER) or other[0].id == draw.space.id:
        return None
    columns = rules.columns_of(other[0], board_id(other[0].id))
    if any(column.limit is not None for column in columns) or not columns:
        return None
    column = draw.maybe(column.id for column in columns)
    return board.SendTask(task=task.id, space=other[0].id, column=column, after=draw.after([]))


@builds(board.AssignTask)
def assign_task(draw: Draw) -> Command | None:
    task = draw.task()
    return None if task is None else board.AssignTask(task=task.id, person=draw.maybe(draw.owners(task.to)))


@builds(board.AddHelper)
def add_helper(draw: Draw) -> Command | None:
    task = draw.task()
    person = None if task is None else draw.one(draw.helpers(task.to))
    return None if task is None or person is None else board.AddHelper(task=task.id, person=person)


@builds(board.RemoveHelper)
def remove_helper(draw: Draw) -> Command | None:
    task = draw.task()
    person = draw.one(draw.people())
    return None if task is None or person is None else board.RemoveHelper(task=task.id, person=person)


@builds(board.TagGoal)
def tag_goal(draw: Draw) -> Command | None:
    task, goal = draw.task(), draw.one(draw.goals())
    if task is None or goal is None or len(draw.space.where(board.GoalTag, task=task.id)) >= rules.MOST_GOALS:
        return None
    return board.TagGoal(task=task.id, goal=goal)


@builds(board.UntagGoal)
def untag_goal(draw: Draw) -> Command | None:
    task, goal = draw.task(), draw.one(draw.goals())
    return None if task is None or goal is None else board.UntagGoal(task=task.id, goal=goal)


@builds(board.FinishTask)
def finish_task(draw: Draw) -> Command | None:
    task = draw.task()
    return None if task is None else board.FinishTask(task=task.id)


@builds(board.ReopenTask)
def reopen_task(draw: Draw) -> Command | None:
    task = draw.task()
    column = draw.maybe(column.id for column in draw.columns())
    return None if task is None else board.ReopenTask(task=task.id, column=column)


@builds(board.BlockTask)
def block_task(draw: Draw) -> Command | None:
    task = draw.task()
    return None if task is None else board.BlockTask(task=task.id, reason=draw.title())


@builds(board.UnblockTask)
def unblock_task(draw: Draw) -> Command | None:
    task = draw.task()
    return None if task is None else board.UnblockTask(task=task.id)


@builds(board.ShowTask)
def show_task(draw: Draw) -> Command | None:
    task, visibility = draw.task(), draw.pick(list(Visibility))
    if task is None or _needs_moderator(draw, task.id, visibility):
        return None
    return board.ShowTask(task=task.id, visibility=visibility)


def _needs_moderator(draw: Draw, task: Id, visibility: Visibility) -> bool:
    to = AUDIENCES[visibility]
    return any(not rules.can_help(draw.space, one, to, draw.scene.now) for one in people_on(draw.space, task))


@builds(board.ArchiveTask)
def archive_task(draw: Draw) -> Command | None:
    task = draw.task()
    return None if task is None else board.ArchiveTask(task=task.id)


@builds(board.UnarchiveTask)
def unarchive_task(draw: Draw) -> Command | None:
    task = draw.task()
    return None if task is None else board.UnarchiveTask(task=task.id)


@builds(board.BinTask)
def bin_task(draw: Draw) -> Command | None:
    task = draw.task()
    return None if task is None else board.BinTask(task=task.id)


def _binned(draw: Draw) -> board.Task | None:
    return draw.one(task for task in draw.seen(board.Task) if task.binned_at is not None)


@builds(board.RestoreTask)
def restore_task(draw: Draw) -> Command | None:
    task = _binned(draw)
    return None if task is None else board.RestoreTask(task=task.id)


@builds(board.DeleteTask)
def delete_task(draw: Draw) -> Command | None:
    task = _binned(draw)
    return None if task is None else board.DeleteTask(task=task.id)


@builds(board.DuplicateTask)
def duplicate_task(draw: Draw) -> Command | None:
    task = draw.task()
    room = {column.id for column in draw.with_room()}
    first = rules.first_column(draw.columns(), done=False)
    if task is None or task.column not in room or first is None or first.id not in room:
        return None
    return board.DuplicateTask(id=draw.id(), task=task.id, title=draw.title())


@builds(board.PutTaskAway)
def put_task_away(draw: Draw) -> Command | None:
    task = draw.one(task for task in draw.on_board() if task.done_at is not None)
    return None if task is None or not draw.scene.by.is_system else board.PutTaskAway(task=task.id)


# --- what hangs on a task --------------------------------------------------------------------------------------------


@builds(board.AddChecklistLine)
def add_line(draw: Draw) -> Command | None:
    task = draw.task()
    lines = [] if task is None else draw.space.where(board.ChecklistLine, task=task.id)
    if task is None or len(lines) >= rules.MOST_LINES:
        return None
    owner = draw.maybe(draw.owners(task.to))
    return board.AddChecklistLine(
        id=draw.id(), task=task.id, text=draw.title(), after=draw.after(lines), owner=owner, due=draw.due()
    )


def _line(draw: Draw) -> tuple[board.Task, board.ChecklistLine] | None:
    on_board = {task.id: task for task in draw.on_board()}
    line = draw.one(line for line in draw.seen(board.ChecklistLine) if line.task in on_board)
    return None if line is None else (on_board[line.task], line)


@builds(board.EditChecklistLine)
def edit_line(draw: Draw) -> Command | None:
    found = _line(draw)
    if found is None:
        return None
    task, line = found
    return board.EditChecklistLine(
        task=task.id,
        line=line.id,
        text=draw.unset_or(draw.title),
        owner=draw.unset_or(lambda: draw.maybe(draw.owners(task.to))),
        due=draw.unset_or(draw.due),
    )


@builds(board.TickChecklistLine)
def tick_line(draw: Draw) -> Command | None:
    found = _line(draw)
    if found is None:
        return None
    return board.TickChecklistLine(task=found[0].id, line=found[1].id, done=draw.chance())


@builds(board.MoveChecklistLine)
def move_line(draw: Draw) -> Command | None:
    found = _line(draw)
    if found is None:
        return None
    after = draw.after(draw.space.where(board.ChecklistLine, task=found[0].id))
    return board.MoveChecklistLine(task=found[0].id, line=found[1].id, after=after)


@builds(board.RemoveChecklistLine)
def remove_line(draw: Draw) -> Command | None:
    found = _line(draw)
    return None if found is None else board.RemoveChecklistLine(task=found[0].id, line=found[1].id)


@builds(board.AddComment)
def add_comment(draw: Draw) -> Command | None:
    task, person = draw.task(), draw.maybe(draw.people())
    if task is None:
        return None
    mention = f" @[{person}]" if person in draw.helpers(task.to) else ""
    return board.AddComment(id=draw.id(), task=task.id, text=draw.title() + mention)


def _comment(draw: Draw, *, own: bool) -> board.Comment | None:
    on_board = {task.id for task in draw.on_board()}
    me = draw.scene.by.person
    return draw.one(c for c in draw.seen(board.Comment) if c.task in on_board and (c.author == me or not own))


@builds(board.EditComment)
def edit_comment(draw: Draw) -> Command | None:
    comment = _comment(draw, own=True)
    if comment is None:
        return None
    return board.EditComment(task=comment.task, comment=comment.id, text=draw.title())


@builds(board.RemoveComment)
def remove_comment(draw: Draw) -> Command | None:
    comment = _comment(draw, own=not draw.scene.by.moderates)
    return None if comment is None else board.RemoveComment(task=comment.task, comment=comment.id)
