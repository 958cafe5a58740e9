"""``python -m mlrun.api.main``: the API server, as the settings have it."""

from __future__ import annotations

import sys

from mlrun.api.server import serve
from mlrun.errors import MLRunBaseError, err_to_str


def main() -> None:
    """Serve, and exit with 1 where that can not be."""
    try:
        serve()
    except MLRunBaseError as error:
        print(f"mlrun: {err_to_str(error)}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
