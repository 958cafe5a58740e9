"""One lock for short steps in memory; a fork waits for it, so a child never finds a step half done."""

from __future__ import annotations

import os
import threading

short = threading.Lock()
os.register_at_fork(before=short.acquire, after_in_parent=short.release, after_in_child=short.release)
