"""Which hosts are this machine's own, and which rules make sense."""

from __future__ import annotations

import pytest

from mlrun.api.access import Access, is_loopback
from mlrun.errors import MLRunInvalidArgumentError


@pytest.mark.parametrize("name", ["localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_the_loopback_has_many_names(name: str) -> None:
    assert is_loopback(name)


@pytest.mark.parametrize("name", ["", "0.0.0.0", "10.0.0.1", "::", "localhost.evil.com", "evil.com"])
def test_other_names_may_be_reached_from_elsewhere(name: str) -> None:
    assert not is_loopback(name)


@pytest.mark.parametrize("half", [Access(user="me"), Access(password="s3cr3t")])
def test_a_user_without_a_password_is_no_login(half: Access) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="belong together"):
        half.check()


def test_what_is_printed_has_no_secret() -> None:
    assert "s3cr3t" not in f"{Access('s3cr3t', 'me', 's3cr3t')!r} {Access('s3cr3t')}"


def test_a_token_or_a_user_is_a_login() -> None:
    assert Access(token="t").needs_login and Access(user="u", password="p").needs_login
    assert not Access().needs_login
