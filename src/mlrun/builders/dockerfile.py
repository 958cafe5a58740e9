"""A plan as the file that builders of containers read."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator

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
    yield from (f"ARG {name}" for name in plan.env)
    if plan.mlrun:  # first, as it changes least: what stands above a change is taken from the last build
        yield from _this_package(plan.mlrun, wheel)
    if plan.source:
        yield f"WORKDIR {plan.code_dir}"
        yield f"COPY {json.dumps([SOURCE + '/', plan.code_dir.rstrip('/') + '/'])}"
    for command in plan.commands:
        yield f"RUN {_shell(command)}"
    if plan.requirements:
        yield f"COPY {REQUIREMENTS} {_PLACE}/{REQUIREMENTS}"
        yield f"RUN {_PIP} -r {_PLACE}/{REQUIREMENTS}"
    if plan.extra:
        yield plan.extra


def _this_package(specifier: str, wheel: str) -> Iterator[str]:
    if specifier != ".":
        yield f"RUN {_PIP} {shlex.quote(specifier)}"
        return
    yield f"COPY {wheel} {_PLACE}/{wheel}"
    yield f"RUN {_PIP} {_PLACE}/{wheel}"


def _shell(command: str) -> str:
    """One instruction, whatever is in *command*."""
    is_plain = "\n" not in command and not command.endswith("\\") and command[0] not in "[<"
    return command if is_plain else json.dumps(["/bin/sh", "-c", command])
