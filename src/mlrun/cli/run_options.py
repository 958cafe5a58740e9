"""The options of ``mlrun run``, by what they are about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from mlrun.cli.values import mapping, pairs, parse_value, secret_sources, value_lists

Decorator = Callable[[Any], Any]


def _text(help: str, *names: str) -> Decorator:
    return click.option(*names, default="", help=help)


def _flag(help: str, *names: str) -> Decorator:
    return click.option(*names, is_flag=True, help=help)


def _many(help: str, *names: str, callback: Any = None) -> Decorator:
    return click.option(*names, multiple=True, callback=callback, help=f"{help}; may be repeated.")


def _mapping(help: str, *names: str) -> Decorator:
    return click.option(*names, callback=mapping, help=help)


_WHAT = [
    click.argument("url", default=""),
    click.argument("run_args", nargs=-1, type=click.UNPROCESSED),
    _text("Run the function of this YAML file, folder (.) or db:// URL.", "-f", "--func-url"),
    _mapping("Run the function of this record, as JSON.", "-r", "--runtime"),
    _text("Start from the task of this YAML or JSON file, or JSON text.", "--task"),
    _text("Go on with the sweep of this uid, which was killed or interrupted.", "--resume"),
    _flag("Take the task from MLRUN_EXEC_CONFIG, and code from MLRUN_EXEC_CODE.", "--from-env"),
    _text("Call this function of the code.", "--handler"),
    _text("Kind of function: local, handler, job ...; by default what URL needs.", "--kind"),
    _text("pass: run the command as it is; args: put parameters where it says {name}.", "--mode"),
    _text("Container image, for kinds that run in one.", "--image"),
    _text("Load the code from this git URL, archive or folder when the run starts.", "--source"),
    _text("File name that tracebacks show for code from MLRUN_EXEC_CODE.", "--origin-file"),
    _many(
        "Set a field of the function's spec, field=value",
        "-rc",
        "--runtime-config",
        callback=pairs("field=value", parse_value),
    ),
]
_WITH = [
    _many(
        "Parameter, name=value, as JSON or a Python literal",
        "-p",
        "--param",
        callback=pairs("name=value, for example -p p1=5", parse_value),
    ),
    _many(
        "Data input, name=url",
        "-i",
        "--inputs",
        callback=pairs("name=url, for example -i data=iris.csv"),
    ),
    _many("Name of an output that is expected", "-o", "--outputs"),
    _many("Log what the handler returns, as key or key:type", "--returns"),
    _text("Folder or URL that input paths are relative to.", "--in-path"),
    _text("Folder or URL where artifacts go.", "--out-path"),
    _many(
        "Source of secrets, kind=source: file=secrets.txt, env=KEY1,KEY2",
        "-s",
        "--secrets",
        callback=secret_sources,
    ),
    _text("File of NAME=value lines for this process and the run.", "--env-file"),
    _text("Folder in which the program starts; of a source, one in it.", "--workdir"),
]
_SWEEP = [
    _many(
        'Values to try, name="[3,7,5]", or a range of the strategy bayesian',
        "-x",
        "--hyperparam",
        callback=value_lists,
    ),
    _text("CSV (a row each child) or JSON file of values to try.", "--param-file"),
    _text("Which child is the best: max.accuracy, min.loss.", "--selector"),
    _text("grid (default), list, random, custom or bayesian.", "--hyper-param-strategy"),
    _mapping("Other options of the search, as JSON.", "--hyper-param-options"),
]
_RECORD = [
    _text("Name of the run.", "--name"),
    _text("Uid of the run; by default a new one.", "--uid"),
    _text("Project of the run.", "--project"),
    _text("Id of the workflow that the run is part of; a label.", "--workflow"),
    _many("Label, name=value", "--label", callback=pairs("name=value")),
    _text("Database: a folder, a SQLite file or a URL.", "--db"),
    _flag("Make the project if there is none.", "--ensure-project"),
    _flag("Taken for compatibility; any project may be used.", "--allow-cross-project"),
    _flag("Recorded with the run, for clusters that scrape metrics.", "--scrape-metrics"),
]
_HOW = [
    _flag("Run here whatever the function's kind is.", "--local"),
    _flag("Wait for a run in a pod, and print its log; a run here always does.", "-w", "--watch"),
    _flag("Verbose run; recorded with it.", "--verbose"),
    _flag("Print the run as YAML when it has ended.", "--dump"),
    _flag("Print only the run, as JSON; what it prints goes to standard error.", "--json", "as_json"),
    click.option("--schedule", help="Run at the times of this cron line, for kinds that run in pods."),
    _flag("Run as a step of Kubeflow Pipelines; not built yet.", "--kfp"),
    _flag("Build the image first that the function needs.", "--auto-build"),
    _flag("Mount the storage that there is into the pod, for kinds that run in one.", "--auto-mount"),
]


def run_options(command: Any) -> Any:
    """Give *command* every option, in the order in which the help shows them."""
    for decorator in reversed([*_WHAT, *_WITH, *_SWEEP, *_RECORD, *_HOW]):
        command = decorator(command)
    return command
