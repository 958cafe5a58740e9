"""``python -m mlrun`` is the command ``mlrun``."""

from __future__ import annotations

from mlrun.cli import main

main()
