"""The part of a function of a cluster that makes its image: what it is made of, and ``deploy``."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from mlrun.builders import get_builder
from mlrun.builders.base import NEVER
from mlrun.builders.plan import BuildPlan
from mlrun.config import mlconf
from mlrun.datastore.credentials import Credentials
from mlrun.errors import (
    MLRunInvalidArgumentTypeError,
    MLRunNotImplementedServerError,
    MLRunPreconditionFailedError,
    MLRunRuntimeError,
)
from mlrun.log import logger
from mlrun.runtimes.base import BaseRuntime
from mlrun.runtimes.build_record import ERROR, LIVE, READY, BuildRecord
from mlrun.runtimes.sources import folder_of, is_folder, login_of
from mlrun.secrets import Masker

if TYPE_CHECKING:
    from typing_extensions import Self

    from mlrun.db.http import HTTPRunDB

_SHORTEST_S, _LONGEST_S = 0.2, 2.0  # between two questions to a server that builds

Show = Callable[[bytes], object]


class BuildRequest(NamedTuple):
    """What one call of ``deploy`` says beside what stands in the function."""

    with_mlrun: bool | None = None  # None: as the function says
    mlrun_version_specifier: str = ""
    builder_env: Mapping[str, Any] | None = None  # in no record
    skip_deployed: bool = False
    force_build: bool = False
    source: str = ""  # where who builds finds the source, if that is not as in the function

    def plan(self, function: BaseRuntime) -> BuildPlan:
        plan = BuildPlan.of(
            function,
            with_mlrun=self.with_mlrun,
            mlrun_version_specifier=self.mlrun_version_specifier,
            builder_env=self.builder_env,
            logins=self._logins(function),
            anew=self.force_build,
        )
        return replace(plan, source=self.source) if plan.source and self.source else plan

    def _logins(self, function: BaseRuntime) -> Credentials:
        """For the source: those of its address, then the variables, then those of the project."""
        project = function.metadata.project or str(mlconf.current_project)
        given = {**_values(function, self), **self._login(function)}
        return Credentials.of(given, project, function.db)

    def _login(self, function: BaseRuntime) -> dict[str, str]:
        """Of the address of its source, where that is the one."""
        return {} if self.source else login_of(function)

    def masker(self, function: BaseRuntime) -> Masker:
        """Knows the values of the variables that commands get."""
        masker = Masker()
        for value in (*_values(function, self).values(), *self._login(function).values()):
            masker.add(value)
        return masker


class Building(BaseRuntime):
    """A base of the kinds that run in pods."""

    def build_config(
        self,
        image: str = "",
        base_image: str | None = None,
        commands: list[str] | None = None,
        secret: str | None = None,
        source: str | None = None,
        extra: str | None = None,
        load_source_on_run: bool | None = None,
        with_mlrun: bool | None = None,
        auto_build: bool | None = None,
        requirements: list[str] | str | None = None,
        overwrite: bool = False,
        prepare_image_for_deploy: bool = True,
        requirements_file: str | None = None,
        builder_env: dict[str, Any] | None = None,
        extra_args: str | None = None,
    ) -> Self:
        """
        Say what the image is made of; what is not given stays as it is.

        Args:
            image: The name that it is to have; a leading dot is the default registry.
            base_image: What it starts from.
            commands: Shell commands, in order, after those that are there.
            secret: Of the cluster, with the login for the registry.
            source: An archive, a git URL or a folder with the code.
            extra: Lines for the end of a container's build file.
            load_source_on_run: Fetch the source when a run starts, not into the image.
            with_mlrun: Put this package into it; by default where the base image has none.
            auto_build: Build it before the first run that needs it.
            requirements: Packages, as pip takes them.
            overwrite: Commands and requirements are instead of those that are there.
            prepare_image_for_deploy: The image that the function has becomes what the new one starts from.
            builder_env: Variables of the commands; they are stored with the function.
            extra_args: Options for the builder's own command.
        """
        given = {
            "image": image or None,
            "base_image": base_image,
            "secret": secret,
            "source": source,
            "extra": extra,
            "load_source_on_run": load_source_on_run,
            "with_mlrun": with_mlrun,
            "auto_build": auto_build,
            "builder_env": _variables(builder_env),
            "extra_args": extra_args,
        }
        for name, value in given.items():
            if value is not None:
                setattr(self.spec.build, name, value)
        if commands is not None:
            self.with_commands(commands, overwrite, prepare_image_for_deploy=False)
        if requirements is not None or requirements_file:
            self.with_requirements(requirements, overwrite, False, requirements_file or "")
        if prepare_image_for_deploy:
            self.prepare_image_for_deploy()
        return self

    def deploy(
        self,
        watch: bool = True,
        with_mlrun: bool | None = None,
        skip_deployed: bool = False,
        is_kfp: bool = False,
        mlrun_version_specifier: str | None = None,
        builder_env: dict[str, Any] | None = None,
        show_on_failure: bool = False,
        force_build: bool = False,
    ) -> bool:
        """
        Make the image, and say whether it is there now; the function is stored with it.

        An API server builds, where one keeps the records; else this process does.

        Args:
            watch: Show what the build prints, and wait for its end; without it a server goes on by itself.
            with_mlrun: Put this package into the image; by default what :meth:`build_config` said.
            skip_deployed: One that is there already is enough.
            is_kfp: Taken for compatibility.
            mlrun_version_specifier: What pip installs as this package, as ``mlrun==2.0``.
            builder_env: Variables of the commands; they are stored nowhere, and are stars in the log.
            show_on_failure: Show what the build prints only if it fails.
            force_build: Make it anew, whatever builds before have left.

        Raises:
            MLRunRuntimeError: A command failed; the message has it and its last lines.
            MLRunBaseError: As :meth:`mlrun.builders.base.Builder.build`.
        """
        request = BuildRequest(
            with_mlrun, mlrun_version_specifier or "", _variables(builder_env), skip_deployed, force_build
        )
        shown: list[bytes] = []
        show: Show = shown.append if show_on_failure else _print if watch else _drop
        try:
            if self.db.kind in ("http", "https"):
                return self._deploy_there(request, show, watch or show_on_failure)
            if not self.find_image(request):
                self.build_here(request, show)
        except BaseException:
            for data in shown:
                _print(data)
            raise
        return True

    def build(self, image: str = "", **options: Any) -> bool:
        """:meth:`deploy` with a name for the image; *options* are its arguments."""
        if image:
            self.spec.build.image = image
        return self.deploy(**options)

    def deploy_step(
        self,
        image: str | None = None,
        base_image: str | None = None,
        commands: list[str] | None = None,
        secret_name: str = "",
        with_mlrun: bool = True,
        skip_deployed: bool = False,
    ) -> Any:
        """
        Raises:
            MLRunNotImplementedServerError: Always: there are no pipelines yet.
        """
        raise MLRunNotImplementedServerError(
            "deploy_step() is a step of a pipeline, which is not built yet; deploy() builds the image at once"
        )

    def is_deployed(self) -> bool:
        """Whether it needs no image of its own, or has one that can run where it would."""
        if self.db.kind in ("http", "https"):  # whose cluster only the server knows
            return bool(self.spec.image) or not self._is_to_build()
        return self._is_built()

    def check_built(self) -> None:
        """
        For who starts its pods on a cluster of this process.

        Raises:
            MLRunPreconditionFailedError: It needs an image that is not there.
        """
        if not self._is_built():
            raise self._unbuilt()

    def ensure_built(self, auto_build: bool | None = None) -> None:
        if self.is_deployed():
            return
        wanted = self.spec.build.auto_build if auto_build is None else auto_build
        if wanted:
            self.deploy(skip_deployed=True)
        elif self.db.kind in ("http", "https") or not self.find_image(BuildRequest(skip_deployed=True)):
            raise self._unbuilt()

    def find_image(self, request: BuildRequest) -> bool:
        """Take the image that is there, where there is nothing to build or *request* wants no new one."""
        spec = self.spec
        if not self._is_to_build():
            self._take_image(spec.image or spec.build.base_image)
            return True
        if not request.skip_deployed or request.force_build:
            return False
        plan = request.plan(self)
        found = spec.image if self.is_deployed() else get_builder().find(plan)
        if found:
            spec.build.base_image = spec.build.base_image or plan.base_image
            self._take_image(found)
        return bool(found)

    def build_here(
        self,
        request: BuildRequest,
        show: Show,
        stop: threading.Event = NEVER,
        record: BuildRecord | None = None,
    ) -> None:
        """
        Build the image in this process, record it, and take it.

        Args:
            stop: Ends the build with an error when it is set.
            record: Of this build, where somebody has announced it.
        """
        plan = request.plan(self)
        builder = get_builder()
        record = record or self.record_of(request)
        with record:

            def log(data: bytes) -> None:
                record.log(data)
                show(data)

            record.finish(builder.build(plan, log, stop), plan.base_image)

    def record_of(self, request: BuildRequest) -> BuildRecord:
        self.metadata.project = self.metadata.project or mlconf.current_project
        return BuildRecord(self, self.db, request.masker(self))

    def _is_to_build(self) -> bool:
        build = self.spec.build
        return bool(self.requires_build() or build.image or build.with_mlrun)

    def _is_built(self) -> bool:
        image = self.spec.image
        return not self._is_to_build() or (bool(image) and get_builder().runs(image))

    def _unbuilt(self) -> MLRunPreconditionFailedError:
        return MLRunPreconditionFailedError(
            f"function {self.metadata.name!r} needs an image that is not built: deploy() builds it, and"
            " run(auto_build=True) does so before the run"
        )

    def _take_image(self, image: str) -> None:
        self.spec.image = self.status.container_image = image
        self.status.state, self.status.error = READY, ""
        self.save(versioned=True)

    def _shipped(self) -> str:
        """Send the folder that is the source to the server; gives its address there, empty for no folder."""
        build = self.spec.build
        if not is_folder(build.source) or build.load_source_on_run:
            return ""
        from mlrun.code import bundles, objects, scan

        folder = os.path.abspath(folder_of(build.source))
        project = self.metadata.project or str(mlconf.current_project)
        place = objects.ServedObjects(cast("HTTPRunDB", self.db), project)
        return bundles.ship(scan.scan(folder), place, folder)

    def _deploy_there(self, request: BuildRequest, show: Show, watch: bool) -> bool:
        db = cast("HTTPRunDB", self.db)
        answer = db.remote_builder(self, **request._replace(source=self._shipped())._asdict())
        if answer["ready"]:
            return True
        if watch:
            try:
                self._follow_build(db, show)
            except KeyboardInterrupt:
                logger.info(
                    f"the build of {self.uri} goes on at {db.url}; db.get_builder_status(fn) follows it"
                )
                raise
        if self.status.state == ERROR:
            meta = self.metadata
            status = db.get_function(meta.name, meta.project, meta.tag).get("status") or {}
            raise MLRunRuntimeError(status.get("error") or f"the image of {self.uri} could not be built")
        return self.status.state == READY

    def _follow_build(self, db: HTTPRunDB, show: Show) -> None:
        offset, pause_s = 0, _SHORTEST_S
        while True:
            text, offset = db.get_builder_status(self, offset)
            show(text.encode())
            if self.status.state not in LIVE:
                return
            pause_s = _SHORTEST_S if text else min(pause_s * 1.5, _LONGEST_S)
            time.sleep(pause_s)


def _values(function: BaseRuntime, request: BuildRequest) -> dict[str, str]:
    env = {**(function.spec.build.builder_env or {}), **(request.builder_env or {})}
    return {str(name): str(value) for name, value in env.items()}


def _variables(env: Any) -> Mapping[str, Any] | None:
    if env is not None and not isinstance(env, Mapping):
        raise MLRunInvalidArgumentTypeError(f"builder_env= is a dictionary of variables, not {env!r}")
    return env


def _print(data: bytes) -> None:
    sys.stdout.write(data.decode("utf-8", "replace"))
    sys.stdout.flush()


def _drop(data: bytes) -> None:
    """For a log that nobody wants to see now; it is recorded all the same."""
