"""``mlrun clean``."""

from __future__ import annotations

import datetime

import click

from mlrun.cli.database import connect
from mlrun.errors import MLRunInvalidArgumentError

_WEEK = 7.0  # days
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


@click.command()
@click.argument("kind", default="")
@click.argument("object_id", default="")
@click.option("--artifacts", is_flag=True, help="Find bytes of artifacts that no record names any more.")
@click.option("--caches", is_flag=True, help="Find environments and fetched code that nothing uses any more.")
@click.option("--bundles", is_flag=True, help="Find shipped folders that nothing needs any more.")
@click.option("--path", default="", help="Where artifacts, or bundles, are; by default as the settings say.")
@click.option(
    "--older-than",
    type=click.FloatRange(min=0),
    default=None,
    help="Only files that are so old, in days; 7, of bundles the setting bundles.keep_days.",
)
@click.option("--yes", is_flag=True, help="Delete them; without it they are only listed.")
@click.option("--db", default="", help="Database: a folder, a SQLite file or a URL.")
@click.option("--api", default="", help="The same, as MLRun names it.")
@click.option("-ls", "--label-selector", default="", help="Labels of the pods: name=value, several by comma.")
@click.option("-f", "--force", is_flag=True, help="Also pods that have not ended; their runs are aborted.")
@click.option(
    "-gp",
    "--grace-period",
    type=click.IntRange(min=0),
    default=None,
    help="Seconds that a pod is left alone after its end. Default: runtime_resources_deletion_grace_period.",
)
def clean(
    kind: str,
    object_id: str,
    artifacts: bool,
    caches: bool,
    bundles: bool,
    path: str,
    older_than: float | None,
    yes: bool,
    db: str,
    api: str,
    label_selector: str,
    force: bool,
    grace_period: int | None,
) -> None:
    """
    Find what is left behind, and delete it.

    Without one of these words: pods of runs that have ended; KIND is one of functions (job), OBJECT_ID the
    uid of a run. With --artifacts: files that no record in the database names. With --caches: built
    environments, code that was fetched and objects of shipped folders, in the mlrun home, that were not used
    for --older-than. With --bundles: folders shipped so long ago that no function with a tag, schedule or run
    needs.
    """
    words = {"artifacts": artifacts, "caches": caches, "bundles": bundles}
    if asked := [word for word, is_asked in words.items() if is_asked]:
        if len(asked) > 1 or (caches and path):
            raise click.UsageError(
                "one of --artifacts, --caches and --bundles; --caches are in the mlrun home, without --path"
            )
        if kind or label_selector or force or grace_period is not None:
            word = f"--{asked[0]}"
            raise click.UsageError(f"{word} is about files; KIND and the options for pods are not for it")
        if bundles:
            _clean_bundles(path, older_than, yes, db or api)
        elif caches:
            _clean_caches(_WEEK if older_than is None else older_than, yes, db or api)
        else:
            _clean_artifacts(path, _WEEK if older_than is None else older_than, yes, db or api)
        return
    from mlrun.cli.runtimes import pods_of, runtimes_of

    runtimes = runtimes_of(connect(db or api))
    deleted = runtimes.delete(label_selector, kind, object_id, force, grace_period)
    for _, row in pods_of(deleted):
        click.echo(f"deleted {row['name']} of {row['labels'].get('mlrun/project', '')}")
    click.echo(f"deleted {len(pods_of(deleted))} pods", err=True)


def _clean_artifacts(path: str, older_than: float, yes: bool, address: str) -> None:
    from mlrun.artifacts import garbage, places

    home = connect(address)
    roots = [path] if path else places.own_places()
    if not roots:
        raise MLRunInvalidArgumentError(
            "where are the artifacts? --path names a folder or address; so does the setting artifact_path"
        )
    found = garbage.leftovers(home, roots[0], datetime.timedelta(days=older_than))
    for file in found:
        click.echo(f"{file.modified.astimezone():%Y-%m-%d %H:%M}  {_size(file.size):>10}  {file.address}")
    size = _size(sum(file.size for file in found))
    if not found:
        click.echo(
            f"every file below {roots[0]} that is older than {older_than:g} days has a record", err=True
        )
    elif yes:
        click.echo(f"deleted {len(found)} files, {_size(garbage.delete(found))}", err=True)
    else:
        click.echo(f"{len(found)} files, {size}, have no record; --yes deletes them", err=True)


def _clean_caches(older_than: float, yes: bool, address: str) -> None:
    from mlrun.builders import unused

    found = unused.unused(connect(address), datetime.timedelta(days=older_than))
    for one in found:
        click.echo(
            f"{one.used.astimezone():%Y-%m-%d %H:%M}  {_size(one.size):>10}  {one.kind:<11}  {one.path}"
        )
    if not found:
        click.echo(f"whatever is kept was used in the last {older_than:g} days, or is in use", err=True)
    elif yes:
        click.echo(f"deleted {len(found)}, {_size(unused.delete(found))}", err=True)
    else:
        size = _size(sum(one.size for one in found))
        click.echo(f"{len(found)}, {size}, are not used; --yes deletes them", err=True)


def _clean_bundles(path: str, older_than: float | None, yes: bool, address: str) -> None:
    from mlrun.code import bundles, pruning

    home = connect(address)
    place = bundles.place_to_prune(path, home)
    age = pruning.age(older_than)
    before = datetime.datetime.now(datetime.timezone.utc) - age
    found = pruning.unneeded(place, pruning.needed(home, since=before), before)
    for one in found:
        click.echo(f"{one.written.astimezone():%Y-%m-%d %H:%M}  {_size(one.size):>10}  {one.name}")
    if not found:
        days = f"{age / datetime.timedelta(days=1):g} days"
        click.echo(f"all that was shipped is needed, or was sent in the last {days}", err=True)
    elif yes:
        click.echo(f"deleted {len(found)}, {_size(pruning.delete(place, found))}", err=True)
    else:
        size = _size(sum(one.size for one in found))
        click.echo(f"{len(found)} objects, {size}, are not needed; --yes deletes them", err=True)


def _size(count: float) -> str:
    unit = 0
    while count >= 1000 and unit < len(_UNITS) - 1:
        count, unit = count / 1000, unit + 1
    return f"{count:.0f} {_UNITS[unit]}" if unit == 0 else f"{count:.1f} {_UNITS[unit]}"
