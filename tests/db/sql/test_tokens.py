"""Tokens in both databases: only their hash is kept, and they end when they should."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.db import times
from mlrun.db.copy import copy_records
from mlrun.db.sql import SQLiteRunDB
from mlrun.db.sql.tokens import Tokens, digest_of, uid_of
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError


@pytest.fixture(params=["sqlite", "postgresql"])
def tokens(request: pytest.FixtureRequest, db: SQLiteRunDB) -> Tokens:
    return db if request.param == "sqlite" else request.getfixturevalue("postgres_db")


def test_a_token_is_kept_as_a_hash_only(tokens: Any) -> None:
    token, secret = tokens.create_token("ci", "viewer", ["iris", "iris", "wine"], "2100-01-01")

    (kept,) = tokens.list_tokens()
    assert kept == token and kept.is_of(secret) and not kept.is_of(secret + "x")
    assert (kept.name, kept.role, kept.projects) == ("ci", "viewer", ("iris", "wine"))
    assert kept.expires.startswith("2099-12-31") or kept.expires.startswith("2100-01-01")
    with tokens.connections.read() as connection:
        row = connection.execute("SELECT * FROM tokens").fetchone()
    assert secret not in str(row) and secret.rpartition("_")[2] not in str(row)
    assert digest_of(secret) in row and secret not in repr(kept)


def test_a_token_has_256_random_bits_and_its_id(tokens: Any) -> None:
    made = [tokens.create_token() for _ in range(20)]

    assert len({secret for _, secret in made}) == 20
    for token, secret in made:
        assert secret.startswith(f"mlr_{token.uid}_") and len(secret) == len(f"mlr_{token.uid}_") + 43
        assert uid_of(secret) == token.uid


def test_a_revoked_token_is_listed_and_no_longer_live(tokens: Any) -> None:
    (first, _), (second, secret) = tokens.create_token("a"), tokens.create_token("b")

    tokens.revoke_token(first.uid)
    again = tokens.revoke_token(first.uid)

    assert [token.state() for token in tokens.list_tokens()] == ["revoked", "live"]
    assert [token.uid for token in tokens.list_tokens(live=True)] == [second.uid]
    assert again.revoked
    assert tokens.revoke_token(secret).uid == second.uid  # who has the whole token can end it, too
    assert tokens.list_tokens(live=True) == []


def test_a_token_ends_at_its_time(tokens: Any) -> None:
    token, _ = tokens.create_token(expires="2100-01-01T00:00:00+00:00")

    assert token.state(times.now()) == "live"
    assert token.state("2100-01-01T00:00:00.000000+00:00") == "expired"


def test_an_expired_token_is_not_live(tokens: Any) -> None:
    tokens.create_token(expires="2100-01-01")
    with tokens.connections.write() as connection:
        connection.execute("UPDATE tokens SET expires = :now", {"now": times.days_before_now(1)})

    assert tokens.list_tokens(live=True) == []
    assert [one.state() for one in tokens.list_tokens()] == ["expired"]


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"role": "owner"}, "'owner' is not a role: viewer, editor, admin"),
        ({"projects": ["*"]}, "names none"),
        ({"projects": [""]}, "names none"),
        ({"expires": "2001-01-01"}, "is past"),
        ({"expires": "soon"}, "is not a time"),
    ],
)
def test_what_can_not_be_a_token_is_answered(db: SQLiteRunDB, wrong: Any, text: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=text.replace("*", r"\*")):
        db.create_token(**wrong)

    assert db.list_tokens() == []


def test_a_token_that_is_none_can_not_be_revoked(tokens: Any) -> None:
    with pytest.raises(MLRunNotFoundError, match="mlrun db token list"):
        tokens.revoke_token("3f2a")


def test_tokens_move_with_their_database(db: SQLiteRunDB, tmp_path: Any) -> None:
    token, secret = db.create_token("ci", projects=["iris"])
    there = SQLiteRunDB(f"sqlite:///{tmp_path}/there.db")

    copy_records(db, there)

    assert there.list_tokens() == [token] and there.list_tokens()[0].is_of(secret)
    there.close()


@pytest.mark.parametrize("text", ["", "s3cr3t", "mlr_3f2a", "mlr", "xyz_3f2a_secret", "_3f2a_x"])
def test_another_text_names_no_token(text: str) -> None:
    assert uid_of(text) == ""
