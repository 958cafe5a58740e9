"""``mlrun db ping``: whether an API server is ready, for the health checks of containers."""

from __future__ import annotations

import click

from mlrun.errors import MLRunServiceUnavailableError

LONGEST_S = 4.0  # containers give a check five


@click.command()
@click.argument("url", default="")
def ping(url: str) -> None:
    """
    Say whether the API server at URL (default: the one of this machine) answers, and its database too.

    No login is needed. Exit code 1 where it is not ready.
    """
    import httpx2

    from mlrun.config import mlconf

    url = (url or f"http://127.0.0.1:{mlconf.httpdb.port}").rstrip("/")
    try:
        answer = httpx2.get(f"{url}/healthz/ready", timeout=LONGEST_S, verify=mlconf.httpdb.http.verify)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise MLRunServiceUnavailableError(f"nobody answers at {url}: {error}") from error
    if answer.status_code != 200:
        raise MLRunServiceUnavailableError(f"{url} is not ready: {answer.status_code} {answer.text[:200]}")
    click.echo(f"{url} is ready: version {answer.json().get('version')}")
