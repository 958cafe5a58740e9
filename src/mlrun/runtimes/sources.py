"""Code that is loaded when a run starts: from a repository, an archive or a folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlrun.config import mlconf
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError, MLRunNotFoundError, nearest
from mlrun.model.function import FunctionSpec

if TYPE_CHECKING:
    from typing_extensions import Self

    from mlrun.cluster.base import Reach
    from mlrun.code.source import Fetched  # 15 ms with what reads archives, and most runs have their code
    from mlrun.model.run import Run
    from mlrun.runtimes.base import Launch

_COMMIT = "mlrun/source-commit"  # an annotation
_MARK = ".mlrun-source"  # in a folder that the user named: what is there came from us, and may be replaced


class WithSource:
    """A base of the kinds that load code when a run starts; it has no life of its own."""

    spec: FunctionSpec

    def with_source_archive(
        self,
        source: str,
        workdir: str | None = None,
        handler: str | None = None,
        pull_at_runtime: bool = True,
        target_dir: str | None = None,
    ) -> Self:
        """
        Take the code from a repository, an archive or a folder::

            fn.with_source_archive("git://github.com/org/repo.git#main", workdir="src", handler="train.train")

        Args:
            source: ``git://host/org/repo.git#branch`` (or tag, or commit), a zip or tar file at any path or
                data URL, or a folder. A login in it is kept for this process, and not in the function.
            workdir: The folder in it that the code starts in; command and handler are looked for there.
            handler: What runs where ``run`` names nothing: ``module.function`` or ``function``.
            pull_at_runtime: Load it when a run starts; else when the function's image is built.
            target_dir: The folder that it becomes; by default one that goes when the run ends.

        Raises:
            MLRunInvalidArgumentError: It is none of these, or the function carries its code already.
        """
        build = self.spec.build
        refuse_both(build.functionSourceCode, source)
        set_source(self, source)
        build.load_source_on_run = pull_at_runtime
        self.spec.workdir = workdir or self.spec.workdir
        self.spec.default_handler = handler or self.spec.default_handler
        self.spec.clone_target_dir = target_dir or self.spec.clone_target_dir
        build.source_code_target_dir = target_dir or build.source_code_target_dir
        return self


@dataclass(frozen=True)
class Located:
    """Where the code of a run is while it runs."""

    root: str
    workdir: str
    fetched: Fetched

    def record_on(self, run: Run) -> None:
        """
        Say in *run* which code it is.

        A folder was shipped by who knew its commit: the annotation tells it to the pod.
        """
        run.metadata.annotations |= notes(self.fetched)
        run.status.commit = str(run.metadata.annotations.get(_COMMIT, ""))


def notes(fetched: Fetched) -> dict[str, str]:
    """What a run says of its code."""
    told = {
        "mlrun/source": fetched.source,
        _COMMIT: fetched.commit,
        "mlrun/source-branch": fetched.branch,
        "mlrun/source-tag": fetched.tag,
        "mlrun/source-digest": fetched.digest,
        "mlrun/source-dirty": "true" if fetched.changes else "",
        "mlrun/source-changes": fetched.changes,
    }
    return {key: value for key, value in told.items() if value}


def set_source(function: Any, address: str) -> None:
    """
    Record *address* as the source of *function*; the login in it becomes a secret of its runs here.

    Raises:
        MLRunInvalidArgumentError: It is none.
    """
    address = str(address)
    if is_folder(address):
        # A function of this machine finds it from any working folder.
        function.spec.build.source = address if function.is_remote else os.path.abspath(folder_of(address))
        return
    from mlrun.code import source

    source.check(address)
    function.spec.build.source = address
    login_of(function)


def login_of(function: Any) -> dict[str, str]:
    """The secrets that the address of its source has or had; they are taken out of the record."""
    address = function.spec.build.source
    if "@" in address and not is_folder(address):
        from mlrun.code.source import without_login

        function.spec.build.source, login = without_login(address)
        if login:
            function.__dict__["_source_login"] = login
    return dict(function.__dict__.get("_source_login", {}))


def is_folder(address: str) -> bool:
    return os.path.isdir(folder_of(address))


def folder_of(address: str) -> str:
    """The path in *address*, which may begin with ``file://``."""
    return os.path.expanduser(address.removeprefix("file://"))


def refuse_both(embedded: str, address: str) -> None:
    """
    Raises:
        MLRunInvalidArgumentError: The function carries its code, and has a source as well.
    """
    if embedded and address:
        raise MLRunInvalidArgumentError(
            "a function either carries its code (with_code, code_to_function) or loads it from a source"
            f" ({address}); code_to_function(embed_code=False) or new_function(command=) carry none"
        )


@contextmanager
def located(spec: FunctionSpec, launch: Launch, project: str) -> Iterator[Launch]:
    """
    *launch* with its working folder in the code of the function's source, while the block runs.

    A folder of this machine is used where it is. Anything else is fetched, and gone when the block ends
    unless the function says where it is wanted.

    Raises:
        MLRunNotFoundError: No such source, or no such working folder in it.
        MLRunBaseError: As :func:`mlrun.code.source.fetch` does.
    """
    from mlrun.code import load, source

    address = spec.build.source
    refuse_both(spec.build.functionSourceCode, address)
    if is_folder(address):
        root = os.path.abspath(folder_of(address))
        yield _in(Located(root, _workdir(root, launch.workdir, address), source.of_folder(root)), launch)
        return
    with _target(spec.clone_target_dir) as target:
        fetched = source.fetch(address, target, launch.secrets, launch.db, project)
        root = str(fetched.path)
        if spec.clone_target_dir:
            Path(root, _MARK).touch()
        try:
            yield _in(Located(root, _workdir(root, launch.workdir, fetched.source), fetched), launch)
        finally:
            load.forget(root)


def is_shipped(spec: FunctionSpec) -> bool:
    """Whether the source is a folder of this machine that pods load when they start."""
    build = spec.build
    return bool(build.source and build.load_source_on_run and is_folder(build.source))


def shipped(
    function: Any, launch: Launch, project: str, artifact_path: str, reach: Reach | None
) -> tuple[Any, Launch]:
    """
    Ship the folder that is the source of *function*; gives a function whose source is where pods find it.

    Args:
        artifact_path: Of the run.
        reach: What pods have of this machine; None where an API server starts them.

    Raises:
        MLRunInvalidArgumentError: The folder is too much, or pods would not find it.
        MLRunBaseError: It can not be shipped.
    """
    from mlrun.code import bundles, scan, source

    folder = os.path.abspath(folder_of(function.spec.build.source))
    _workdir(folder, function.spec.workdir, folder)  # looked at before anything is sent
    bundle = scan.scan(folder, without=_written_here(launch, artifact_path))
    place = bundles.place_for(reach, launch.db, project, artifact_path, launch.secrets)
    twin = function.copy()
    twin.spec.build.source = bundles.ship(bundle, place, folder)
    known = source.of_folder(folder, bundle.digest)._replace(source=twin.spec.build.source)
    return twin, replace(launch, located=Located(folder, launch.workdir, known))


def _written_here(launch: Launch, artifact_path: str) -> list[str]:
    """What runs write on this machine; it may lie in the folder, and is no code."""
    artifacts = artifact_path.partition("{{")[0]
    database = launch.db.url.removeprefix("sqlite:///")
    endings = ("", "-wal", "-shm", "-lock", "-journal")
    return [str(mlconf.home), artifacts.rstrip("/"), *(database + ending for ending in endings)]


def _in(place: Located, launch: Launch) -> Launch:
    return replace(launch, workdir=place.workdir, located=place)


@contextmanager
def _target(wanted: str) -> Iterator[str]:
    """A path for the code: one that goes with the block, or *wanted*, where only our own is replaced."""
    if not wanted:
        folder = tempfile.mkdtemp(prefix="mlrun-source-")
        try:
            yield os.path.join(folder, "code")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    wanted = os.path.abspath(os.path.expanduser(wanted))
    if os.path.lexists(wanted):
        if not os.path.isdir(wanted) or (os.listdir(wanted) and not os.path.exists(f"{wanted}/{_MARK}")):
            raise MLRunConflictError(
                f"target_dir {wanted!r} is there, and not from an earlier run: code is put into a new folder"
            )
        shutil.rmtree(wanted)
    os.makedirs(os.path.dirname(wanted), exist_ok=True)
    yield wanted


def _workdir(root: str, wanted: str, shown: str) -> str:
    """The folder *wanted* in *root*; an absolute one is taken as it is."""
    if os.path.isabs(wanted):
        return wanted
    place = os.path.normpath(os.path.join(root, wanted))
    if os.path.commonpath((root, place)) != root:
        raise MLRunInvalidArgumentError(f"the working folder {wanted!r} is not in {shown}")
    if not os.path.isdir(place):
        known = [entry.name for entry in os.scandir(root) if entry.is_dir() and entry.name[0] != "."]
        has = f"it has {', '.join(sorted(known))}" if known else "it has no folders"
        raise MLRunNotFoundError(f"{shown} has no folder {wanted!r}: {has}.{nearest(wanted, known)}")
    return place
