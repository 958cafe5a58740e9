"""The working folder and environment variables that user code finds while it runs in this process."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def surroundings(workdir: str, env: Mapping[str, str]) -> Iterator[None]:
    """
    Inside the block this process is in the folder *workdir* (empty: where it is), and *env* is set.

    Both belong to the whole process: runs with different ones must not run in threads side by side.
    """
    before = {name: os.environ.get(name) for name in env}
    here = os.getcwd() if workdir else ""
    os.environ.update(env)
    try:
        if workdir:
            os.chdir(workdir)
        yield
    finally:
        if here:
            os.chdir(here)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
