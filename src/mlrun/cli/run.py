"""``mlrun run``."""

from __future__ import annotations

import contextlib
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import click

from mlrun.cli import pod
from mlrun.cli.database import connect, ensure_project
from mlrun.cli.run_function import function_of
from mlrun.cli.run_options import run_options
from mlrun.errors import (
    MLRunInvalidArgumentError,
    MLRunNotFoundError,
    MLRunNotImplementedServerError,
    RunError,
)
from mlrun.model.run import RunState
from mlrun.runtimes.told import CODE, CONFIG, told

if TYPE_CHECKING:
    from mlrun.db.base import RunDB
    from mlrun.execution.run_object import RunObject
    from mlrun.model.task import RunTemplate
    from mlrun.runtimes.base import BaseRuntime

_LATER = {
    "kfp": "--kfp needs Kubeflow Pipelines, which is not built yet; without it the run starts here",
}


@click.command()
@run_options
def run(**options: Any) -> None:
    """
    Run URL, a program, a notebook or a shell command with its ARGS, and record what it does.

    \b
      mlrun run -p p1=5 -i infile.txt=data.txt training.py
      mlrun run --handler train -x p1="[3,7,5]" --selector max.accuracy training.py
      mlrun run -f function.yaml --handler train -p p1=5
      mlrun run --mode args "./train.sh {p1}" -p p1=5

    Options of the program itself come after --. Where code comes from a function or from the environment,
    {codefile} or * in URL stands for the file that holds it.
    """
    given = SimpleNamespace(**options)
    if given.url.endswith((".yaml", ".yml", ".json")) and not given.func_url:
        given.func_url, given.url = given.url, ""
    for name, sentence in _LATER.items():
        if options[name]:
            raise MLRunNotImplementedServerError(sentence)
    if given.env_file:
        from mlrun.config import set_env_from_file

        set_env_from_file(given.env_file)
    db = connect(given.db)
    if given.resume:
        _resume(given, db)
        return
    if given.from_env and (prepared := pod.prepared_run()):
        sys.exit(pod.resume(prepared, given, db))
    task = _task(given)
    if not (given.url.strip() or given.func_url or given.runtime or given.from_env or task.spec.handler):
        raise click.UsageError("there is nothing to run: name a file, for example 'mlrun run training.py'")
    if given.ensure_project:
        ensure_project(db, given.project)
    task.metadata.uid = task.metadata.uid or uuid.uuid4().hex
    with _own_stdout(given.as_json) as out, contextlib.ExitStack() as files:
        failed = _run(function_of(given, task, files), task, given)
    _report(_read(db, task.metadata.uid), given, out)
    if failed:
        sys.exit(1)


def _resume(given: Any, db: RunDB) -> None:
    from mlrun.runtimes.resume import resume
    from mlrun.secrets import SecretsStore

    sources = [{"kind": kind, "source": source} for kind, source in given.secrets]
    store = SecretsStore.from_list(sources) if sources else None
    failed = False
    with _own_stdout(given.as_json) as out:
        try:
            resume(given.resume, given.project, db, secrets=store, workdir=given.workdir)
        except RunError as error:
            pod.tell(error)
            failed = True
    _report(_read(db, given.resume), given, out)
    if failed:
        sys.exit(1)


def _run(fn: BaseRuntime, task: RunTemplate, given: Any) -> bool:
    """Run it, and say whether it failed."""
    try:
        done = fn.run(
            task,
            name=given.name,
            workdir=given.workdir,
            watch=given.watch,
            schedule=given.schedule,
            local=given.local,
            auto_build=given.auto_build or None,
        )
    except RunError as error:
        pod.tell(error)
        return True
    if isinstance(done, dict):
        click.echo(f"schedule {done['name']} of project {done['project']} is {done['action']}", err=True)
        return False
    if not RunState(done.status.state).is_final:
        click.echo(f"run {done.key} is {done.status.state}; mlrun logs -w {done.uid()} follows it", err=True)
    return done.status.is_failed()


def _read(db: RunDB, uid: str) -> RunObject | None:
    """The run as it is stored; None where it never came so far."""
    from mlrun.execution.run_object import RunObject

    found = db.list_runs(uid=uid)
    return RunObject.of(found[0], db) if found else None


def _report(done: RunObject | None, given: Any, out: Any) -> None:
    if done is None:
        return
    if given.as_json:
        print(done.to_json(), file=out)
    elif given.dump:
        click.echo(done.to_yaml(), nl=False)
    elif sys.stdout.isatty():
        done.show()
    if done.status.state == RunState.COMPLETED and (text := done.status.status_text):
        click.echo(f"mlrun: run {done.key} is completed, but {text}", err=True)


@contextlib.contextmanager
def _own_stdout(wanted: bool) -> Iterator[Any]:
    """Keep standard output for this command: inside the block everybody else's goes to standard error."""
    out = sys.stdout
    if not wanted:
        yield out
        return
    with contextlib.redirect_stdout(sys.stderr):
        yield out


# the task


def _task(given: Any) -> RunTemplate:
    from mlrun.model.task import new_task

    task = new_task(base=_base(given), name=given.name, project=given.project, handler=given.handler)
    meta, spec = task.metadata, task.spec
    meta.uid = given.uid or meta.uid
    meta.labels.update(given.label | ({"workflow": given.workflow} if given.workflow else {}))
    spec.parameters.update(given.param)
    spec.inputs.update(given.inputs)
    spec.outputs = [*given.outputs] or spec.outputs
    spec.returns = [*given.returns] or spec.returns
    spec.input_path = given.in_path or spec.input_path
    spec.output_path = given.out_path or spec.output_path
    spec.verbose = given.verbose or spec.verbose
    spec.scrape_metrics = given.scrape_metrics or spec.scrape_metrics
    for kind, source in given.secrets:
        task.with_secrets(kind, source)
    return _with_sweep(task, given)


def _with_sweep(task: RunTemplate, given: Any) -> RunTemplate:
    named = {
        "param_file": given.param_file,
        "selector": given.selector,
        "strategy": given.hyper_param_strategy,
    }
    options = given.hyper_param_options | {key: value for key, value in named.items() if value}
    if given.hyperparam or options:
        task.with_hyper_params(task.spec.hyperparams | given.hyperparam, **options)
    return task


def _base(given: Any) -> dict[str, Any] | None:
    """The task to start from; ``--task`` wins over the environment."""
    from mlrun.model.base import load_json, load_yaml

    if given.task:
        text = given.task if given.task.lstrip().startswith("{") else _text(given.task, "--task")
        return _as_task(load_yaml(text, "--task"), "--task")
    if not given.from_env:
        return None
    text = told(CONFIG)
    if not text and not told(CODE):
        raise MLRunInvalidArgumentError(f"--from-env needs {CONFIG} (a run as JSON), {CODE}, or both")
    return _as_task(load_json(text, CONFIG), CONFIG) if text else None


def _text(path: str, where: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise MLRunNotFoundError(f"{where}: can not read {path!r}: {reason}") from error


def _as_task(record: Any, where: str) -> dict[str, Any]:
    if not isinstance(record, dict) or not ({"metadata", "spec"} & record.keys()):
        raise MLRunInvalidArgumentError(f"{where} is no task; a task has the keys metadata and spec")
    return {key: record[key] for key in ("metadata", "spec") if key in record}
