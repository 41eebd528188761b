"""The tables of the posting log and how an older log becomes a newer one."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.problems import Problem, Severity, UsageError

VERSION = 2
"""1: batches were open or settled as a whole. 2: each member by itself, and when a batch was sent last."""
LEASE_SECONDS = 60

_tables = sa.MetaData()

meta = sa.Table(
    "meta",
    _tables,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("value", sa.String, nullable=False),
)

run = sa.Table(
    "run",
    _tables,
    sa.Column("id", sa.String, primary_key=True),
    *(
        sa.Column(name, sa.String, nullable=False)
        for name in ("command", "period", "digest", "approved_by", "started_at", "ended_at", "state", "summary")
    ),
)

plan = sa.Table(
    "plan",
    _tables,
    sa.Column("digest", sa.String, primary_key=True),
    sa.Column("stage", sa.String, nullable=False),
    sa.Column("period", sa.String, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("begun_at", sa.String, nullable=False),
    sa.Column("finished_at", sa.String, nullable=False),
)

batch = sa.Table(
    "batch",
    _tables,
    sa.Column("requestid", sa.String, primary_key=True),
    sa.Column("run", sa.String, nullable=False),
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("begun_at", sa.String, nullable=False),
    sa.Column("settled", sa.Integer, nullable=False),
    sa.Column("sent_at", sa.String, nullable=False, server_default=""),
    sa.Index("batch_open", "settled"),
)

member = sa.Table(
    "member",
    _tables,
    sa.Column("requestid", sa.String, primary_key=True),
    sa.Column("bid", sa.String, primary_key=True),
    sa.Column("key", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("entity", sa.String, nullable=False),
    sa.Column("settled", sa.Integer, nullable=False, server_default="0"),
)

event = sa.Table(
    "event",
    _tables,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", sa.String, nullable=False),
    sa.Column("run", sa.String, nullable=False),
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("key", sa.String, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("action", sa.String, nullable=False),
    sa.Column("entity", sa.String, nullable=False),
    sa.Column("standing", sa.String, nullable=False),
    sa.Column("qbo_id", sa.String, nullable=False),
    sa.Column("number", sa.String, nullable=False),
    sa.Column("amount_cents", sa.BigInteger, nullable=False),
    sa.Column("sync_token", sa.String, nullable=False),
    sa.Column("coworks_id", sa.String, nullable=False),
    sa.Column("note", sa.String, nullable=False),
    sa.Column("requestid", sa.String, nullable=False),
    sa.Index("event_key", "key"),
    sa.Index("event_run", "run"),
)

lease = sa.Table(
    "lease",
    _tables,
    sa.Column("holder", sa.String, primary_key=True),
    sa.Column("host", sa.String, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("pid_started", sa.String, nullable=False),
    sa.Column("beat_at", sa.String, nullable=False),
)

sign_off = sa.Table(
    "sign_off",
    _tables,
    sa.Column("period", sa.String, primary_key=True),
    sa.Column("signed_by", sa.String, nullable=False),
    sa.Column("signed_at", sa.String, nullable=False),
    sa.Column("proof_sha256", sa.String, nullable=False),
)


_STEPS: dict[int, tuple[str, ...]] = {
    2: (
        "ALTER TABLE batch ADD COLUMN sent_at VARCHAR DEFAULT '' NOT NULL",
        "ALTER TABLE member ADD COLUMN settled INTEGER DEFAULT 0 NOT NULL",
        "UPDATE batch SET sent_at = begun_at",
        "UPDATE member SET settled = 1 WHERE requestid IN (SELECT requestid FROM batch WHERE settled = 1)",
    ),
}
"""What brings a log of the version before to this one; every step is part of one transaction."""


def migrate(connection: Connection, *, realm: str, environment: str = "") -> None:
    """Make the tables that are missing, bring an older log to this version and bind it to its company and environment.

    A log that names no environment yet gets this one. Raises `UsageError` if the log is of a newer toolkit, or of
    another company ID or environment and not empty: its keys and IDs would mean nothing here.
    """
    meta.create(connection, checkfirst=True)
    known = {row.name: row.value for row in connection.execute(sa.select(meta))}
    version = int(known.get("version", VERSION))
    if version > VERSION:
        raise UsageError(_complaint("was written by a newer version of this toolkit", "update the toolkit"))
    here = {name: value for name, value in (("realm", realm), ("environment", environment)) if value}
    foreign = _foreign(known, here)
    if foreign is not None and _used(connection):
        raise UsageError(foreign)
    for step in range(version + 1, VERSION + 1):
        for statement in _STEPS[step]:
            connection.execute(sa.text(statement))
    _tables.create_all(connection)
    _remember(connection, known, {"version": str(VERSION)} | here)


def _foreign(known: Mapping[str, str], here: Mapping[str, str]) -> Problem | None:
    """What keeps a log of one company and environment from being used in another, if it is of another."""
    differs = [name for name in here if known.get(name, here[name]) != here[name]]
    if "realm" in differs:
        return _complaint(
            f"belongs to the company with ID {known['realm']}, not to {here['realm']}",
            "check company.toml, or move posting-log.db away if the folder was copied from another company",
        )
    if "environment" in differs:
        return _complaint(
            f"is of the {_BOOKS_OF.get(known['environment'], known['environment'])}, and company.toml says "
            f'environment = "{here["environment"]}"',
            "move posting-log.db and books.db to another folder, and give rehearsals a company folder of their own",
            "An ID of one QuickBooks is somebody else in another: invoices would go to strangers.",
        )
    return None


def _used(connection: Connection) -> bool:
    """Whether any run is in it: a log that is empty belongs to nobody yet, whatever company.toml said at first."""
    tables = sa.inspect(connection).get_table_names()
    return any(connection.execute(sa.select(one).limit(1)).first() for one in (run, event) if one.name in tables)


def _remember(connection: Connection, known: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    for name, value in wanted.items():
        if name not in known:
            connection.execute(sa.insert(meta), {"name": name, "value": value})
        elif known[name] != value:
            connection.execute(sa.update(meta).where(meta.c.name == name).values(value=value))


_POSTS_TWICE = "It decides what is already posted; the wrong one would post everything twice."
_BOOKS_OF = {
    "emulator": "practice QuickBooks (emulator)",
    "sandbox": "sandbox company",
    "production": "real books (production)",
}


def _complaint(what: str, do: str, why: str = _POSTS_TWICE) -> Problem:
    return Problem(
        code="posting-log-foreign",
        where="posting-log.db",
        what=f"The posting log {what}.",
        why=why,
        do=f"{do[:1].upper()}{do[1:]}, then run again.",
        severity=Severity.FILE,
    )
