"""The command of a pod: ``mlrun run --from-env`` and what it is told beside the environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from mlrun.cluster.base import Reach
from mlrun.launcher.base import Place
from mlrun.model.function import Function, FunctionSpec
from mlrun.model.run import Run
from mlrun.runtimes.command import as_word, split_words

ENVIRONMENT = "environment:"  # an image that is a Python environment of this machine
CODE_FILE = "*"  # stands for the file of the code that comes in the environment


def mlrun_run(function: Function, run: Run, place: Place, more: Sequence[str] = ()) -> list[str]:
    """The words that a pod executes for *run*; *more* are options."""
    spec = function.spec
    options = {
        "--name": run.metadata.name,
        "--handler": run.spec.handler_name,
        "--mode": spec.mode,
        "--origin-file": spec.build.origin_filename if spec.build.functionSourceCode else "",
        "--source": spec.build.source if spec.build.load_source_on_run else "",
        "--workdir": _workdir(spec, place),
        "-rc": f"pythonpath={spec.pythonpath}" if spec.pythonpath else "",
    }
    words = [*_mlrun(spec, place), "run", "--from-env", *more]
    for option, value in options.items():
        words += [option, value] if value else []
    command = _command(spec, place)
    arguments = [str(word) for word in spec.args]
    if spec.build.functionSourceCode:
        command = command or (CODE_FILE if arguments else "")
    if not command:
        return words
    if any(word.startswith("-") for word in (command, *arguments)):
        words.append("--")  # what follows are no options of ours
    return [*words, command, *arguments]


def _mlrun(spec: FunctionSpec, place: Place) -> list[str]:
    """Where pods are processes of this machine: this very interpreter, or that of a built environment."""
    if place.reach is not Reach.FILES:
        return ["mlrun"]
    return ["python" if spec.image.startswith(ENVIRONMENT) else sys.executable, "-m", "mlrun"]


def _workdir(spec: FunctionSpec, place: Place) -> str:
    """A folder of this machine in full, where pods see it."""
    is_here = place.reach is Reach.FILES and not spec.build.source and os.path.isdir(spec.workdir)
    return os.path.abspath(spec.workdir) if is_here else spec.workdir


def _command(spec: FunctionSpec, place: Place) -> str:
    """
    The function's command. Where pods see this machine's files, one that is a file here is named in full:
    a pod has a working folder of its own.
    """
    if place.reach is not Reach.FILES or spec.mode == "pass" or spec.build.source or not spec.command:
        return spec.command
    program, *rest = split_words(spec.command)
    for path in map(os.path.abspath, (os.path.join(spec.workdir, program), program)):
        if os.path.isfile(path):
            return " ".join([as_word(path), *map(as_word, rest)])
    return spec.command
