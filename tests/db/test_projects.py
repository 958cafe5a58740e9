"""What the port says about projects by itself."""

from __future__ import annotations

import pytest

from mlrun.db.projects import Projects
from mlrun.errors import MLRunAccessDeniedError


def test_values_of_secrets_are_never_given_back() -> None:
    with pytest.raises(
        MLRunAccessDeniedError, match=r"project 'iris'.*list_project_secret_keys\(\) names them"
    ):
        Projects.list_project_secrets(object(), "iris")  # type: ignore[arg-type]
