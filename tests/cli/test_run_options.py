"""The options of ``mlrun run``."""

from __future__ import annotations

import click
import pytest

from mlrun.cli.run import run

# What scripts that were written for MLRun use.
PUBLISHED = {
    "-p",
    "--param",
    "-i",
    "--inputs",
    "-o",
    "--outputs",
    "--in-path",
    "--out-path",
    "-s",
    "--secrets",
    "--uid",
    "--name",
    "--workflow",
    "--project",
    "--db",
    "-r",
    "--runtime",
    "--kfp",
    "-x",
    "--hyperparam",
    "--param-file",
    "--selector",
    "--hyper-param-strategy",
    "--hyper-param-options",
    "-f",
    "--func-url",
    "--task",
    "--handler",
    "--mode",
    "--schedule",
    "--from-env",
    "--dump",
    "--image",
    "--kind",
    "--source",
    "--local",
    "--auto-mount",
    "--workdir",
    "--origin-file",
    "--label",
    "-w",
    "--watch",
    "--verbose",
    "--scrape-metrics",
    "--env-file",
    "--auto-build",
    "--ensure-project",
    "--returns",
    "--allow-cross-project",
    "-rc",
    "--runtime-config",
}


def test_every_published_option_is_there() -> None:
    spellings = {spelling for parameter in run.params for spelling in parameter.opts}

    assert spellings >= PUBLISHED


@pytest.mark.parametrize(
    "parameter", [p for p in run.params if isinstance(p, click.Option)], ids=lambda p: p.name
)
def test_every_option_has_its_help(parameter: click.Option) -> None:
    assert parameter.help and parameter.help.endswith(".")
