"""``python -m mlrun.api.main``, where it can not start; that it starts is in test_server.py."""

from __future__ import annotations

import pytest

from mlrun import mlconf
from mlrun.api.main import main


def test_what_is_wrong_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with mlconf.override(**{"httpdb.user": "me"}), pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("mlrun: httpdb.user and httpdb.password belong together")
