"""What the pages of the emergency beds share: their blueprint."""

from __future__ import annotations

from flask import Blueprint

blp = Blueprint("plasser", __name__, url_prefix="/plasser")
