"""``mlrun config``."""

from __future__ import annotations

import os
import re

import click

from mlrun.cli.values import Pairs, pairs
from mlrun.errors import nearest

_ACTIONS = ("get", "set", "clear")
_SECRET = re.compile(r"key|password|passwd|token|secret|credential", re.IGNORECASE)


def _action(ctx: click.Context, param: click.Parameter, word: str | None) -> str:
    if word and word not in _ACTIONS:
        raise click.BadParameter(f"{word!r} is none of {', '.join(_ACTIONS)}.{nearest(word, _ACTIONS)}")
    return word or ""


@click.command()
@click.argument("command", required=False, callback=_action, metavar="[get|set|clear]")
@click.option("-f", "--env-file", default="", help="The env file; by default ~/.mlrun.env.")
@click.option("-a", "--api", help="Set the database: a folder, a SQLite file or a URL (MLRUN_DBPATH).")
@click.option("-p", "--artifact-path", help="Set where artifacts go (MLRUN_ARTIFACT_PATH).")
@click.option("-u", "--username", help="Set the user name (V3IO_USERNAME).")
@click.option("-k", "--access-key", help="Set the access key (V3IO_ACCESS_KEY).")
@click.option(
    "-e",
    "--env-vars",
    multiple=True,
    callback=pairs("NAME=value"),
    help="Set another variable, NAME=value; may be repeated.",
)
def config(
    command: str,
    env_file: str,
    api: str | None,
    artifact_path: str | None,
    username: str | None,
    access_key: str | None,
    env_vars: Pairs,
) -> None:
    """
    Show every setting; or show (get), change (set) or delete (clear) the env file.

    The env file holds NAME=value lines that every mlrun program of this user starts with.
    """
    from mlrun.config import default_env_file

    named = {
        "MLRUN_DBPATH": api,
        "MLRUN_ARTIFACT_PATH": artifact_path,
        "V3IO_USERNAME": username,
        "V3IO_ACCESS_KEY": access_key,
    }
    given = {name: value for name, value in named.items() if value is not None} | env_vars
    path = os.path.expanduser(env_file) or default_env_file()
    if given and command != "set":
        raise click.UsageError(
            "values are written by 'mlrun config set', for example: mlrun config set -a ./db"
        )
    if command == "set":
        _set(path, given)
    elif command == "clear":
        _clear(path)
    elif command == "get" or env_file:
        _get(path)
    else:
        _settings()


def _set(path: str, given: Pairs) -> None:
    from mlrun.config import read_env_file, write_env_file

    if not given:
        raise click.UsageError(
            "nothing to set, for example: mlrun config set -a ./db -e MLRUN_LOG_LEVEL=DEBUG"
        )
    kept = read_env_file(path) if os.path.exists(path) else {}
    write_env_file(path, kept | given)
    click.echo(f"{', '.join(given)} set in {path}")


def _clear(path: str) -> None:
    if os.path.exists(path):
        os.remove(path)
        click.echo(f"{path} deleted")
    else:
        click.echo(f"there is no {path}")


def _get(path: str) -> None:
    from mlrun.config import read_env_file

    if not os.path.exists(path):
        click.echo(f"there is no {path}; 'mlrun config set' makes it", err=True)
        return
    click.echo(f"# {path}")
    for name, value in read_env_file(path).items():
        click.echo(f"{name}={'***' if value and _SECRET.search(name) else value}")


def _settings() -> None:
    from mlrun.config import mlconf
    from mlrun.render import text_table

    rows = [[item.setting.env, item.value, item.source, item.setting.help] for item in mlconf.settings()]
    click.echo(text_table(["variable", "value", "from", "meaning"], rows))
