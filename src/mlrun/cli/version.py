"""``mlrun version``."""

from __future__ import annotations

import click

from mlrun import __version__


@click.command()
def version() -> None:
    """Print the version."""
    click.echo(f"mlrun {__version__}")
