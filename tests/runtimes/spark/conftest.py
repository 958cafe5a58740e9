"""A Spark of this environment."""

from __future__ import annotations

import shutil

import pytest

pytest.importorskip("pyspark", reason="pyspark is not installed: pip install 'mlrun[spark]'")
if not shutil.which("java"):
    pytest.skip("there is no Java: apt install openjdk-17-jre-headless", allow_module_level=True)
