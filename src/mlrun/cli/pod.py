"""What a pod executes: ``mlrun run --from-env``, where a launcher has stored the run already."""

from __future__ import annotations

import contextlib
import importlib
from typing import TYPE_CHECKING, Any

import click

from mlrun.cli.run_function import configured, has_placeholder, set_command
from mlrun.config import mlconf
from mlrun.errors import RunError
from mlrun.runtimes.told import CODE, CONFIG, forget, told

if TYPE_CHECKING:
    from mlrun.db.base import RunDB
    from mlrun.model.run import Run
    from mlrun.runtimes.base import BaseRuntime
    from mlrun.secrets import SecretsStore


def prepared_run() -> Run | None:
    """The run of the environment, if a launcher has prepared it; a task has no function and uid yet."""
    if not (text := told(CONFIG)):
        return None
    from mlrun.model.base import load_json
    from mlrun.model.run import Run

    record = load_json(text, CONFIG)
    if not isinstance(record, dict) or not (record.get("spec") or {}).get("function"):
        return None
    run = Run.from_dict(record)
    return run if run.metadata.uid else None


def resume(run: Run, given: Any, db: RunDB) -> int:
    """Run *run* to its end, as the options say; gives the exit code."""
    from mlrun.runtimes.pod_output import read_output

    secrets = _secrets(run)
    read_output(secrets.masker, db, lambda: _deliver(db))
    with contextlib.ExitStack() as stack:
        function = _function(run, given, stack)
        stack.callback(_deliver, db)  # also where it is interrupted: its time of grace is for that
        for name in (CONFIG, CODE):  # what user code starts is no part of this run
            forget(name)
        try:
            function.resume(run, secrets, given.handler, given.workdir)
        except RunError as error:
            tell(error)
    return int(run.status.is_failed())


def _deliver(db: RunDB) -> None:
    """Wait for a server that is away: what it was not told yet would be lost with the pod."""
    from mlrun.db.journal import deliver_all

    def waits(reason: str) -> None:
        click.echo(f"mlrun: {reason}; this pod waits until it can tell how the run ended", err=True)

    deliver_all(db, float(mlconf.cluster.patience), waits)


def tell(error: RunError) -> None:
    """What failed in this process has shown no traceback yet; a program has printed its own."""
    if error.__cause__ is not None:
        from mlrun.execution.outcome import user_traceback

        click.echo(user_traceback(error.__cause__), err=True)
    click.echo(f"mlrun: {error}", err=True)


def _secrets(run: Run) -> SecretsStore:
    """Those that were handed over, and those that only this place has."""
    from mlrun.runtimes.handover import received

    store = received()
    for source in run.spec.secret_sources:
        if source.get("kind") == "kubernetes" or source.get("source") == "*":
            store.add_source(source["kind"], source["source"], str(source.get("prefix") or ""))
    return store


_DRIVERS = {
    "mpijob": "mlrun.runtimes.mpi.driver:MpiDriver",
    "spark": "mlrun.runtimes.spark.driver:SparkDriver",
    "remote-spark": "mlrun.runtimes.spark.remote_driver:RemoteDriver",
}


def _kind(kind: str) -> type[BaseRuntime]:
    """What runs a function of *kind* in its pod."""
    module, _, name = _DRIVERS.get(kind, "mlrun.runtimes.local:LocalRuntime").partition(":")
    found: type[BaseRuntime] = getattr(importlib.import_module(module), name)
    return found


def _function(run: Run, given: Any, files: contextlib.ExitStack) -> BaseRuntime:
    """The function of *run* as what runs it here; nothing that it is called by is looked up again."""
    from mlrun import urls

    function = _kind(given.kind).from_dict({})
    function.metadata.name = urls.parse_function_url(run.spec.function).name
    function.metadata.project = run.metadata.project
    spec = function.spec
    spec.mode, spec.args = given.mode, [*given.run_args]
    spec.build.functionSourceCode = told(CODE)
    spec.build.origin_filename = given.origin_file
    spec.build.source = given.source
    if given.url == "*":  # code with arguments
        return configured(function, given)
    spec.command = given.url
    if has_placeholder(given.url):
        set_command(function, given, files)
    return configured(function, given)
