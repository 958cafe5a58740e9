"""``python -m mlrun.api.main``: the API server, with the options of ``mlrun db``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from mlrun.api.options import OPTIONS, Option, Options
from mlrun.api.server import serve
from mlrun.errors import MLRunBaseError, err_to_str


def main(words: list[str] | None = None) -> None:
    """Serve, and exit with 1 where that can not be, with 2 where an option is wrong."""
    parser = argparse.ArgumentParser("python -m mlrun.api.main", description="Start the API server.")
    for option in OPTIONS:
        _add(parser, option)
    options = Options(**vars(parser.parse_args(words)))
    try:
        serve(options)
    except MLRunBaseError as error:
        print(f"mlrun: {err_to_str(error)}", file=sys.stderr)
        sys.exit(1)


def _add(parser: argparse.ArgumentParser, option: Option) -> None:
    if option.is_flag:
        parser.add_argument(*option.flags, dest=option.field, help=option.help, action="store_true")
    elif option.least is None:
        parser.add_argument(*option.flags, dest=option.field, help=option.help, default="")
    else:
        parser.add_argument(*option.flags, dest=option.field, help=option.help, type=_number(option))


def _number(option: Option) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text)
        if not (option.least or 0) <= value <= option.most:
            raise argparse.ArgumentTypeError(f"{value} is not from {option.least} to {option.most}")
        return value

    return number


if __name__ == "__main__":
    main()
