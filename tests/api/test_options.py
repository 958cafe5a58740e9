"""What may be asked of a server, with the settings behind it."""

from __future__ import annotations

import pytest

from mlrun import mlconf
from mlrun.api.options import OPTIONS, Options


def test_what_is_not_asked_is_in_the_settings() -> None:
    with mlconf.override(**{"httpdb.host": "0.0.0.0", "httpdb.workers": 3}):
        assert (Options().address, Options().processes) == ("0.0.0.0", 3)
        assert (Options(host="::1").address, Options(workers=2).processes) == ("::1", 2)


def test_there_is_one_process_at_least() -> None:
    with mlconf.override(**{"httpdb.workers": 0}):
        assert Options().processes == 1


def test_every_field_has_its_option() -> None:
    assert {option.field for option in OPTIONS} == set(Options._fields)


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.field)
def test_an_option_says_what_it_is(option: object) -> None:
    assert option.help.endswith(".") and all(flag.startswith("-") for flag in option.flags)  # type: ignore[attr-defined]
