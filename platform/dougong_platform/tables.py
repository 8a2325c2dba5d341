"""The platform's own tables: who may sign in and how, what roles people hold, and who does upkeep."""

from __future__ import annotations

import sqlalchemy as sa

from dougong_runtime.exact import Instant, JsonValue, RecordId
from dougong_runtime.storage.system import SYSTEM

SITE = sa.Table(
    "dg_site",
    SYSTEM,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
"""Facts about the site itself: `schema`, the number of the system tables' form."""

CREDENTIAL = sa.Table(
    "dg_credential",
    SYSTEM,
    sa.Column("user", RecordId, primary_key=True),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
)
"""A person's password, as argon2id. No row: the person cannot sign in by password."""

ASSIGNMENT = sa.Table(
    "dg_assignment",
    SYSTEM,
    sa.Column("user", RecordId, primary_key=True),
    sa.Column("role", sa.Text, primary_key=True),
    sa.Column("until", sa.Date),
    sa.Column("granted_at", Instant, nullable=False),
    sa.Column("granted_by", sa.Text, nullable=False),
)
"""A role that a person holds: `app.role`, or `admin`. `until`: its last day in the site's zone; NULL for no end."""

SESSION = sa.Table(
    "dg_session",
    SYSTEM,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("user", RecordId, nullable=False, index=True),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("used_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("address", sa.Text),
    sa.Column("agent", sa.Text),
)
"""Someone signed in. Kept are the SHA-256 of the cookie's token and never the token; `used_at` to the minute."""

ATTEMPT = sa.Table(
    "dg_attempt",
    SYSTEM,
    sa.Column("key_hash", sa.String(64), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_at", Instant, nullable=False, index=True),
)
"""Wrong passwords in a row, of an account or from an address. Removed by the right one, or after a day."""

PENDING_SIGN_IN = sa.Table(
    "dg_pending_sign_in",
    SYSTEM,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("user", RecordId, nullable=False, index=True),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
)
"""Someone whose password was right, and whose second factor is awaited: for minutes, and for few tries. It opens
nothing; kept is the SHA-256 of the cookie's token. Ended with the person's sessions."""

TOKEN = sa.Table(
    "dg_token",
    SYSTEM,
    sa.Column("id", RecordId, primary_key=True),
    sa.Column("user", RecordId, nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("scopes", JsonValue, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("used_at", Instant),
    sa.Column("revoked_at", Instant),
)
"""Keys of programs to the API. Kept is the SHA-256; `used_at` to the minute."""

TOTP = sa.Table(
    "dg_totp",
    SYSTEM,
    sa.Column("user", RecordId, primary_key=True),
    sa.Column("salt", sa.String(64), nullable=False),
    sa.Column("confirmed_at", Instant),
    sa.Column("last_step", sa.BigInteger),
)
"""A second factor. The secret follows from the site's key and `salt`, so the database alone does not give it;
`last_step` is the last step of 30 seconds whose code was taken, which is never taken again."""

RECOVERY = sa.Table(
    "dg_recovery",
    SYSTEM,
    sa.Column("user", RecordId, primary_key=True),
    sa.Column("code_hash", sa.String(64), primary_key=True),
)
"""Codes that stand in for a lost second factor, each once."""

LEASE = sa.Table(
    "dg_lease",
    SYSTEM,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("done_at", Instant),
)
"""What one process at a time does (`seal`, `hourly`, `daily`): by whom, until when, and when it was last done."""

PROCESS = sa.Table(
    "dg_process",
    SYSTEM,
    sa.Column("id", RecordId, primary_key=True),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("program", sa.Text, nullable=False),
    sa.Column("revision", sa.Text, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),
)
"""A process that serves: `program` is its version, `revision` the migration it knows; it notes `seen_at` every minute
and takes its row away at an orderly end."""

SLOW_STATEMENT = sa.Table(
    "dg_slow_statement",
    SYSTEM,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("statement", sa.Text, nullable=False),
    sa.Column("times", sa.BigInteger, nullable=False),
    sa.Column("milliseconds", sa.BigInteger, nullable=False),
    sa.Column("worst_milliseconds", sa.BigInteger, nullable=False),
    sa.Column("last_at", Instant, nullable=False),
)
"""Statements that took longer than the threshold: their text without values, how often, how long together and at
worst. The worst few hundred are kept; `key` is the SHA-256 of the text."""

POSITION = sa.Table(
    "dg_position",
    SYSTEM,
    sa.Column("user", RecordId, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("at", Instant, nullable=False),
)
"""Where the log of PostgreSQL stood when a person last wrote, in bytes from its beginning; not logged itself. Only
where there is a replica (positions.py)."""

RECENT = sa.Table(
    "dg_recent",
    SYSTEM,
    sa.Column("user", RecordId, primary_key=True),
    sa.Column("app", sa.Text, primary_key=True),
    sa.Column("entity", sa.Text, primary_key=True),
    sa.Column("record", RecordId, primary_key=True),
    sa.Column("at", Instant, nullable=False),
)
"""Records that a person opened lately, and when last: the newest few dozen. Names and ids alone; what a record is
called is asked for under the person's access when it is shown."""

STAR = sa.Table(
    "dg_star",
    SYSTEM,
    sa.Column("user", RecordId, primary_key=True),
    sa.Column("app", sa.Text, primary_key=True),
    sa.Column("entity", sa.Text, primary_key=True),
    sa.Column("record", RecordId, primary_key=True),
    sa.Column("at", Instant, nullable=False),
)
"""Records that a person starred, and when."""

SAVED_VIEW = sa.Table(
    "dg_saved_view",
    SYSTEM,
    sa.Column("id", RecordId, primary_key=True),
    sa.Column("app", sa.Text, nullable=False),
    sa.Column("entity", sa.Text, nullable=False),
    sa.Column("base", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("by", RecordId, nullable=False, index=True),
    sa.Column("roles", JsonValue),
    sa.Column("state", JsonValue, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Index("ix_dg_saved_view_app", "app", "entity"),
)
"""A view that a person saved: `base` is the view it was saved from, `state` what a list's address would say. `roles`:
whom it is shared with (an empty list: every role of the app); NULL for nobody. `version` counts its changes."""

VIEW_CHOICE = sa.Table(
    "dg_view_choice",
    SYSTEM,
    sa.Column("user", RecordId, primary_key=True),
    sa.Column("app", sa.Text, primary_key=True),
    sa.Column("entity", sa.Text, primary_key=True),
    sa.Column("view", sa.Text, primary_key=True),
    sa.Column("columns", sa.Text),
    sa.Column("freeze", sa.Text),
    sa.Column("totals", sa.Text),
    sa.Column("is_default", sa.Boolean, nullable=False),
    sa.Column("place", sa.Integer),
)
"""What a person keeps of a view (its name, or the id of a saved one): how its columns stand, whether it opens first,
and the place of its tab."""
