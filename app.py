"""The entry point: patches gevent before anything else is imported, then makes the app."""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402

from portal.cli import serve  # noqa: E402
from portal.core.config import Oppsettsfeil  # noqa: E402
from portal.factory import create_app  # noqa: E402

try:
    app = create_app()
except Oppsettsfeil as feil:
    if __name__ == "__main__":
        sys.exit(feil.message)
    raise

if __name__ == "__main__":
    serve(app)
