"""How long a pod may be in one state, before its run is aborted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, nearest
from mlrun.launcher.clock import seconds_since
from mlrun.model.duration import FOREVER, seconds_of
from mlrun.model.pod import PodPhase, PodState

DOING = {
    "pending_scheduled": "waited for its start, with a place to run",
    "pending_not_scheduled": "waited for a place to run",
    "image_pull_backoff": "waited for its image",
    "executing": "ran",
}
_PULLS = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")


def check(thresholds: Any) -> dict[str, Any]:
    """
    *thresholds*, once they are known to be some.

    Raises:
        MLRunInvalidArgumentError: A name is none of the four, or a span is no time.
    """
    if not isinstance(thresholds, Mapping):
        raise MLRunInvalidArgumentError(
            f"state thresholds are a dictionary such as {{'executing': '24h'}}, not {thresholds!r}"
        )
    for name, span in thresholds.items():
        if name not in DOING:
            raise MLRunInvalidArgumentError(
                f"{name!r} is not a state threshold: {', '.join(DOING)}.{nearest(str(name), DOING)}"
            )
        seconds_of(span, name)
    return dict(thresholds)


def defaults() -> dict[str, str]:
    """What the settings say."""
    known: dict[str, str] = mlconf.function.spec.state_thresholds.default.to_dict()
    return known


def passed(state: PodState, thresholds: Mapping[str, Any]) -> str:
    """The sentence about the threshold that a live pod has passed; empty for none."""
    name, since = _of(state)
    span = {**defaults(), **thresholds}[name]
    most = seconds_of(span, name)
    if most == FOREVER or seconds_since(since) <= most:
        return ""
    told = f" ({state.reason}: {state.message})" if state.reason else ""
    return f"its pod {DOING[name]} for more than {span}, which is the state threshold {name!r}{told}"


def _of(state: PodState) -> tuple[str, str]:
    """The threshold that holds in *state*, and since when."""
    if state.phase == PodPhase.RUNNING:
        return "executing", state.started or state.created
    if state.reason in _PULLS:
        return "image_pull_backoff", state.created
    return "pending_scheduled" if state.is_scheduled else "pending_not_scheduled", state.created
