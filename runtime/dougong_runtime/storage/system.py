"""The metadata that all of the system's own tables register with. Their names begin with `dg_`."""

from __future__ import annotations

import sqlalchemy as sa

SYSTEM = sa.MetaData()
"""Each module declares its own tables here: audit/log.py `dg_audit`, documents/versions.py `dg_app` …"""
