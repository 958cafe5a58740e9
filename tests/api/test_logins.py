"""From a header to somebody: settings first, then the tokens of the database."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from mlrun.api import logins as module
from mlrun.api.access import ANYBODY, OWNER, Access, Caller, Role
from mlrun.api.logins import Logins


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the database has is read for every request."""
    monkeypatch.setattr(module, "FRESH_S", -1.0)
    monkeypatch.setattr(module, "NEW_S", -1.0)


def caller(logins: Logins, given: str) -> Caller | None:
    return asyncio.run(logins.caller_of(given))


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def test_without_any_login_everybody_may(db: Any) -> None:
    assert caller(Logins(Access(), db), "") == ANYBODY
    assert caller(Logins(Access(), db), "Bearer whatever") == ANYBODY


def test_the_logins_of_the_settings_are_those_of_the_owner(db: Any) -> None:
    logins = Logins(Access("s3cr3t", "me", "pässword"), db)

    for right in ("Bearer s3cr3t", "bearer  s3cr3t ", basic("me:pässword")):
        assert caller(logins, right) == OWNER
    for wrong in (
        "",
        "Bearer",
        "Bearer s3cr3",
        "Basic x",
        basic("me:x"),
        basic("x:pässword"),
        "Digest s3cr3t",
    ):
        assert caller(logins, wrong) is None


@pytest.mark.parametrize("role", list(Role))
def test_a_token_is_somebody_with_its_role(db: Any, role: Role) -> None:
    token, secret = db.create_token("ci", role.word, ["iris"])

    found = caller(Logins(Access("other"), db), f"Bearer {secret}")

    assert found == Caller(f"token {token.uid}", role, frozenset({"iris"}))


def test_the_first_token_closes_the_doors_and_the_last_does_not_open_them(db: Any, at_once: None) -> None:
    logins = Logins(Access(), db)
    assert caller(logins, "") == ANYBODY

    token, secret = db.create_token()

    assert caller(logins, "") is None
    assert caller(logins, f"Bearer {secret}") is not None
    db.revoke_token(token.uid)
    assert caller(logins, f"Bearer {secret}") is None
    assert caller(logins, "") is None and caller(Logins(Access(), db), "") is None


@pytest.mark.parametrize("wrong", ["{0}x", "mlr_{1}_", "mlr_{1}_x", "mlr_x_y", "mlr__"])
def test_half_a_token_is_nobody(db: Any, wrong: str) -> None:
    token, secret = db.create_token()

    assert caller(Logins(Access(), db), "Bearer " + wrong.format(secret, token.uid)) is None


def test_a_token_ends_at_its_time_without_the_database(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret = db.create_token(expires="2100-01-01")
    logins = Logins(Access(), db)
    assert caller(logins, f"Bearer {secret}")

    monkeypatch.setattr("mlrun.db.times.now", lambda: "2100-01-02T00:00:00.000000+00:00")

    assert caller(logins, f"Bearer {secret}") is None


def test_the_database_is_not_asked_for_each_request(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret = db.create_token()
    logins, asked = Logins(Access(), db), []
    monkeypatch.setattr(module, "FRESH_S", 3600.0)
    monkeypatch.setattr(module, "NEW_S", 3600.0)
    list_tokens = db.list_tokens
    monkeypatch.setattr(db, "list_tokens", lambda live: asked.append(1) or list_tokens(live))

    async def many() -> None:
        right = [logins.caller_of(f"Bearer {secret}") for _ in range(50)]
        tried = [logins.caller_of(f"Bearer mlr_{number}_x") for number in range(50)]
        found = await asyncio.gather(*right, *tried)
        assert sum(one is not None for one in found) == 50

    asyncio.run(many())

    assert len(asked) == 1
