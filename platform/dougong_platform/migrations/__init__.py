"""How the system's own tables come from one release's form to the next: a chain of scripts under `versions/`.

`runner.py` runs them through Alembic, a transaction each. `docs/upgrading.md` says how to add one.
"""
