"""The port of launchers."""

from __future__ import annotations

import pytest

from mlrun.launcher.base import Launcher


def test_an_adapter_has_to_do_all_that_the_port_says() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Launcher()
