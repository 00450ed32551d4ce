"""The embedded server's connections: an answer leaves at once.

gevent writes the head and the body of an answer by themselves. On a connection that is kept the kernel holds the body
back until the browser has acknowledged the head, which it does not do before 40 ms have passed (Nagle's algorithm,
RFC 896, and delayed acknowledgements, RFC 1122 section 4.2.3.2). gunicorn says the same to its own sockets.
"""

from __future__ import annotations

import socket
from typing import Any

from gevent.pywsgi import WSGIHandler


class Straks(WSGIHandler):
    """One connection, with TCP_NODELAY."""

    def handle(self) -> Any:
        """Serves its requests until it is closed."""
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return super().handle()
