"""The notification record: whom to tell of a run, when, and what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mlrun.backports import StrEnum
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError, nearest
from mlrun.model.base import Model, field

if TYPE_CHECKING:
    from typing_extensions import Self

STARS = "***"
SECRET = "secret"  # the one key of secret_params where a database keeps them apart: under this name
STATES = ("running", "completed", "error", "aborted")  # of a run, that can be told of


class NotificationSeverity(StrEnum):
    INFO = "info"
    DEBUG = "debug"
    VERBOSE = "verbose"
    WARNING = "warning"
    ERROR = "error"


class NotificationStatus(StrEnum):
    """pending -> sent | error."""

    PENDING = "pending"
    SENT = "sent"
    ERROR = "error"


class Notification(Model, kw_only=False):
    """
    One message about one run::

        mlrun.model.Notification("slack", "done", "it is trained", when=["completed", "error"],
                                 secret_params={"webhook": url}, condition="{{ results.loss > 0.9 }}")

    *message* and *condition* may be templates over the run, see docs/notifications.md. What is secret in it
    is in :attr:`secret_params`, which win over :attr:`params`.
    """

    kind: str = "slack"
    name: str = ""  # each of a run has its own
    message: str = ""
    severity: str = NotificationSeverity.INFO.value
    when: list[str] = field(default_factory=lambda: ["completed"])  # states of the run
    condition: str = ""  # what it renders decides: true, yes, on, 1
    secret_params: dict[str, Any] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    status: str = ""  # of one that was sent; of a run they are in its status
    sent_time: str = ""
    reason: str = ""

    @classmethod
    def of(cls, given: Self | Mapping[str, Any]) -> Self:
        """
        A notification that can be one, from a record or a dictionary.

        Raises:
            MLRunInvalidArgumentTypeError: It is neither.
            MLRunInvalidArgumentError: A field, severity or state that is none.
        """
        if not isinstance(given, (Mapping, Notification)):
            raise MLRunInvalidArgumentTypeError(
                "a notification is a mlrun.model.Notification or a dictionary, not this"
                f" {type(given).__name__}"
            )
        one = cls.from_dict(given)
        one.validate_notification()
        return one

    def validate_notification(self) -> None:
        """
        Raises:
            MLRunInvalidArgumentError: As :meth:`of`.
        """
        for key in self._unknown():
            known = self.__struct_fields__
            raise MLRunInvalidArgumentError(
                f"a notification has no {key!r}: {', '.join(known)}.{nearest(key, known)}"
            )
        if not self.name:
            raise MLRunInvalidArgumentError("a notification needs a name, its own among those of the run")
        _check_word(self.severity, tuple(NotificationSeverity), f"severity of notification {self.name!r}")
        if not self.when:
            raise MLRunInvalidArgumentError(
                f"notification {self.name!r} is never sent: when= has no state; {', '.join(STATES)} are some"
            )
        for state in self.when:
            _check_word(state, STATES, f"state in when= of notification {self.name!r}")

    @staticmethod
    def validate_notification_uniqueness(notifications: Iterable[Notification]) -> None:
        """
        Raises:
            MLRunInvalidArgumentError: Two have one name.
        """
        names = [one.name for one in notifications]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise MLRunInvalidArgumentError(
                f"each notification has a name of its own; given twice: {', '.join(twice)}"
            )

    @property
    def all_params(self) -> dict[str, Any]:
        return {**self.params, **self.secret_params}

    @property
    def is_kept_apart(self) -> bool:
        """Whether what is secret in it has stayed in a database, or was made stars."""
        return bool(self.secret_params) and (
            set(self.secret_params) == {SECRET} or set(self.secret_params.values()) == {STARS}
        )

    def shown(self) -> dict[str, Any]:
        """What a run's record may say of it."""
        hidden = dict.fromkeys(self.secret_params, STARS)
        return self.to_dict() | ({"secret_params": hidden} if hidden and not self.is_kept_apart else {})

    def __repr__(self) -> str:
        return f"Notification({self.kind!r}, {self.name!r}, when={self.when})"


def _check_word(word: str, known: tuple[str, ...], what: str) -> None:
    if word not in known:
        raise MLRunInvalidArgumentError(
            f"{word!r} is not a {what}: {', '.join(known)}.{nearest(str(word), known)}"
        )
