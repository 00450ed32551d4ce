"""Production server: `gunicorn app:app` reads this file. nginx with TLS stands in front (see the README)."""

import os
import sys

bind = os.environ.get("PORTAL_BIND", "127.0.0.1:8000")
worker_class = "gevent"
# One process serves a large house; more are for availability and for more cores, and need PORTAL_REDIS_URL.
workers = int(os.environ.get("PORTAL_PROSESSER", "1"))
if workers > 1 and not os.environ.get("PORTAL_REDIS_URL"):
    sys.exit(
        "PORTAL_PROSESSER is above 1, and PORTAL_REDIS_URL is missing: events would stay in one process."
    )
# Every open browser window is one connection; gunicorn's default of 1000 would refuse the next.
worker_connections = 10_000
graceful_timeout = 10
control_socket_disable = True
accesslog = None
errorlog = "-"


def post_worker_init(worker):  # type: ignore[no-untyped-def]
    """Checks the database, starts the tick, and freezes what was made at start."""
    from app import app
    from portal.cli import forbered

    try:
        forbered(app)
    except SystemExit as feil:
        print(feil, file=sys.stderr, flush=True)
        os._exit(3)  # gunicorn's «failed to boot»: the master stops instead of trying for ever
