"""Two, or more, who do something at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Barrier
from typing import Any

from flask import Flask

from portal.core.db import db
from portal.core.errors import PortalError


def samtidig(app: Flask, *handlinger: Callable[[], Any]) -> list[Any]:
    """Does them at the same moment, each in a context of its own: what each gave, or the error it met."""
    start = Barrier(len(handlinger))

    def en(handling: Callable[[], Any]) -> Any:
        with app.app_context():
            start.wait(10)
            try:
                return handling()
            except PortalError as feil:
                return feil
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(handlinger)) as baner:
        # Each with the test's clock.
        svar = [baner.submit(copy_context().run, en, h) for h in handlinger]
        gitt = [s.result() for s in svar]
    db.session.rollback()
    db.session.expire_all()
    return gitt
