"""The port: who makes images."""

from __future__ import annotations

import abc
import threading
from collections.abc import Callable
from typing import ClassVar

from mlrun.builders.plan import BuildPlan

Log = Callable[[bytes], object]  # gets what a build prints, as it comes
NEVER = threading.Event()  # a build that nobody stops


class Builder(abc.ABC):
    """
    Makes an image from a plan. An instance holds nothing; threads may share it.

    Example::

        builder = get_builder("podman")
        image = builder.build(BuildPlan.of(function), lambda data: sys.stdout.buffer.write(data))
    """

    kind: ClassVar[str] = ""

    @abc.abstractmethod
    def find(self, plan: BuildPlan) -> str:
        """
        The image of *plan* where it has been made already; empty where it has not, or that is not known.

        Raises:
            MLRunInvalidArgumentError: It can not make such an image; the message names the field.
            MLRunNotFoundError: There is no such source.
        """

    @abc.abstractmethod
    def runs(self, image: str) -> bool:
        """Whether *image* is of the kind that its cluster runs, and there as far as that is known here."""

    @abc.abstractmethod
    def build(self, plan: BuildPlan, log: Log, stop: threading.Event = NEVER) -> str:
        """
        Make the image of *plan*, and give the name by which its cluster runs it.

        One that was made already may be given at once, unless the plan asks for it anew. When this returns
        or raises nothing of the build runs any more, and nothing half made can be taken for an image; the
        same holds a few seconds after this process was killed.

        Args:
            log: Gets each command, and what it prints.
            stop: When it is set the build ends with an error.

        Raises:
            MLRunInvalidArgumentError, MLRunNotFoundError: As :meth:`find`; or there is no such base image.
            MLRunMissingDependencyError, MLRunServiceUnavailableError: Who builds is not installed, or away.
            MLRunRuntimeError: A command failed: ``'pip install nosuch' ended with exit code 1:`` and the
                last lines that it has printed.
        """
