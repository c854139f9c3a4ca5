"""Alembic's environment: the tables of every stage, on the connection that pb_service/platform/migrate.py gives."""

from importlib import import_module

from alembic import context

from pb_service.platform.db import Base
from pb_service.platform.migrate import SCRIPTS

# The one place that gathers all tables: a module registers its tables on Base by being imported.
for machinery in ("alarms", "files", "jobs", "outbox"):
    import_module(f"pb_service.platform.{machinery}")
for tables in sorted((SCRIPTS.parent / "pb_service" / "features").glob("*/tables.py")):
    import_module(f"pb_service.features.{tables.parent.name}.tables")

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
