"""``mlrun build``."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import click

from mlrun.cli.database import connect, ensure_project
from mlrun.errors import MLRunInvalidArgumentError

if TYPE_CHECKING:
    from mlrun.runtimes.building import Building

_CODE = (".py", ".ipynb")


@click.command()
@click.argument("func_url", default="", required=False)
@click.option("--name", default="", help="Name of the function.")
@click.option("--project", default="", help="Project of the function.")
@click.option("--tag", default="", help="Tag of this version of the function.")
@click.option("--image", "-i", default="", help="Name of the image; a leading dot is the default registry.")
@click.option("--source", "-s", default="", help="Folder, archive or git URL whose code goes into the image.")
@click.option("--base-image", "-b", default="", help="Image to start from.")
@click.option("--command", "-c", multiple=True, help="Command of the build; may be repeated.")
@click.option("--secret-name", default="", help="Secret of the cluster with the login for the registry.")
@click.option("--archive", "-a", default="", help="Address to put the source folder at, as an archive.")
@click.option("--silent", is_flag=True, help="Do not show what the build prints.")
@click.option("--with-mlrun", is_flag=True, help="Put this package into the image.")
@click.option("--db", default="", help="Database: a folder, a SQLite file or a URL.")
@click.option("--runtime", "-r", default="", help="The function as a record, in JSON.")
@click.option("--kfp", is_flag=True, help="Write state and image to files, for Kubeflow Pipelines.")
@click.option("--skip", is_flag=True, help="An image that is there already is enough.")
@click.option("--env-file", default="", help="NAME=value lines for this process.")
@click.option("--ensure-project", "wants_project", is_flag=True, help="Make the project, if there is none.")
@click.option("--state-file-path", default="/tmp/state", show_default=True, help="With --kfp: of the state.")
@click.option("--image-file-path", default="/tmp/image", show_default=True, help="With --kfp: of the image.")
@click.option(
    "--full-image-file-path",
    default="/tmp/fullimage",
    show_default=True,
    help="With --kfp: of the image with its registry.",
)
@click.option("--allow-cross-project", is_flag=True, help="Taken for compatibility.")
def build(**options: Any) -> None:
    """
    Build the image of the function at FUNC_URL: a YAML file, a folder with a function.yaml, or db://project/name.

    \b
      mlrun build function.yaml
      mlrun build --name train -b python:3.11 -c "pip install pandas" -i .train:v1
      mlrun build -s ./src train.py

    A FUNC_URL that is code makes a function of it.
    """
    given = SimpleNamespace(**options)
    if given.env_file:
        from mlrun.config import set_env_from_file

        set_env_from_file(given.env_file)
    db = connect(given.db)
    if given.wants_project:
        ensure_project(db, given.project)
    fn = _configured(_function(given), given)
    if given.archive:
        _archive(fn, given.archive)
    is_ready = fn.deploy(
        watch=not given.silent,
        with_mlrun=given.with_mlrun or None,
        skip_deployed=given.skip,
        is_kfp=given.kfp,
    )
    if given.kfp:
        _write_outputs(fn, given)
    click.echo(f"image {fn.spec.image}" if is_ready else f"the image of {fn.uri} is being built", err=True)


def _function(given: Any) -> Building:
    from mlrun.run import code_to_function, import_function, new_function
    from mlrun.runtimes.building import Building

    url = given.func_url
    if os.path.isdir(url):
        url = os.path.join(url, "function.yaml")
    if given.runtime:
        fn = new_function(given.name, given.project, given.tag, runtime=_record(given.runtime))
    elif url.endswith(_CODE):
        fn = code_to_function(given.name, given.project, given.tag, filename=url, kind="job")
    elif url:
        fn = import_function(url, project=given.project or None, new_name=given.name or None)
    elif given.name:
        fn = new_function(given.name, given.project, given.tag, kind="job")
    else:
        raise click.UsageError("there is nothing to build: name a file, as in 'mlrun build function.yaml'")
    if not isinstance(fn, Building):
        raise MLRunInvalidArgumentError(
            f"a function of kind {fn.kind!r} runs in this machine's Python, and has no image;"
            " one of kind 'job' has"
        )
    fn.metadata.tag = given.tag or fn.metadata.tag
    return fn


def _record(text: str) -> dict[str, Any]:
    from mlrun.model.base import load_json

    record = load_json(text, "--runtime")
    if not isinstance(record, dict):
        raise MLRunInvalidArgumentError("--runtime is a function as a JSON object")
    return record


def _configured(fn: Building, given: Any) -> Building:
    return fn.build_config(
        image=given.image,
        base_image=given.base_image or None,
        commands=[*given.command] or None,
        secret=given.secret_name or None,
        source=given.source or None,
    )


def _archive(fn: Building, target: str) -> None:
    """Put the folder that is the source of *fn* where whoever builds can fetch it."""
    import tarfile
    import tempfile

    from mlrun.datastore import get_dataitem

    folder = Path(fn.spec.build.source or ".")
    if not folder.is_dir():
        raise MLRunInvalidArgumentError(f"--archive is for a source that is a folder here, not {folder}")
    if not target.endswith((".tar.gz", ".tgz")):
        target = f"{target.rstrip('/')}/{fn.metadata.name}-source.tar.gz"
    with tempfile.NamedTemporaryFile(suffix=".tar.gz") as file:
        with tarfile.open(fileobj=file, mode="w:gz") as archive:
            archive.add(folder, arcname=".")
        file.flush()
        get_dataitem(target).upload(file.name)
    fn.spec.build.source = target


def _write_outputs(fn: Building, given: Any) -> None:
    from mlrun.builders.names import registry_of

    image = fn.spec.image
    registry = registry_of(image)
    for path, text in (
        (given.state_file_path, fn.status.state),
        (given.image_file_path, image.removeprefix(f"{registry}/")),
        (given.full_image_file_path, image),
    ):
        Path(path).write_text(text)
