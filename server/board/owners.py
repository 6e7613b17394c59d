"""Handlers of who answers for a task and who helps."""

from __future__ import annotations

from datetime import datetime

from server.core.commands import Actor, handles
from server.core.ids import derived_id
from server.core.space import Space
from server.people import access as people
from shared_schema.base import Id
from shared_schema.board import AddHelper, AssignTask, Helper, Ownership, RemoveHelper, Task
from shared_schema.journal import Change, Put

from . import access, rules


def helper_id(task: Id, person: Id) -> Id:
    return derived_id(task, "helper", person)


def ownership(space: Space, task: Task, person: Id, now: datetime) -> Put:
    """The change by which somebody answers for a task; refuses people who cannot."""
    rules.hold_can_own(space, person, task.to, now)
    return space.put(
        Ownership(
            id=task.id,
            to=task.to,
            task=task.id,
            put_away_at=task.put_away_at,
            person=person,
            organisation=people.acts_for(space, space.area, person),
            since=now,
        )
    )


@handles(AssignTask, needs=access.may_assign_task)
def assign_task(space: Space, command: AssignTask, by: Actor, now: datetime) -> list[Change]:
    """Whoever owns a task from now on helps with it no longer."""
    task = rules.task_on_board(space, command.task)
    before = space.find(Ownership, task.id)
    if command.person is None:
        return [] if before is None else [space.drop(before)]
    if before is not None and before.person == command.person:
        return []
    new = ownership(space, task, command.person, now)
    helper = space.find(Helper, helper_id(task.id, command.person))
    return [_handed_over(space, before, new), *([] if helper is None else [space.drop(helper)])]


def _handed_over(space: Space, before: Ownership | None, new: Put) -> Change:
    """A patch where there was an owner, so that an owner overwritten unseen is noticed."""
    if before is None or not isinstance(new.entity, Ownership):
        return new
    owner = new.entity
    return space.patch(before, person=owner.person, organisation=owner.organisation, since=owner.since)


@handles(AddHelper, needs=access.may_change_helpers)
def add_helper(space: Space, command: AddHelper, by: Actor, now: datetime) -> list[Change]:
    """Two people may add the same helper at once: the second finds it done, and so does who names the owner."""
    task = rules.task_on_board(space, command.task)
    id = helper_id(task.id, command.person)
    if rules.owner_of(space, task.id) == command.person or space.find(Helper, id) is not None:
        return []
    rules.hold_takes_part(space, command.person, task.to, now)
    rules.refuse_too_many("helpers", len(space.where(Helper, task=task.id)), rules.MOST_HELPERS)
    helper = Helper(id=id, to=task.to, task=task.id, put_away_at=task.put_away_at, person=command.person)
    return [space.add(helper)]


@handles(RemoveHelper, needs=access.may_change_helpers)
def remove_helper(space: Space, command: RemoveHelper, by: Actor, now: datetime) -> list[Change]:
    task = rules.task_on_board(space, command.task)
    helper = space.find(Helper, helper_id(task.id, command.person))
    return [] if helper is None else [space.drop(helper)]
