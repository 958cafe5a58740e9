"""``python -m mlrun.api.main``, where it can not start; that it starts is in test_server.py."""

from __future__ import annotations

import pytest

from mlrun import mlconf
from mlrun.api.main import main
from mlrun.api.options import OPTIONS


def test_what_is_wrong_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with mlconf.override(**{"httpdb.user": "me"}), pytest.raises(SystemExit) as ended:
        main([])

    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("mlrun: httpdb.user and httpdb.password belong together")


@pytest.mark.parametrize(
    "words", [["-p", "x"], ["--port", "65536"], ["--workers", "0"], ["--sideways"], ["x"]]
)
def test_an_option_that_is_wrong_is_answered(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)

    assert ended.value.code == 2 and capsys.readouterr().err


def test_its_options_are_those_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])

    told = capsys.readouterr().out
    for option in OPTIONS:
        assert all(flag in told for flag in option.flags)


def test_other_machines_are_not_let_in_without_a_login(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--host", "0.0.0.0", "-p", "0", "-d", "served"])

    assert "mlrun db token create" in capsys.readouterr().err
