"""Runs the migrations on the app's database, each in a transaction of its own."""

from __future__ import annotations

from alembic import context
from flask import current_app

from portal.core.db import skriver_skjema

target_metadata = current_app.extensions["migrate"].db.metadata


def run_migrations_online() -> None:
    engine = current_app.extensions["migrate"].db.engine
    with skriver_skjema(engine) as connection:
        context.configure(
            connection=connection,
            target_metadata=target_metadata,
            compare_type=True,
            render_as_batch=engine.dialect.name == "sqlite",
            transaction_per_migration=False,
        )
        with context.begin_transaction():
            context.run_migrations()


run_migrations_online()
