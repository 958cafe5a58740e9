"""How much a driver and executors of Spark may take: said in Java's notation, and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.function import FunctionSpec
from mlrun.model.quantity import quantity, whole

if TYPE_CHECKING:
    from typing_extensions import Self

PARTS = ("driver", "executor")
_MEMORY = re.compile(r"([0-9]+)([KkMmGg])")
_KIB = {"k": 1, "m": 1024, "g": 1024 * 1024}


class Sizes:
    """A base of the kinds that use Spark; it has no life of its own."""

    spec: FunctionSpec

    def with_driver_requests(
        self, mem: str | None = None, cpu: str | float | None = None, patch: bool = False
    ) -> Self:
        """
        What the driver gets.

        Args:
            mem: Heap of its JVM, in Java's notation: digits and K, M or G, such as ``2g``.
            cpu: Cores of a node that have to be free for its pod.
            patch: Keep what is not given here.

        Raises:
            MLRunInvalidArgumentError: ``2Gi`` is no such notation; *cpu* is no quantity.
        """
        return self._set_part("driver", "requests", {"memory": mem, "cpu": cpu}, patch)

    def with_executor_requests(
        self, mem: str | None = None, cpu: str | float | None = None, patch: bool = False
    ) -> Self:
        """What each executor gets; arguments as of :meth:`with_driver_requests`."""
        return self._set_part("executor", "requests", {"memory": mem, "cpu": cpu}, patch)

    def with_cores(self, executor_cores: int | None = None, driver_cores: int | None = None) -> Self:
        """
        How many tasks an executor runs at a time, and how many cores the driver uses.

        Raises:
            MLRunInvalidArgumentError: One is no whole number of 1 or more.
        """
        if executor_cores is not None:
            self.spec.executor_cores = whole("executor_cores", executor_cores)
        if driver_cores is not None:
            self.spec.driver_cores = whole("driver_cores", driver_cores)
        return self

    def with_dynamic_allocation(
        self,
        min_executors: int | None = None,
        max_executors: int | None = None,
        initial_executors: int | None = None,
    ) -> Self:
        """
        Let the number of executors follow the work.

        Raises:
            MLRunInvalidArgumentError: A number is none, or they do not rise from the least to the most.
        """
        given = {
            "minExecutors": min_executors,
            "initialExecutors": initial_executors,
            "maxExecutors": max_executors,
        }
        numbers = {name: value for name, value in given.items() if value is not None}
        self.spec.dynamic_allocation = _checked_allocation({"enabled": True, **numbers})
        return self

    def _set_part(self, part: str, section: str, given: Mapping[str, Any], patch: bool) -> Self:
        values = {name: value for name, value in given.items() if value is not None}
        _check_section(part, section, values)
        name = f"{part}_resources"
        whole_part = getattr(self.spec, name)
        before = whole_part.get(section, {}) if patch else {}
        setattr(self.spec, name, {**whole_part, section: {**before, **values}})
        return self

    def check_sizes(self) -> None:
        """
        Look at what was assigned, and not set by a method.

        Raises:
            MLRunInvalidArgumentError: As the methods.
        """
        spec = self.spec
        for part in PARTS:
            for section, values in getattr(spec, f"{part}_resources").items():
                _check_section(part, section, values or {})
            if (cores := getattr(spec, f"{part}_cores")) is not None:
                whole(f"{part}_cores", cores)
        if spec.replicas is not None:
            whole("spec.replicas", spec.replicas)
        if spec.dynamic_allocation:
            _checked_allocation(spec.dynamic_allocation)


def kibibytes(memory: str) -> int:
    """Of a text in Java's notation."""
    found = _MEMORY.fullmatch(memory)
    assert found, f"{memory!r} was checked before"
    return int(found[1]) * _KIB[found[2].lower()]


def _check_section(part: str, section: str, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if name == "memory" and not (isinstance(value, str) and _MEMORY.fullmatch(value)):
            raise MLRunInvalidArgumentError(
                f"{part} {section}: memory {value!r} is not in Java's notation: digits and K, M or G, such as"
                " '512m' or '2g'"
            )
        if name != "memory":
            quantity(value, f"{part} {section}.{name}")


def _checked_allocation(allocation: Mapping[str, Any]) -> dict[str, Any]:
    least, most = allocation.get("minExecutors"), allocation.get("maxExecutors")
    initial = allocation.get("initialExecutors")
    for name in ("minExecutors", "initialExecutors", "maxExecutors"):
        if allocation.get(name) is not None:
            whole(name, allocation[name], least=1 if name == "maxExecutors" else 0)
    numbers = [number for number in (least, initial, most) if number is not None]
    if numbers != sorted(numbers):
        raise MLRunInvalidArgumentError(
            f"executors: at least {least}, {initial} in the beginning, at most {most} do not go together"
        )
    return dict(allocation)
