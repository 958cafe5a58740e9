"""The kind ``job``: a pod for each run."""

from __future__ import annotations

from mlrun.runtimes.pods import PodRuntime


class KubejobRuntime(PodRuntime):
    """
    Runs a handler or a program in a pod of its own::

        fn = mlrun.code_to_function("train", filename="train.py", kind="job", image="python:3.11")
        fn.run(handler="train", params={"p1": 5})
    """

    kind: str = "job"
