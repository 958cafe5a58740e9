"""What every kind of notification can count on."""

from __future__ import annotations

from mlrun.config import mlconf
from mlrun.notifications.base import News


def test_the_headline_says_what_became_of_the_run(run):
    assert News("it is trained", "info", run).headline == "[info] it is trained: run train is completed"


def test_the_facts_leave_out_what_is_empty(run):
    facts = News("m", "info", run).facts()

    assert facts == {"project": "iris", "uid": "3f2a", "state": "completed", "results": {"accuracy": 0.9}}


def test_the_facts_lead_to_the_dashboard(run):
    with mlconf.override(ui_url="http://ui/"):
        facts = News("m", "info", run).facts()

    assert facts["link"] == "http://ui/mlrun/projects/iris/jobs/monitor/3f2a/overview"
