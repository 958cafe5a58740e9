"""``mlrun version``."""

from __future__ import annotations

from click.testing import CliRunner

import mlrun
from mlrun.cli import cli


def test_the_version_is_printed() -> None:
    assert CliRunner().invoke(cli, ["version"]).output == f"mlrun {mlrun.__version__}\n"
