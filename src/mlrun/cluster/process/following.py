"""The log of a pod, as it is and as it grows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

from mlrun.cluster.process.folder import LOG, PodFolder, not_found, wait_for_end

LOOK_EVERY_S = 0.1  # whether there is more of it; its end is told at once
_PART = 1 << 16  # bytes


def read_log(pod: PodFolder, offset: int) -> Iterator[bytes]:
    """
    Raises:
        MLRunNotFoundError: The pod has been deleted.
    """
    with _open(pod, offset) as log:
        yield from _rest(log)


def follow_log(pod: PodFolder, offset: int) -> Iterator[bytes]:
    """
    Until the pod has ended, or is deleted.

    Raises:
        MLRunNotFoundError: The pod had been deleted.
    """
    with _open(pod, offset) as log:
        control = pod.open_control()
        try:
            while control is not None:
                yield from _rest(log)
                if wait_for_end(control, LOOK_EVERY_S):
                    break
        finally:
            if control is not None:
                os.close(control)
        yield from _rest(log)


def _open(pod: PodFolder, offset: int) -> BinaryIO:
    try:
        log = (pod / LOG).open("rb", buffering=0)
    except FileNotFoundError:
        raise not_found(pod.name) from None
    log.seek(offset)
    return log


def _rest(log: BinaryIO) -> Iterator[bytes]:
    while part := log.read(_PART):
        yield part
