"""Failed attempts to sign in: who guesses is slowed, and nobody else."""

from __future__ import annotations

import httpx
import pytest
from litestar.connection import ASGIConnection

from server.core.ids import new_id
from server.people.attempts import AT_ONCE, Attempts
from shared_schema.refusals import Refusal, TooManyTries
from tests.support.instances import Instance, running_instance


class Now:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def coming_from(host: str) -> ASGIConnection:  # type: ignore[type-arg]
    return ASGIConnection({"type": "http", "client": (host, 1), "headers": []})  # type: ignore[arg-type]


def fails(attempts: Attempts, host: str) -> int:
    """Fails once; answers with the seconds to wait before the next time, 0 if that is allowed."""
    try:
        attempts.failed(coming_from(host))
    except Refusal as refusal:
        return refusal.reason.seconds if isinstance(refusal.reason, TooManyTries) else -1
    return 0


def test_ten_failures_a_minute_are_allowed_and_then_one_every_six_seconds() -> None:
    now = Now()
    attempts = Attempts(now)
    assert [fails(attempts, "192.0.2.1") for _ in range(AT_ONCE + 2)] == [0] * AT_ONCE + [6, 6]
    now.at = 6.0
    assert [fails(attempts, "192.0.2.1") for _ in range(2)] == [0, 6]
    now.at = 1_000.0
    assert fails(attempts, "192.0.2.1") == 0


def test_another_address_is_another_matter_but_a_household_is_one() -> None:
    attempts = Attempts(Now())
    for number in range(AT_ONCE):
        fails(attempts, f"2001:db8:1:2::{number}")
    assert fails(attempts, "2001:db8:1:2:3::1") == 6
    assert [fails(attempts, host) for host in ("2001:db8:1:3::1", "192.0.2.1", "a name", "")] == [0] * 4


async def guess(instance: Instance, times: int, **headers: str) -> list[httpx.Response]:
    async with instance.browser() as browser:
        return [
            await browser.post("/api/demo/sign-in", json={"person": new_id()}, headers=headers) for _ in range(times)
        ]


async def test_who_guesses_is_told_when_to_come_again_and_who_shares_the_address_gets_in(sqlite_url: str) -> None:
    async with running_instance(sqlite_url) as instance:
        area = await instance.small_area()
        answers = await guess(instance, AT_ONCE + 1)
        assert [answer.status_code for answer in answers] == [404] * AT_ONCE + [429]
        seconds = int(answers[-1].headers["retry-after"])
        assert 1 <= seconds <= 6
        assert answers[-1].json() == {"status": 429, "reason": {"reason": "too_many_tries", "seconds": seconds}}
        async with instance.signed_in(area.member) as browser:
            assert (await browser.get("/api/me")).status_code == 200


@pytest.mark.parametrize("trusted", [(), ("192.0.2.0/24",)], ids=["nobody", "others"])
async def test_who_is_no_proxy_of_ours_cannot_say_where_it_comes_from(
    sqlite_url: str, trusted: tuple[str, ...]
) -> None:
    async with running_instance(sqlite_url, trusted_proxies=trusted) as instance:
        for number in range(AT_ONCE):
            await guess(instance, 1, **{"X-Forwarded-For": f"198.51.100.{number}"})
        (answer,) = await guess(instance, 1, **{"X-Forwarded-For": "203.0.113.1"})
    assert answer.status_code == 429


async def test_behind_a_proxy_each_client_counts_for_itself_whatever_it_says_before(sqlite_url: str) -> None:
    """A proxy appends the address it saw; what stands before it came from the client."""
    async with running_instance(sqlite_url, trusted_proxies=("127.0.0.1",)) as instance:
        for number in range(AT_ONCE):
            await guess(instance, 1, **{"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.1"})
        (same,) = await guess(instance, 1, **{"X-Forwarded-For": "203.0.113.1"})
        (other,) = await guess(instance, 1, **{"X-Forwarded-For": "203.0.113.1, 203.0.113.2"})
    assert (same.status_code, other.status_code) == (429, 404)
