"""The part of the context that knows secrets."""

from __future__ import annotations

from mlrun.db.base import RunDB
from mlrun.model.run import Run
from mlrun.secrets import Masker, SecretsStore, get_secret_or_env


class Hidden:
    """A base of :class:`mlrun.execution.context.MLClientCtx`; it has no life of its own."""

    _run: Run
    _db: RunDB
    _secrets: SecretsStore

    def get_secret(self, key: str) -> str | None:
        """
        The secret *key* of the task, else of the project, else of the environment; None where there is none.

        From now on it is masked in what the run leaves behind.
        """
        value = self._secrets.get(key)
        if value is None:
            self._secrets.learn_project(self._db, self._run.metadata.project)
            value = self._secrets.of_project(key)
        if value is None:
            value = get_secret_or_env(key)
        self.masker.add(value or "")
        return value

    @property
    def masker(self) -> Masker:
        """Makes stars of the secrets that this run knows."""
        return self._secrets.masker
