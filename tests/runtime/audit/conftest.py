"""A database with the audit's tables and nothing else."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from dougong_runtime.audit import log, seal
from dougong_runtime.storage.dialects import make_engine
from dougong_runtime.storage.system import SYSTEM


@pytest.fixture
def engine(database_url: str) -> sa.Engine:
    engine = make_engine(database_url)
    with engine.begin() as connection:
        SYSTEM.create_all(connection, tables=[log.dg_audit, seal.dg_seal])
    return engine
