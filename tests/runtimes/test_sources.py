"""Functions whose code is loaded when a run starts."""

from __future__ import annotations

import os
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

import mlrun
from mlrun.cluster import get_cluster
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunConflictError,
    MLRunInvalidArgumentError,
    MLRunNotFoundError,
    RunError,
)
from mlrun.runtimes import sources
from mlrun.testing.git import Commits, git, git_over_http

TRAIN = """
import os

import part


class Trainer:
    def __init__(self, factor=1):
        self.factor = factor

    def fit(self, p1):
        return p1 * self.factor


def train(context, p1=1):
    context.log_result("accuracy", p1 * part.FACTOR)
    context.log_result("here", os.path.basename(os.getcwd()))
    with open("out.txt", "w") as file:
        file.write("written")
"""
PROGRAM = """
import sys
import mlrun
import part

context = mlrun.get_or_create_ctx("x")
context.log_result("accuracy", context.get_param("p1", 1) * part.FACTOR)
context.log_result("words", sys.argv[1:])
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def archive(tmp_path: Path) -> str:
    return make_archive(tmp_path / "code.zip")


def make_archive(path: Path, factor: int = 2) -> str:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("proj/train.py", TRAIN)
        file.writestr("proj/program.py", PROGRAM)
        file.writestr("part.py", f"FACTOR = {factor}\n")
        file.writestr("proj/run.sh", "echo from $(basename $(pwd)) $1\n")
    return str(path)


def local(source: str, **options: Any) -> Any:
    return mlrun.new_function("f", kind="local", command=options.pop("command", "")).with_source_archive(
        source, **options
    )


# what runs


def test_a_handler_is_imported_from_an_archive(archive: str, db: Any) -> None:
    fn = local(archive, workdir="proj", handler="train.train")

    run = fn.run(params={"p1": 5})

    assert run.outputs == {"accuracy": 10, "here": "proj"}


def test_a_method_of_a_class_in_an_archive_is_called(archive: str, db: Any) -> None:
    run = local(archive, workdir="proj").run(
        handler="train.Trainer::fit", params={"p1": 5, "_init_args": {"factor": 3}}
    )

    assert run.output("return") == 15


def test_a_handler_of_the_command_s_file_is_called(archive: str, db: Any) -> None:
    run = local(archive, workdir="proj", command="train.py").run(handler="train", params={"p1": 1})

    assert run.output("accuracy") == 2


def test_a_program_of_an_archive_is_run_with_its_arguments(archive: str, db: Any) -> None:
    run = local(archive, workdir="proj", command="program.py --x").run(params={"p1": 5})

    assert run.outputs == {"accuracy": 10, "words": ["--x"]}


def test_a_shell_file_of_an_archive_is_run(archive: str, db: Any) -> None:
    fn = mlrun.new_function("f", kind="local", command="run.sh {p1}", mode="args", source=archive)

    run = fn.run(params={"p1": 7}, workdir="proj")

    assert db.get_log(run.uid())[1] == b"from proj 7\n"


def test_a_function_of_another_kind_loads_it_here_too(archive: str, db: Any) -> None:
    fn = mlrun.new_function("f", kind="job", image="x", command="train.py")
    fn.with_source_archive(archive, workdir="proj", target_dir="/home/mlrun_code")

    assert fn.run(local=True, handler="train").output("accuracy") == 2
    assert not os.path.exists("/home/mlrun_code")


def test_a_folder_is_used_where_it_is(tmp_path: Path, archive: str, db: Any) -> None:
    with zipfile.ZipFile(archive) as file:
        file.extractall(tmp_path / "src")
    fn = local("src", workdir="proj", handler="train.train")
    os.chdir("/")

    assert fn.run(params={"p1": 1}).outputs == {"accuracy": 2, "here": "proj"}
    assert (tmp_path / "src/proj/out.txt").exists()


def test_a_sweep_loads_its_source_once(archive: str, db: Any, home: Path) -> None:
    run = local(archive, workdir="proj", handler="train.train").run(
        hyperparams={"p1": [1, 2]}, hyper_param_options={"selector": "max.accuracy", "parallel_runs": 2}
    )

    assert run.output("accuracy") == 4


def test_a_newer_archive_counts_from_the_next_run_on(tmp_path: Path, archive: str, db: Any) -> None:
    fn = local(archive, workdir="proj", handler="train.train")
    before = fn.run().output("accuracy")

    make_archive(Path(archive), factor=7)

    assert (before, fn.run().output("accuracy")) == (2, 7)


# what is left


def test_the_folder_is_gone_with_the_run(archive: str, db: Any, temporary: Path) -> None:
    local(archive, workdir="proj", handler="train.train").run()

    assert [name for name in os.listdir(temporary) if name.startswith("mlrun-source-")] == []
    assert "train" not in sys.modules and "part" not in sys.modules


def test_the_folder_is_gone_with_a_run_that_failed(archive: str, db: Any, temporary: Path) -> None:
    with pytest.raises(RunError):
        local(archive, workdir="proj", handler="train.train").run(params={"p1": {}})

    assert [name for name in os.listdir(temporary) if name.startswith("mlrun-source-")] == []


def test_a_run_does_not_see_what_another_one_wrote(archive: str, db: Any) -> None:
    fn = local(archive, workdir="proj", command="test ! -e out.txt")
    local(archive, workdir="proj", handler="train.train").run()

    fn.spec.mode = "pass"

    assert fn.run().state() == "completed"


def test_a_folder_that_was_named_stays_and_is_replaced(archive: str, db: Any, tmp_path: Path) -> None:
    fn = local(archive, workdir="proj", handler="train.train", target_dir="kept")

    fn.run()
    (tmp_path / "kept/old.py").touch()
    fn.run()

    assert (tmp_path / "kept/proj/out.txt").exists()
    assert not (tmp_path / "kept/old.py").exists()


def test_a_folder_of_somebody_else_is_not_replaced(archive: str, db: Any, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").touch()

    with pytest.raises(MLRunConflictError, match="is there, and not from an earlier run"):
        local(archive, target_dir="mine", handler="train.train").run()

    assert os.listdir(tmp_path / "mine") == ["thesis.txt"]


# what is recorded


@pytest.mark.parametrize(
    ("ref", "attribute", "notes"),
    [
        ("main", "main", {"mlrun/source-branch": "main"}),
        ("v1", "first", {"mlrun/source-tag": "v1"}),
        ("{dev}", "dev", {}),
    ],
)
def test_commit_branch_and_tag_are_recorded_with_the_run(
    daemon: str, commits: Commits, db: Any, ref: str, attribute: str, notes: dict[str, str]
) -> None:
    address = f"{daemon}#{ref.format_map(commits._asdict())}"

    run = local(address, handler="pkg.steps.train").run(params={"p1": 1})

    stored = db.read_run(run.uid())
    assert stored["status"]["commit"] == getattr(commits, attribute)
    commit = {"mlrun/source-commit": stored["status"]["commit"]}
    assert stored["metadata"]["annotations"] == {"mlrun/source": address, **commit, **notes}


def test_a_program_has_its_commit_recorded(daemon: str, commits: Commits, db: Any) -> None:
    run = local(daemon, command="./run.sh").run()

    assert db.read_run(run.uid())["status"]["commit"] == commits.main
    assert db.get_log(run.uid())[1] == b"factor 3\n"


def test_an_archive_has_its_digest_recorded(archive: str, db: Any) -> None:
    run = local(archive, workdir="proj", handler="train.train").run()

    notes = run.metadata.annotations
    assert (notes["mlrun/source"], len(notes["mlrun/source-digest"])) == (archive, 64)


# logins


def everything(db: Any, home: Path) -> bytes:
    """All that the database and the home hold, once no pod writes there any more."""
    while not all(pod.is_final for pod in get_cluster().list()):
        pass
    db.close()
    return b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())


@pytest.mark.parametrize("way", ["task", "project", "environment", "address"])
def test_a_login_reaches_the_server_and_no_record(
    commits: Commits, db: Any, home: Path, way: str, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    secrets = {"GIT_TOKEN": "t0kenword"}
    task = mlrun.new_task(params={"p1": 1})
    with git_over_http(commits.folder, password="t0kenword") as server:
        address = f"{server.url}/org/repo.git#main"
        if way == "task":
            task.with_secrets("inline", secrets)
        elif way == "project":
            db.create_project_secrets("default", secrets=secrets)
        elif way == "environment":
            monkeypatch.setenv("GIT_TOKEN", "t0kenword")
        else:
            address = address.replace("://", "://t0kenword@")
        fn = local(address, handler="train.train")

        run = fn.run(task)
        fn.save()
        fn.export("function.yaml")

    assert run.output("accuracy") == 3
    assert server.logins
    assert "t0kenword" not in Path("function.yaml").read_text() + "".join(capfd.readouterr())
    if way != "project":  # where it is kept, in plain text
        assert b"t0kenword" not in everything(db, home)


def test_a_login_in_a_function_s_record_is_taken_out_before_it_is_stored(
    commits: Commits, db: Any, home: Path
) -> None:
    with git_over_http(commits.folder, password="t0kenword") as server:
        fn = mlrun.new_function("f", kind="local")
        fn.spec.build.source = f"{server.url}/org/repo.git".replace("://", "://t0kenword@")

        fn.run(handler="train.train")

    assert b"t0kenword" not in everything(db, home)


def test_a_login_that_is_missing_is_said_and_nothing_is_recorded(commits: Commits, db: Any) -> None:
    with (
        git_over_http(commits.folder, password="t0kenword") as server,
        pytest.raises(MLRunAccessDeniedError, match="GIT_TOKEN"),
    ):
        local(f"{server.url}/org/repo.git", handler="train.train").run()

    assert db.list_runs() == []


# what is wrong


def test_a_branch_that_is_not_there_is_said_and_nothing_is_recorded(daemon: str, db: Any) -> None:
    with pytest.raises(MLRunNotFoundError, match="Did you mean 'main'"):
        local(f"{daemon}#mian", handler="train.train").run()

    assert db.list_runs() == []


@pytest.mark.parametrize(
    ("workdir", "kind", "message"),
    [
        ("prjo", MLRunNotFoundError, r"code\.zip has no folder 'prjo': it has proj. Did you mean 'proj'"),
        ("../x", MLRunInvalidArgumentError, r"the working folder '\.\./x' is not in .*code\.zip"),
    ],
)
def test_a_working_folder_that_is_not_in_it_is_said(
    archive: str, db: Any, workdir: str, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        local(archive, workdir=workdir, handler="train.train").run()


def test_a_handler_that_is_not_in_it_is_said(archive: str, db: Any) -> None:
    with pytest.raises(MLRunNotFoundError, match=r"no handler 'trian': train\.py has Trainer, train"):
        local(archive, workdir="proj", command="train.py").run(handler="trian")

    assert db.list_runs() == []


def test_code_comes_from_one_place(archive: str, db: Any) -> None:
    Path("a.py").write_text("def f():\n    pass\n")
    embedded = mlrun.code_to_function("f", filename="a.py", kind="job")

    with pytest.raises(MLRunInvalidArgumentError, match="either carries its code"):
        embedded.with_source_archive(archive)
    with pytest.raises(MLRunInvalidArgumentError, match="either carries its code"):
        local(archive).with_code("a.py")
    embedded.spec.build.source = archive
    with pytest.raises(MLRunInvalidArgumentError, match="either carries its code"):
        embedded.run(local=True, handler="f")


@pytest.mark.parametrize("source", ["nowhere", "s3://bucket/folder", "https://host/page"])
def test_what_is_no_source_is_said_at_once(source: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="is no source of code"):
        local(source)


def test_an_image_may_be_built_with_it_instead() -> None:
    fn = mlrun.new_function("f", kind="job")

    fn.with_source_archive("git://host/repo", pull_at_runtime=False, target_dir="/code")

    build = fn.spec.build
    assert (build.source, build.load_source_on_run) == ("git://host/repo", False)
    assert build.source_code_target_dir == "/code"


# in pods


def test_a_pod_loads_a_repository_and_records_its_commit(daemon: str, commits: Commits, db: Any) -> None:
    fn = mlrun.new_function("f", kind="job", image="x")
    fn.with_source_archive(f"{daemon}#main", handler="train.train")

    run = fn.run(params={"p1": 2})

    stored = db.read_run(run.uid())
    assert (run.output("accuracy"), stored["status"]["commit"]) == (6, commits.main)
    assert stored["metadata"]["annotations"]["mlrun/source-branch"] == "main"


def test_a_pod_says_what_is_wrong_with_its_source(daemon: str, db: Any) -> None:
    fn = mlrun.new_function("f", kind="job", image="x")
    fn.with_source_archive(f"{daemon}#mian", handler="train.train")

    with pytest.raises(RunError, match="Did you mean 'main'"):
        fn.run()

    assert "Did you mean 'main'" in db.list_runs()[0]["status"]["error"]


def test_a_login_reaches_the_pod(commits: Commits, db: Any, home: Path) -> None:
    with git_over_http(commits.folder, password="t0kenword") as server:
        fn = mlrun.new_function("f", kind="job", image="x")
        fn.with_source_archive(
            f"{server.url}/org/repo.git".replace("://", "://t0kenword@"), handler="train.train"
        )

        run = fn.run()

    assert run.output("accuracy") == 3
    assert b"t0kenword" not in everything(db, home)


# folders, shipped to pods


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A clean work tree of git with a module and a helper."""
    folder = tmp_path / "project"
    (folder / "proj").mkdir(parents=True)
    (folder / "proj/train.py").write_text(TRAIN)
    (folder / "part.py").write_text("FACTOR = 2\n")
    git("init", "-q", "-b", "main", folder=folder)
    git("add", "-A", folder=folder)
    git("commit", "-q", "-m", "one", folder=folder)
    return folder


def job(source: str = "./project") -> Any:
    fn = mlrun.new_function("f", kind="job", image="x")
    return fn.with_source_archive(source, workdir="proj", handler="train.train")


def test_a_folder_is_shipped_to_a_pod(project: Path, db: Any) -> None:
    run = job().run(params={"p1": 5})

    assert run.outputs == {"accuracy": 10, "here": "proj"}
    assert not (project / "proj/out.txt").exists()


def test_the_commit_of_a_folder_is_recorded_with_the_run(project: Path, db: Any) -> None:
    run = job().run()

    stored = db.read_run(run.uid())
    notes = stored["metadata"]["annotations"]
    assert stored["status"]["commit"] == git("rev-parse", "HEAD", folder=project)
    assert notes["mlrun/source-branch"] == "main"
    assert "mlrun/source-dirty" not in notes


def test_uncommitted_changes_are_recorded_with_the_run(project: Path, db: Any) -> None:
    (project / "part.py").write_text("FACTOR = 3\n")
    (project / "new.py").touch()

    run = job().run()

    notes = db.read_run(run.uid())["metadata"]["annotations"]
    assert run.output("accuracy") == 3
    assert (notes["mlrun/source-dirty"], notes["mlrun/source-changes"]) == ("true", "M part.py, ?? new.py")


def test_changes_of_a_folder_that_is_used_where_it_is_are_recorded_too(project: Path, db: Any) -> None:
    (project / "part.py").write_text("FACTOR = 3\n")

    run = local("project", workdir="proj", handler="train.train").run()

    stored = db.read_run(run.uid())
    assert stored["status"]["commit"] == git("rev-parse", "HEAD", folder=project)
    assert stored["metadata"]["annotations"]["mlrun/source-changes"] == "M part.py"


def test_the_version_of_the_function_has_the_very_code_that_ran(project: Path, db: Any) -> None:
    fn = job()
    first, again = fn.run(), fn.run()
    (project / "part.py").write_text("FACTOR = 7\n")
    changed = fn.run()

    assert fn.spec.build.source == "./project"
    assert first.spec.function == again.spec.function != changed.spec.function
    old = mlrun.import_function(f"db://{first.spec.function}")
    assert old.spec.build.source.startswith("bundle+file://")
    assert old.run().output("accuracy") == 2
    assert old.run(local=True).output("accuracy") == 2


@pytest.mark.parametrize("artifact_path", ["", "results", "results/{{run.uid}}"])
def test_what_runs_write_into_a_folder_is_no_code(project: Path, db: Any, artifact_path: str) -> None:
    os.chdir(project)
    fn = job("./")
    first = fn.run(artifact_path=artifact_path)
    folder = Path(artifact_path.partition("/")[0] or "artifacts")
    folder.mkdir(exist_ok=True)
    (folder / "model.bin").write_bytes(b"x")

    assert fn.run(artifact_path=artifact_path).spec.function == first.spec.function


def test_a_source_that_an_image_was_built_with_need_not_be_here(db: Any) -> None:
    fn = mlrun.new_function("f", kind="job", image="x").with_code(body="def train():\n    return 1\n")
    fn.spec.build.source = "./not-here"

    assert fn.run(handler="train").output("return") == 1


def test_a_run_has_nothing_beside_its_code(archive: str, db: Any) -> None:
    fn = local(archive, command="ls -A")
    fn.spec.mode = "pass"

    assert db.get_log(fn.run().uid())[1] == b"part.py\nproj\n"


def test_a_folder_goes_by_a_store_where_one_is_named(project: Path, db: Any, tmp_path: Path) -> None:
    mlrun.mlconf.bundles.path = str(tmp_path / "kept")

    run = job().run()

    digest = run.metadata.annotations["mlrun/source-digest"]
    assert run.metadata.annotations["mlrun/source"] == f"bundle+file://{tmp_path}/kept/{digest}"


def test_a_folder_without_the_working_folder_ships_nothing(project: Path, db: Any, home: Path) -> None:
    fn = job().with_source_archive("./project", workdir="prjo")

    with pytest.raises(MLRunNotFoundError, match="has no folder 'prjo': it has proj"):
        fn.run()

    assert db.list_runs() == []
    assert not (home / "bundles").exists()


def test_a_folder_that_is_built_into_the_image_is_not_shipped(project: Path) -> None:
    fn = mlrun.new_function("f", kind="job").with_source_archive("./project", pull_at_runtime=False)

    assert not sources.is_shipped(fn.spec)
    assert sources.is_shipped(job().spec)
