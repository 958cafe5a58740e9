from __future__ import annotations

from mlrun.code.magics import Settings
from mlrun.model.function import FunctionSpec


def test_settings_are_taken_over_into_a_spec() -> None:
    spec = FunctionSpec(env=[{"name": "A", "value": "old"}, {"name": "B", "value": "2"}])
    settings = Settings(
        commands=["pip install a"],
        env={"A": "new"},
        handler="go",
        config={"spec.build.baseImage": "base", "spec.maxReplicas": 5, "spec.triggers.http.maxWorkers": 3},
    )

    settings.set_on(spec)

    assert spec.build.commands == ["pip install a"]
    assert spec.env == [{"name": "B", "value": "2"}, {"name": "A", "value": "new"}]
    assert spec.default_handler == "go"
    assert (spec.build.base_image, spec.max_replicas) == ("base", 5)
    assert spec.config == {"spec.triggers.http.maxWorkers": 3}


def test_taking_them_over_twice_changes_nothing() -> None:
    spec = FunctionSpec()
    settings = Settings(commands=["pip install a"], env={"A": "1"})

    settings.set_on(spec)
    settings.set_on(spec)

    assert spec.build.commands == ["pip install a"]
    assert spec.env == [{"name": "A", "value": "1"}]


def test_a_handler_that_was_chosen_stays() -> None:
    spec = FunctionSpec(default_handler="mine")

    Settings(handler="theirs").set_on(spec)

    assert spec.default_handler == "mine"
