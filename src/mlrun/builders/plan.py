"""What an image is to be made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlrun.builders.names import default_image, resolved
from mlrun.config import mlconf
from mlrun.datastore.credentials import Secrets
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError
from mlrun.model.function import Function

CODE_DIR = "/home/mlrun_code"  # where a function's source goes in an image


@dataclass(frozen=True)
class BuildPlan:
    """One image to make; a record, whoever makes it."""

    image: str  # its name, with its registry if it has one
    base_image: str
    source: str = ""  # an archive, a git URL or a folder, to be put into the image
    code_dir: str = CODE_DIR
    commands: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    mlrun: str = ""  # what pip installs as this package; "." is the one that runs here, empty is none
    extra: str = ""  # lines for the end of the build file
    extra_args: str = ""  # words for the builder's command
    env: Mapping[str, str] = field(default_factory=dict)  # variables of the commands, not of the image
    project: str = ""
    logins: Secrets | None = None  # for the source
    secret: str = ""  # with the login for the registry
    anew: bool = False  # whatever is kept from builds before

    @classmethod
    def of(
        cls,
        function: Function,
        with_mlrun: bool | None = None,
        mlrun_version_specifier: str = "",
        builder_env: Mapping[str, Any] | None = None,
        logins: Secrets | None = None,
        anew: bool = False,
    ) -> BuildPlan:
        """
        The plan that the fields ``spec.build`` of *function* mean.

        Args:
            with_mlrun: Put this package into it; None is what the function says, else what its base needs.
            mlrun_version_specifier: What pip shall install as this package: ``mlrun==2.0``.
            builder_env: More variables, which stand in no record.
            logins: For the source; those variables are as well.

        Raises:
            MLRunInvalidArgumentError: A name is none of an image, or a line could change its neighbours.
        """
        build = function.spec.build
        base = resolved(build.base_image or function.spec.image or str(mlconf.default_base_image))
        wanted = with_mlrun if with_mlrun is not None else build.with_mlrun
        if wanted is None:
            wanted = not _has_mlrun(base)
        specifier = mlrun_version_specifier or str(mlconf.httpdb.builder.mlrun_version_specifier)
        return cls(
            image=resolved(build.image or default_image(function)),
            base_image=base,
            source="" if build.load_source_on_run else build.source,
            code_dir=build.source_code_target_dir or CODE_DIR,
            commands=tuple(_lines("commands", build.commands)),
            requirements=tuple(_lines("requirements", build.requirements)),
            mlrun=(specifier or ".") if wanted else "",
            extra=build.extra,
            extra_args=build.extra_args,
            env=_texts({**(build.builder_env or {}), **(builder_env or {})}),
            project=function.metadata.project or mlconf.current_project,
            logins=logins,
            secret=build.secret or str(mlconf.httpdb.builder.docker_registry_secret),
            anew=anew,
        )


def _has_mlrun(image: str) -> bool:
    """Whether *image* is one of those that this package (or MLRun) is in."""
    return "mlrun" in image.split("/")[:-1]


def _lines(field_name: str, values: list[Any]) -> list[str]:
    for value in values:
        if not isinstance(value, str) or not value.strip() or "\0" in value:
            raise MLRunInvalidArgumentTypeError(f"{field_name} are texts; {value!r} is none")
        if field_name == "requirements" and "\n" in value.strip():
            raise MLRunInvalidArgumentError(f"{value!r} is more than one requirement; name each by itself")
    return [value.strip() for value in values]


def _texts(env: Mapping[str, Any]) -> dict[str, str]:
    for name in env:
        if not str(name).isidentifier():
            raise MLRunInvalidArgumentError(f"builder_env: {name!r} can not be the name of a variable")
    return {str(name): str(value) for name, value in env.items()}
