"""How far an upload is."""

from __future__ import annotations

import sys
import time

import pytest

from mlrun.artifacts.upload_progress import WORTH_A_LINE, UploadProgress


def upload(started: float) -> None:
    with UploadProgress(2, 30_000_000, clock=started) as progress:
        progress.advance(10_000_000)


def test_a_terminal_shows_a_line_and_clears_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    upload(time.monotonic() - 2 * WORTH_A_LINE)

    assert capsys.readouterr().err == "\r\033[Kuploading: 1 of 2 files, 10 of 30 MB\r\033[K"


@pytest.mark.parametrize(("is_terminal", "age"), [(True, -60.0), (False, 60.0)])
def test_what_is_quick_or_has_no_terminal_is_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], is_terminal: bool, age: float
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)

    upload(time.monotonic() - age)

    assert capsys.readouterr().err == ""
