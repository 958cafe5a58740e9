"""What every cluster promises about what stands in a pod."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlrun.cluster.base import Cluster, Resource
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.testing.cluster_pods import Pods
from mlrun.testing.cluster_setup import ClusterSetup

Change = Callable[[Resource], Any]


def container(pod: Resource) -> dict[str, Any]:
    found: dict[str, Any] = pod["spec"]["containers"][0]
    return found


class ManifestsContract(ClusterSetup):
    """A pod does what its resource says; what it can not do is refused, and nothing is left."""

    def test_variables_are_given(self, pods: Pods) -> None:
        env = [
            {"name": "A", "value": "1 2"},
            {"name": "EMPTY", "value": ""},
            {"name": "QUOTE", "value": "'\"$"},
        ]

        _, log = pods.run('printf "%s|%s|%s" "$A" "${EMPTY-unset}" "$QUOTE"', env=env)

        assert log == "1 2||'\"$"

    def test_a_variable_of_several_lines_is_given(self, pods: Pods) -> None:
        _, log = pods.run('printf "%s" "$TEXT"', env=[{"name": "TEXT", "value": "first\nsecond=2\n"}])

        assert log == "first\nsecond=2\n"

    def test_a_variable_may_name_one_before_it(self, pods: Pods) -> None:
        env = [
            {"name": "HOST", "value": "db"},
            {"name": "URL", "value": "http://$(HOST):$(PORT)/$$(HOST)"},
        ]

        _, log = pods.run('printf "%s" "$URL"', env=env)

        assert log == "http://db:$(PORT)/$(HOST)"

    def test_a_variable_may_be_a_field_of_the_pod(self, pods: Pods) -> None:
        field = {"fieldRef": {"fieldPath": "metadata.name"}}
        name = pods.start('printf "%s" "$POD"', env=[{"name": "POD", "valueFrom": field}])

        pods.ended(name)

        assert pods.log(name) == name

    def test_arguments_arrive_as_they_are(self, pods: Pods) -> None:
        words = ["a b", "", "'\"", "$HOME", "*", "two\nlines", "grün"]

        _, log = pods.run('for a; do printf "<%s>" "$a"; done', args=["sh", *words])

        assert log == "".join(f"<{word}>" for word in words)

    def test_it_starts_in_its_working_folder(self, pods: Pods) -> None:
        _, log = pods.run("pwd", workingDir="/usr")

        assert log == "/usr\n"

    def test_a_folder_of_the_machine_is_mounted_at_its_own_path(self, pods: Pods, tmp_path: Path) -> None:
        (tmp_path / "data.txt").write_text("data")
        volume = {"name": "data", "hostPath": {"path": str(tmp_path)}}
        mount = {"name": "data", "mountPath": str(tmp_path)}

        _, log = pods.run(
            f"cat {tmp_path}/data.txt; echo new > {tmp_path}/new.txt",
            volumeMounts=[mount],
            spec={"volumes": [volume]},
        )

        assert log == "data"
        assert (tmp_path / "new.txt").read_text() == "new\n"

    def test_a_folder_of_the_machine_is_mounted_at_another_path(self, pods: Pods, tmp_path: Path) -> None:
        (tmp_path / "data.txt").write_text("data")
        pod = pods.make(
            "cat /mounted/data.txt; touch /mounted/new.txt 2>/dev/null || echo refused",
            volumeMounts=[{"name": "data", "mountPath": "/mounted", "readOnly": True}],
            spec={"volumes": [{"name": "data", "hostPath": {"path": str(tmp_path)}}]},
        )
        if not self.mounts_volumes:
            with pytest.raises(MLRunInvalidArgumentError, match=r"'data' .*/mounted"):
                pods.create(pod)
            return

        name = pods.create(pod)
        pods.ended(name)

        assert pods.log(name).startswith("data")
        assert "refused\n" in pods.log(name)

    def test_an_empty_folder_is_made(self, pods: Pods) -> None:
        pod = pods.make(
            "ls -A /scratch; echo 1 > /scratch/a; cat /scratch/a",
            volumeMounts=[{"name": "scratch", "mountPath": "/scratch"}],
            spec={"volumes": [{"name": "scratch", "emptyDir": {}}]},
        )
        if not self.mounts_volumes:
            with pytest.raises(MLRunInvalidArgumentError, match=r"'scratch' .*/scratch"):
                pods.create(pod)
            return

        name = pods.create(pod)
        pods.ended(name)

        assert pods.log(name) == "1\n"

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda pod: pod.pop("spec"), "spec"),
            (lambda pod: pod["spec"].update(containers=[]), "container"),
            (lambda pod: pod["metadata"].update(name="No Name!"), "No Name!"),
            (lambda pod: pod["metadata"].pop("name"), "name"),
            (lambda pod: pod["spec"].update(nodeselector={"gpu": "1"}), "nodeselector"),
            (lambda pod: container(pod).update(commands=["true"]), "commands"),
            (lambda pod: container(pod).update(env=[{"value": "1"}]), "env"),
            (lambda pod: container(pod).update(resources={"limits": {"memory": "1Gb"}}), "1Gb.*1Gi"),
            (lambda pod: container(pod).update(resources={"limits": {"cpu": "many"}}), "many"),
            (
                lambda pod: container(pod).update(
                    volumeMounts=[{"name": "nowhere", "mountPath": "/nowhere"}]
                ),
                "nowhere",
            ),
        ],
        ids=[
            "no spec",
            "no container",
            "a name that is none",
            "no name",
            "a field that is none",
            "a field of the container that is none",
            "a variable without a name",
            "a quantity that is none",
            "a number of cores that is none",
            "a mount without a volume",
        ],
    )
    def test_what_is_wrong_is_refused_by_name(
        self, cluster: Cluster, pods: Pods, change: Change, message: str
    ) -> None:
        pod = pods.make("true")
        change(pod)

        with pytest.raises(MLRunInvalidArgumentError, match=message):
            cluster.create(pod)

        assert cluster.list(pods.selector) == []
