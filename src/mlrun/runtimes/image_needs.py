"""The part of a function object that says what its image needs; its methods chain."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlrun.errors import MLRunInvalidArgumentTypeError, MLRunNotFoundError
from mlrun.model.function import FunctionSpec

if TYPE_CHECKING:
    from typing_extensions import Self


class ImageNeeds:
    """A base of :class:`mlrun.runtimes.base.BaseRuntime`; it has no life of its own."""

    spec: FunctionSpec

    def with_requirements(
        self,
        requirements: list[str] | str | None = None,
        overwrite: bool = False,
        prepare_image_for_deploy: bool = True,
        requirements_file: str = "",
    ) -> Self:
        """
        Name the packages that its image needs, as pip takes them.

        Args:
            overwrite: Instead of those that it names already; else beside them.
            prepare_image_for_deploy: See :meth:`prepare_image_for_deploy`.

        Raises:
            MLRunNotFoundError: *requirements_file* can not be read.
        """
        listed = [requirements] if isinstance(requirements, str) else list(requirements or [])
        if requirements_file:
            listed += _read_requirements(requirements_file)
        build = self.spec.build
        build.requirements = _joined(build.requirements, _texts("with_requirements()", listed), overwrite)
        if prepare_image_for_deploy:
            self.prepare_image_for_deploy()
        return self

    def with_commands(
        self, commands: list[str], overwrite: bool = False, prepare_image_for_deploy: bool = True
    ) -> Self:
        """
        Name the commands that make its image; the arguments are those of :meth:`with_requirements`.

        Raises:
            MLRunInvalidArgumentTypeError: It is not a list of strings.
        """
        build = self.spec.build
        build.commands = _joined(build.commands, _texts("with_commands()", commands), overwrite)
        if prepare_image_for_deploy:
            self.prepare_image_for_deploy()
        return self

    def requires_build(self) -> bool:
        """Whether what it needs is more than any image that is there could be expected to have."""
        build = self.spec.build
        is_built_in = build.source and not build.load_source_on_run
        return bool(build.commands or build.requirements or build.extra or is_built_in)

    def prepare_image_for_deploy(self) -> None:
        """What is its image becomes what its build starts from, unless that is named: it needs a new one."""
        if not self.requires_build():
            return
        build = self.spec.build
        build.base_image = build.base_image or self.spec.image
        self.spec.image = ""

    def clean_build_params(self) -> Self:
        """Forget what its image is made of, but for its code."""
        build, kept = self.spec.build, type(self.spec.build)()
        for name in ("functionSourceCode", "code_origin", "origin_filename", "source", "load_source_on_run"):
            setattr(kept, name, getattr(build, name))
        self.spec.build = kept
        return self

    def is_deployed(self) -> bool:
        """Whether it can run as it is; a function of this machine's Python always can."""
        return True

    def ensure_built(self, auto_build: bool | None = None) -> None:
        """
        See to it that the image is there which a run needs; nothing happens where it needs none.

        Args:
            auto_build: Build one that is not; None is what the function says.

        Raises:
            MLRunPreconditionFailedError: It is not there, and is not to be built now.
            MLRunRuntimeError: The build failed.
        """


def _joined(old: Sequence[str], new: Sequence[str], overwrite: bool) -> list[str]:
    return list(dict.fromkeys(new if overwrite else [*old, *new]))


def _texts(what: str, values: object) -> list[str]:
    if not isinstance(values, (list, tuple)) or not all(isinstance(value, str) for value in values):
        raise MLRunInvalidArgumentTypeError(f"{what} needs a list of strings, not {values!r}")
    return list(values)


def _read_requirements(path: str) -> list[str]:
    try:
        lines = Path(path).read_text().splitlines()
    except OSError as error:
        raise MLRunNotFoundError(f"can not read the requirements file {path!r}: {error.strerror}") from error
    words = (line.partition(" #")[0].strip() for line in lines)
    return [word for word in words if word and not word.startswith("#")]
