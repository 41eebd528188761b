"""How often a company may be called: Intuit's limits per realm, shared by all processes that use the same company.

Sources: developer.intuit.com learn/limits-and-throttles; blogs.intuit.com 2025-08-13 (sandbox limits).

The limits run on the machine's monotonic clock although the company has a clock of its own: they exist so that a
client's pacing is exercised, and a client waits in real time. On a fixed company clock nobody would ever be let in
again. The monotonic clock is one for all processes of a machine; after a restart it begins anew, and so do the limits.
"""

from __future__ import annotations

import time
from array import array
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolkit.emulator.company import Company
    from toolkit.emulator.switches import Switches

MINUTE = 60.0
REALM_BATCHES = 120

SCHEMA = """
CREATE TABLE IF NOT EXISTS quota(
  id INTEGER PRIMARY KEY CHECK(id=1), calls BLOB NOT NULL, batches BLOB NOT NULL,
  tokens REAL NOT NULL, at REAL NOT NULL);
INSERT OR IGNORE INTO quota VALUES(1, x'', x'', 1e9, 0);
"""


def admit(company: Company, *, batch: bool, now: float | None = None) -> bool:
    """Tell whether one more call is within the limits, and count it if so; a refused call counts for nothing.

    At most `requests_per_minute` calls in any 60 seconds, `requests_per_second` on average with bursts of as many, and
    for batches also the smaller of `batches_per_minute` (one app) and `realm_batches_per_minute` (all apps together).
    """
    switches = company.switches
    if not switches.on("quotas"):
        return True
    calls_limit, per_second = switches.number("requests_per_minute"), switches.number("requests_per_second")
    moment = time.monotonic() if now is None else now
    with company.transaction():
        connection = company.connection()
        row = connection.execute("SELECT calls, batches, tokens, at FROM quota").fetchone()
        calls, batches = _recent(row[0], moment), _recent(row[1], moment)
        # A clock that went back is a machine that was restarted: the second's allowance is whole again.
        passed = moment - row[3] if moment >= row[3] else MINUTE
        allowance = min(per_second, row[2] + passed * per_second)
        if len(calls) >= calls_limit or allowance < 1 or (batch and len(batches) >= _batch_limit(switches)):
            return False
        calls.append(moment)
        if batch:
            batches.append(moment)
        connection.execute(
            "UPDATE quota SET calls=?, batches=?, tokens=?, at=?",
            (calls.tobytes(), batches.tobytes(), allowance - 1, moment),
        )
    return True


def _batch_limit(switches: Switches) -> int:
    app, realm = switches.number("batches_per_minute"), switches.number("realm_batches_per_minute")
    # One app is all there is here: a person who raises its limit over the realm's means the realm to allow it.
    return app if app > REALM_BATCHES == realm else min(app, realm)


def _recent(packed: bytes, now: float) -> array[float]:
    """Return the moments within the last minute, ascending."""
    moments = array("d")
    moments.frombytes(packed)
    if moments and moments[-1] > now:
        return array("d")
    return moments[bisect_right(moments, now - MINUTE) :]
