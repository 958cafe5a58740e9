"""Pods are watched through breaks of the stream of events."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from mlrun.cluster.podman import PodmanCluster, watching
from mlrun.cluster.podman.engine import Engine
from mlrun.cluster.podman.watching import Watch
from mlrun.errors import MLRunServiceUnavailableError
from mlrun.model.pod import PodState
from mlrun.testing.cluster_pods import Pods


def a_pod(phase: str, name: str = "train", created: str = "1") -> PodState:
    return PodState(name=name, phase=phase, created=created)


class Told:
    """An engine whose events are those of a script, and which has the states that a test gives."""

    def __init__(self, folder: Path, script: str) -> None:
        (folder / "podman").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "podman").chmod(0o755)
        self.engine = Engine([str(folder / "podman")])
        self.looks: list[dict[str, PodState]] = []
        self.asked: list[list[str]] = []

    def read(self, names: list[str]) -> list[PodState]:
        self.asked.append(list(names))
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        return [look[name] for name in names if name in look]

    def watch(self, names: list[str], **labels: str | None) -> Watch:
        return Watch(self.engine, labels, lambda: names, self.read)  # type: ignore[arg-type]


def event(name: str, **labels: str) -> str:
    pairs = ",".join(f'"{key}":"{value}"' for key, value in labels.items())
    return f"""echo '{{"Name":"{name}","Status":"died","Attributes":{{{pairs}}}}}'"""


def test_an_event_is_followed_by_a_look(tmp_path: Path) -> None:
    told = Told(tmp_path, f"{event('train', a='1')}; exec sleep 600")
    told.looks = [{"train": a_pod("running")}, {"train": a_pod("failed")}]

    states = told.watch(["train"], a="1").states(threading.Event())
    phases = [next(states).phase, next(states).phase]
    states.close()

    assert phases == ["running", "failed"]


def test_an_event_of_another_pod_and_noise_are_passed_over(tmp_path: Path) -> None:
    noise = "echo 'time=x level=error'"
    told = Told(tmp_path, f"{event('other', a='2')}; {noise}; {event('train', a='1', b='x')}; exec sleep 600")
    told.looks = [{}, {"train": a_pod("running"), "other": a_pod("running", "other")}]

    states = told.watch(["train"], a="1", b=None).states(threading.Event())
    first = next(states)
    states.close()

    assert first.name == "train"
    assert ["other"] not in told.asked


def test_after_a_break_every_state_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_PAUSES_S", (0.01,))
    told = Told(tmp_path, "exit 1")
    told.looks = [{"train": a_pod("running")}, {"train": a_pod("running")}, {"train": a_pod("succeeded")}]

    states = told.watch(["train"]).states(threading.Event())
    phases = [next(states).phase, next(states).phase]
    states.close()

    assert phases == ["running", "succeeded"]


def test_a_lost_event_is_made_up_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LIST_EVERY_S", 0.01)
    monkeypatch.setattr(watching, "LOOK_EVERY_S", 0.01)
    told = Told(tmp_path, "exec sleep 600")
    told.looks = [{"train": a_pod("running")}, {"train": a_pod("succeeded")}]

    states = told.watch(["train"]).states(threading.Event())
    phases = [next(states).phase, next(states).phase]
    states.close()

    assert phases == ["running", "succeeded"]


def test_an_engine_that_is_away_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(watching, "_PAUSES_S", (0.01,))
    told = Told(tmp_path, "exec sleep 600")
    told.looks = [{"train": a_pod("succeeded")}]
    answers = iter([MLRunServiceUnavailableError("away"), MLRunServiceUnavailableError("away"), ["train"]])

    def names() -> list[str]:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    states = Watch(told.engine, {}, names, told.read).states(threading.Event())  # type: ignore[arg-type]
    phase = next(states).phase
    states.close()

    assert phase == "succeeded"
    assert capsys.readouterr().err.count("can not be watched, and this is tried again: away") == 1


@pytest.mark.parametrize(
    ("looks", "told_of"),
    [
        ([("running", "1"), None], ["running", "failed"]),
        ([("succeeded", "1"), None, ("running", "2")], ["succeeded", "running"]),
        ([("running", "1"), ("running", "2")], ["running", "failed", "running"]),
        ([("succeeded", "1"), ("failed", "1"), ("running", "2")], ["succeeded", "running"]),
    ],
    ids=["deleted", "ended, and its name given again", "its name given again", "ended twice"],
)
def test_one_pod_is_told_from_another_of_its_name(
    tmp_path: Path, looks: list[tuple[str, str] | None], told_of: list[str]
) -> None:
    told = Told(tmp_path, f"{'; '.join([event('train')] * 5)}; exec sleep 600")
    told.looks = [{"train": a_pod(look[0], created=look[1])} if look else {} for look in looks]
    watch = told.watch(["train"])

    seen = [state.phase for _ in looks for state in watch._news(["train"])]

    assert seen == told_of


def test_a_watch_that_is_left_ends_the_command(cluster: PodmanCluster, pods: Pods) -> None:
    name = pods.start("sleep 600")
    states = cluster.watch(pods.selector)
    next(states)
    marks = [path for path in Path("/proc").glob("[0-9]*/cmdline") if _is_ours(path, cluster)]

    states.close()

    assert name
    assert len(marks) == 1
    assert not any(_is_ours(path, cluster) for path in marks)


def _is_ours(cmdline: Path, cluster: PodmanCluster) -> bool:
    try:
        words = cmdline.read_bytes().split(b"\0")
    except OSError:
        return False
    return b"events" in words and cluster._engine.words[2].encode() in words
