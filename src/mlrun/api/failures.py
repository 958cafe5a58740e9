"""Wrong logins are answered slowly, so that passwords can not be tried out; right ones never are."""

from __future__ import annotations

import asyncio
import collections
import ipaddress
import time

FREE = 10  # wrong logins of an address within FORGET_S; every further one waits
FORGET_S = 60.0
DELAY_S = 1.0
MOST_WAITING = 16  # of an address at once; more are not even looked at
MOST = 10_000  # addresses, or right logins, that are remembered


class Failures:
    """
    Wrong logins by the address that they came from; for one event loop.

    Whoever was right before is never held up, whatever else comes from the same address (of a proxy, say).

    Example::

        if failures.are_too_many(address, login): refuse
        await failures.add(address)                         # a wrong one
    """

    def __init__(self, delay_s: float = DELAY_S) -> None:
        self.delay_s = delay_s
        self._found: collections.OrderedDict[str, _Failed] = collections.OrderedDict()
        self._right: collections.OrderedDict[str, None] = collections.OrderedDict()

    def are_too_many(self, address: str, login: str) -> bool:
        """
        Args:
            login: A hash of what is given.
        """
        failed = self._found.get(_network(address))
        return failed is not None and failed.waiting >= MOST_WAITING and login not in self._right

    def forgive(self, login: str) -> None:
        """*login* was right."""
        self._right[login] = None
        self._right.move_to_end(login)
        if len(self._right) > MOST:
            self._right.popitem(last=False)

    async def add(self, address: str) -> None:
        """Count a wrong login, and wait where there were many."""
        failed = self._of(_network(address))
        failed.count += 1
        if failed.count <= FREE:
            return
        failed.waiting += 1
        try:
            await asyncio.sleep(self.delay_s)
        finally:
            failed.waiting -= 1

    def _of(self, network: str) -> _Failed:
        now = time.monotonic()
        failed = self._found.get(network)
        if failed is None or (now - failed.last > FORGET_S and not failed.waiting):
            failed = self._found[network] = _Failed()
        failed.last = now
        self._found.move_to_end(network)
        if len(self._found) > MOST:
            self._found.popitem(last=False)
        return failed


class _Failed:
    """What came from one address."""

    count = 0
    waiting = 0
    last = 0.0


def _network(address: str) -> str:
    """One household has 2**64 addresses of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address
