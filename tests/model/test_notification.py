"""The notification record."""

from __future__ import annotations

from mlrun.model.notification import Notification


def test_what_is_secret_is_shown_as_stars():
    one = Notification("slack", "n", secret_params={"webhook": "s3cr3t"})

    assert one.shown()["secret_params"] == {"webhook": "***"}
    assert "s3cr3t" not in repr(one)


def test_where_a_database_keeps_it_that_is_shown():
    one = Notification("slack", "n", secret_params={"secret": "mlrun.notifications/3f2a/0/n"})

    assert one.is_kept_apart
    assert one.shown()["secret_params"] == {"secret": "mlrun.notifications/3f2a/0/n"}


def test_what_is_secret_wins():
    one = Notification("webhook", "n", params={"url": "a", "method": "PUT"}, secret_params={"url": "b"})

    assert one.all_params == {"url": "b", "method": "PUT"}


def test_nothing_given_means_the_default():
    assert Notification.of({"kind": "console", "name": "n", "severity": None, "when": None}).when == [
        "completed"
    ]
