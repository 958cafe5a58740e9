"""The Spark of this machine: where it is, and what is said where there is none."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys

from mlrun.errors import MLRunMissingDependencyError


def check_pyspark(kind: str) -> None:
    """
    Raises:
        MLRunMissingDependencyError: PySpark is not installed; says how to get it.
    """
    if importlib.util.find_spec("pyspark") is None:
        older = ", with Python 3.10 or newer" if sys.version_info < (3, 10) else ""
        raise MLRunMissingDependencyError(
            f"kind {kind!r} needs PySpark, which is not installed: pip install 'mlrun[spark]'{older}"
        )


def check_java(kind: str) -> None:
    """
    Raises:
        MLRunMissingDependencyError: There is no Java; says how to get one.
    """
    home = os.environ.get("JAVA_HOME", "")
    if not shutil.which("java", path=os.path.join(home, "bin") if home else None):
        place = f"in JAVA_HOME={home}" if home else "on the PATH, and JAVA_HOME is not set"
        raise MLRunMissingDependencyError(
            f"kind {kind!r} needs Java 17 or newer, and there is no java {place}:"
            " apt install openjdk-17-jre-headless"
        )


def spark_submit() -> str:
    """The path of ``spark-submit``: of ``SPARK_HOME``, else the one that came with PySpark."""
    home = os.environ.get("SPARK_HOME") or _folder_of_pyspark()
    return os.path.join(home, "bin", "spark-submit")


def _folder_of_pyspark() -> str:
    found = importlib.util.find_spec("pyspark")
    assert found is not None and found.submodule_search_locations, "check_pyspark() comes first"
    return str(found.submodule_search_locations[0])
