"""The state of a pod is true whoever was killed, and on whichever machine it is asked for."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mlrun.cluster.process import ProcessCluster
from mlrun.cluster.process.folder import PodFolder, PodRecord, has_labels, pod_names, sweep
from mlrun.errors import MLRunNotFoundError, MLRunRuntimeError
from mlrun.testing.cluster_pods import Pods


@pytest.fixture
def ended(folder: Path, pods: Pods) -> str:
    """A pod that has ended, and whose supervisor is gone."""
    name = pods.start("true")
    pods.ended(name)
    pods.until(lambda: not PodFolder(f"{folder}/{name}").is_alive(), "its supervisor is gone")
    return name


def test_a_pod_whose_supervisor_was_killed_has_failed_and_runs_no_more(
    cluster: ProcessCluster, pods: Pods, kill_supervisor: Callable[[str], None], alive: Callable[[int], bool]
) -> None:
    name = pods.start("setsid sleep 600 & echo $!; sleep 600")
    pods.printed(name, "\n")

    kill_supervisor(name)
    state = cluster.read(name)

    assert (state.phase, state.reason, state.exit_code) == ("failed", "ContainerStatusUnknown", None)
    assert "watched over it was killed, or the machine was restarted" in state.message
    assert not alive(int(pods.log(name)))
    assert cluster.read(name) == state


def test_a_pod_whose_limits_were_kept_is_ended_with_its_supervisor(
    folder: Path, cluster: ProcessCluster, pods: Pods, kill_supervisor: Callable[[str], None]
) -> None:
    if not cluster.limits_memory:
        pytest.skip("no control group can be made here")
    name = pods.start(
        "env -i setsid sleep 600 & echo ready; sleep 600", resources={"limits": {"memory": "64Mi"}}
    )
    pods.printed(name, "ready")
    groups = [Path(group) for group in PodFolder(f"{folder}/{name}").record.groups]
    there = [group.exists() for group in groups]

    kill_supervisor(name)
    cluster.read(name)

    assert there == [True]
    assert [group.exists() for group in groups] == [False]


def test_a_pod_of_a_machine_that_was_restarted_has_failed(
    folder: Path, cluster: ProcessCluster, ended: str
) -> None:
    (folder / ended / "ended").unlink()  # as it was while it ran; nobody reads its pipe any more

    assert cluster.read(ended).reason == "ContainerStatusUnknown"


def test_a_pod_of_another_machine_is_left_to_it(folder: Path, cluster: ProcessCluster, ended: str) -> None:
    (folder / ended / "ended").unlink()
    record = PodFolder(f"{folder}/{ended}").record
    record.host, record.machine = "elsewhere", "another"
    (folder / ended / "pod.json").write_text(record.to_json())

    state = cluster.read(ended)

    assert (state.phase, state.node) == ("unknown", "elsewhere")
    with pytest.raises(MLRunRuntimeError, match="can not be deleted here: it runs on elsewhere"):
        cluster.delete(ended)
    shutil.rmtree(folder / ended)


def test_the_end_of_one_that_is_gone_makes_no_folder(folder: Path, ended: str) -> None:
    pod = PodFolder(f"{folder}/{ended}")
    assert pod.record.name == ended
    pod.remove()

    with pytest.raises(MLRunNotFoundError, match=ended):
        pod.state()

    assert pod_names(str(folder)) == []


def test_the_folder_of_a_pod_is_for_its_user_only(folder: Path, ended: str) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / ended).stat().st_mode & 0o777 == 0o700


def test_a_folder_without_rights_is_removed(cluster: ProcessCluster, folder: Path, pods: Pods) -> None:
    name = pods.start("mkdir -p a/b && touch a/b/c && chmod 500 a/b && chmod 0 a")
    pods.ended(name)

    cluster.delete(name)

    assert list(folder.iterdir()) == []


def test_what_was_being_made_when_somebody_was_killed_is_swept_away(tmp_path: Path) -> None:
    old, new, other = (tmp_path / name for name in (f".{'0' * 16}.tmp", f".{'1' * 16}.tmp", ".keep"))
    for path in (old, new, other):
        (path / "work").mkdir(parents=True)
        os.utime(path, times=(time.time(), time.time() - (0 if path == new else 7200)))

    sweep(str(tmp_path))

    assert sorted(tmp_path.iterdir()) == sorted([new, other])


def test_what_is_hidden_is_no_pod(tmp_path: Path) -> None:
    for name in ("a", f".{'0' * 16}.tmp"):
        (tmp_path / name).mkdir()

    assert pod_names(str(tmp_path)) == ["a"]
    assert pod_names(str(tmp_path / "nowhere")) == []


@pytest.mark.parametrize(
    ("selector", "has"),
    [({}, True), (None, True), ({"a": "1"}, True), ({"a": "2"}, False), ({"c": ""}, False)],
)
def test_labels_are_compared(selector: dict[str, str] | None, has: bool) -> None:
    assert has_labels({"a": "1", "b": "2"}, selector) is has


def test_a_pod_that_is_gone_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(MLRunNotFoundError, match="no pod 'a'"):
        PodFolder(str(tmp_path / "a")).state()


def test_what_is_known_of_a_pod_has_no_variable() -> None:
    assert not {"env", "command", "args"} & set(PodRecord.__struct_fields__)


def test_removing_twice_is_removing_once(folder: Path, ended: str) -> None:
    pod = PodFolder(f"{folder}/{ended}")

    pod.remove()
    pod.remove()

    assert pod_names(str(folder)) == []
