"""User code runs here: its context, its arguments, what it logs and returns, and its iterations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlrun.execution.context import MLClientCtx as MLClientCtx


def __getattr__(name: str) -> Any:
    if name != "MLClientCtx":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mlrun.execution.context import MLClientCtx

    return MLClientCtx
