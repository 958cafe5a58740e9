"""How many requests came, what they were answered and how long it took, as Prometheus reads it."""

from __future__ import annotations

import threading

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_REQUESTS = "mlrun_http_requests_total"
_SECONDS = "mlrun_http_request_seconds_total"


class Measures:
    """
    Counts by method, address and status since the server was started; threads may share it.

    An address is that of the rule (``/projects/{project}/runs/{uid}``), so there are not more
    lines than rules and statuses.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, int], tuple[int, float]] = {}
        self._lock = threading.Lock()

    def add(self, method: str, path: str, status: int, seconds: float) -> None:
        with self._lock:
            count, total = self._found.get((method, path, status), (0, 0.0))
            self._found[method, path, status] = count + 1, total + seconds

    def text(self) -> str:
        with self._lock:
            found = sorted(self._found.items())
        lines = [f"# HELP {_REQUESTS} Requests that were answered.", f"# TYPE {_REQUESTS} counter"]
        lines += [f"{_REQUESTS}{_labels(key)} {count}" for key, (count, _) in found]
        lines += [
            f"# HELP {_SECONDS} Time from a request's body to its answer.",
            f"# TYPE {_SECONDS} counter",
        ]
        lines += [f"{_SECONDS}{_labels(key)} {seconds:.6f}" for key, (_, seconds) in found]
        return "\n".join(lines) + "\n"


def _labels(key: tuple[str, str, int]) -> str:
    method, path, status = key
    return f'{{method="{method}",path="{path}",status="{status}"}}'
