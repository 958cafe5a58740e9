"""The address of a database, with its secrets and without."""

from __future__ import annotations

import pytest

from mlrun.db.postgres.address import Address
from mlrun.errors import MLRunInvalidArgumentError


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:pw@host:5433/runs", "postgresql://me@host:5433/runs"),
        ("postgres://me:pw@host/runs", "postgresql://me@host/runs"),
        ("postgresql://host/runs", "postgresql://host/runs"),
        ("postgresql:///runs", "postgresql:///runs"),
        ("postgresql://me:p%40%2Fw@host/a%20b", "postgresql://me@host/a%20b"),
        ("postgresql://m%40e:pw@host/runs", "postgresql://m%40e@host/runs"),
        (
            "postgresql://me@host/runs?password=pw&sslmode=require",
            "postgresql://me@host/runs?sslmode=require",
        ),
        ("postgresql://me:pw@[::1]:5433/runs", "postgresql://me@[::1]:5433/runs"),
        ("postgresql:///runs?host=/var/run", "postgresql:///runs?host=%2Fvar%2Frun"),
        ("postgresql://me:pw@a:1,b:2/runs", "postgresql://me@/runs?host=a%2Cb&port=1%2C2"),
    ],
)
def test_people_see_it_without_its_secrets(url: str, shown: str) -> None:
    address = Address(url)

    assert str(address) == address.shown == shown
    assert Address(address.shown).shown == shown


@pytest.mark.parametrize(
    "url", ["postgresql://me:p%40%2Fw@host:1/runs?sslmode=require", "postgresql://me:pw@a:1,b:2/runs"]
)
def test_the_full_address_connects_to_the_same(url: str) -> None:
    address = Address(url)

    assert Address(address.full).connecting == address.connecting
    assert "password" in address.connecting


@pytest.mark.parametrize("url", ["postgresql://me:s%zzcret@h/x", "postgresql://me:secret@h/x?sslmod=1"])
def test_an_address_that_can_not_be_read_is_not_repeated(url: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="postgresql://user:password@host") as raised:
        Address(url)

    assert "cret" not in str(raised.value)
    assert raised.value.__suppress_context__


def test_secrets_may_be_given_beside_it() -> None:
    address = Address("postgresql://host/runs")

    address.learn({"user": "me", "password": "pw"})

    assert address.full == "postgresql://me:pw@host/runs"


def test_other_secrets_are_answered() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"'pasword' was given.*Did you mean 'password'"):
        Address("postgresql://host/runs").learn({"pasword": "pw"})
