"""The entry point: patches gevent before anything else is imported, then makes the app."""

from gevent import monkey

monkey.patch_all()

from portal.cli import serve  # noqa: E402
from portal.factory import create_app  # noqa: E402

app = create_app()

if __name__ == "__main__":
    serve(app)
