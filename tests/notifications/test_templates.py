"""Templates over a run."""

from __future__ import annotations

import sys

import pytest

from mlrun.errors import MLRunInvalidArgumentError, MLRunMissingDependencyError
from mlrun.notifications.templates import check, holds, render


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("done", "done"),
        ("{{ results.accuracy }} of {{ metadata.name }}", "0.9 of train"),
        ("{{ state }}, p1={{ parameters.p1 }}", "completed, p1=5"),
        ("{% if results.accuracy > 0.5 %}good{% endif %}", "good"),
        ("{{ run.metadata.uid }}", "3f2a"),
    ],
)
def test_a_message_is_filled_in(run, text, rendered):
    assert render(text, run) == rendered


@pytest.mark.parametrize(
    ("condition", "is_true"),
    [
        ("", True),
        ("{{ results.accuracy > 0.8 }}", True),
        ("{{ results.accuracy > 0.95 }}", False),
        ("{{ 'yes' if parameters.p1 == 5 else 'no' }}", True),
        ("false", False),
    ],
)
def test_a_condition_decides(run, condition, is_true):
    assert holds(condition, run) is is_true


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        ("{{ results.loss > 1 }}", "can not be filled in: .*'loss'"),
        ("{{ results.accuracy }}", "neither true nor false: it renders '0.9'"),
        ("{{ 1 / 0 }}", "can not be filled in: division by zero"),
    ],
)
def test_a_condition_that_can_not_be_told_is_said(run, condition, text):
    with pytest.raises(MLRunInvalidArgumentError, match=text):
        holds(condition, run)


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ results.clear() }}",
        "{{ run.__init__.__globals__ }}",
    ],
)
def test_a_template_stays_in_its_sandbox(run, text):
    with pytest.raises(MLRunInvalidArgumentError, match="can not be filled in"):
        render(text, run)

    assert run.status.results == {"accuracy": 0.9}


def test_without_jinja_a_template_is_answered_with_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)

    check("plain text")
    with pytest.raises(MLRunMissingDependencyError, match=r"pip install 'mlrun\[notifications\]'"):
        check("{{ state }}")
