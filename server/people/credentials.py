"""Passwords, the codes of authenticators, recovery codes: made, checked, never shown again."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Final

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

ISSUER: Final = "Korridor"
STEP: Final = 30
"""Seconds for which a code of an authenticator is shown (RFC 6238)."""
DRIFT: Final = 1
"""Steps that a phone's clock may be off."""
RECOVERY_CODES: Final = 10
ALPHABET: Final = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""Without what is easily mistaken for one another."""
CODE_LENGTH: Final = 12
"""58 bits: guessed never, typed once."""
HARD_TO_GUESS: Final = 3
"""Of zxcvbn's scores 0 to 4: more than 10^8 guesses."""
LOOKED_AT: Final = 72
"""Characters of a password that are judged; beyond them it is strong enough."""

_hasher = PasswordHasher()
_one_by_one = asyncio.Semaphore(2)
"""Each check takes 64 MiB for a moment, on purpose; a small machine does not do ten at once."""


# --- passwords -------------------------------------------------------------------------------------------------------


async def hash_password(password: str) -> str:
    """What is stored of a password: Argon2id, with a salt of its own."""
    async with _one_by_one:
        return await asyncio.to_thread(_hasher.hash, password)


async def fits(password: str, stored: str | None) -> bool:
    """Whether it is the password. Without a stored one it takes as long, and is not."""
    async with _one_by_one:
        return await asyncio.to_thread(_verify, stored or _nobodys(), password) and stored is not None


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return _hasher.hash(secrets.token_urlsafe())


def is_weak(password: str, about: Iterable[str]) -> bool:
    """Whether a password is easy to guess, also for those who know its owner: `about` are names and addresses."""
    from zxcvbn import zxcvbn  # a megabyte of common passwords and names, for the few who choose one

    words = [word for text in (*about, ISSUER) for word in text.replace("@", " ").replace(".", " ").split()]
    score: int = zxcvbn(password[:LOOKED_AT], user_inputs=words)["score"]
    return score < HARD_TO_GUESS


# --- authenticators --------------------------------------------------------------------------------------------------


def new_secret() -> str:
    """A secret for an authenticator: 160 bits in base 32."""
    return pyotp.random_base32()


def secret_uri(secret: str, email: str) -> str:
    """The secret as the address that authenticators read from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is, if it is one of now; None: it is wrong."""
    authenticator = pyotp.TOTP(secret, interval=STEP)
    here = int(now.timestamp()) // STEP
    near = range(here - DRIFT, here + DRIFT + 1)
    return next((step for step in near if secrets.compare_digest(authenticator.generate_otp(step), code)), None)


# --- recovery codes --------------------------------------------------------------------------------------------------


def new_recovery_codes() -> tuple[str, ...]:
    """Ten codes such as KJ7M-2QXP-9VTA."""
    return tuple(
        _in_groups("".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))) for _ in range(RECOVERY_CODES)
    )


def _in_groups(code: str) -> str:
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def plain(code: str) -> str:
    """A code without the marks that people type between its parts."""
    return code.replace(" ", "").replace("-", "").upper()


def stored_code(code: str) -> str:
    """What is stored of a recovery code."""
    return sha256(plain(code).encode()).hexdigest()
