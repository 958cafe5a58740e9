"""How much one request may be; a longer one is answered, not read."""

from __future__ import annotations

MOST_BYTES = 64 << 20  # of a body: 413
MOST_SMALL = (
    256 << 10
)  # of the body of a write that others wait for; a longer one is a transaction of its own
MOST_HEAD = 64 << 10  # bytes of the address and the headers: 431
MOST_HEADERS = 100  # 431
MOST_URL = 32 << 10  # bytes of path and query: 414
MOST_DEPTH = 100  # of objects and lists inside each other in a JSON body: 400
MOST_KEY = 200  # characters of an idempotency-key: 400
BODY_S = 120  # for a body to arrive: 408
