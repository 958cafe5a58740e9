"""A plan as the file that builders of containers read."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator

from mlrun.builders import variables
from mlrun.builders.plan import BuildPlan

SOURCE = "source"  # names in the context
REQUIREMENTS = "requirements.txt"
_PLACE = "/opt/mlrun-build"  # where what is only needed to build stands in the image
_PIP = "python3 -m pip install --no-cache-dir --disable-pip-version-check"


def dockerfile(plan: BuildPlan, wheel: str = "") -> str:
    """
    The lines that make *plan* of a context with the folder ``source`` and the file ``requirements.txt``.

    Args:
        wheel: Name of the file in the context that is this package, where the plan asks for the one that
            runs here.
    """
    return "\n".join(_lines(plan, wheel)) + "\n"


def _lines(plan: BuildPlan, wheel: str) -> Iterator[str]:
    yield f"FROM {plan.base_image}"
    if plan.mlrun:  # first, as it changes least: what stands above a change is taken from the last build
        yield from _this_package(plan, wheel)
    if plan.source:
        yield f"WORKDIR {plan.code_dir}"
        yield f"COPY {json.dumps([SOURCE + '/', plan.code_dir.rstrip('/') + '/'])}"
    for command in plan.commands:
        yield _run(plan, command)
    if plan.requirements:
        yield f"COPY {REQUIREMENTS} {_PLACE}/{REQUIREMENTS}"
        yield _run(plan, f"{_PIP} -r {_PLACE}/{REQUIREMENTS}")
    if plan.extra:
        yield from (f"ARG {name}" for name in variables.named_in(plan.extra, plan.env))
        yield plan.extra


def _this_package(plan: BuildPlan, wheel: str) -> Iterator[str]:
    if plan.mlrun != ".":
        yield _run(plan, f"{_PIP} {shlex.quote(plan.mlrun)}")
        return
    yield f"COPY {wheel} {_PLACE}/{wheel}"
    yield _run(plan, f"{_PIP} {_PLACE}/{wheel}")


def _run(plan: BuildPlan, command: str) -> str:
    """One instruction, whatever is in *command*."""
    is_plain = "\n" not in command and not command.endswith("\\") and command[0] not in "[<"
    said = variables.with_variables(command, plan.env)
    said = said if is_plain else json.dumps(["/bin/sh", "-c", said])
    return f"RUN {variables.flag(plan.env)}{said}"
