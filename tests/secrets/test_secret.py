from __future__ import annotations

from mlrun.model.base import dump_json
from mlrun.secrets import Secret


def test_a_secret_prints_as_stars() -> None:
    secret = Secret("s3cr3t")

    printed = f"{secret} {secret!r} {secret!s} %s {[secret]} {dump_json({'a': secret})!r}" % secret

    assert "s3cr3t" not in printed
    assert secret.reveal() == "s3cr3t"


def test_secrets_compare_by_their_text() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("***") != "***"
    assert {Secret("a"), Secret("a")} == {Secret("a")}
    assert not Secret("")
