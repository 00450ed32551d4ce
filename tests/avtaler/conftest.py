"""The other side of the table."""

from __future__ import annotations

import pytest

from portal.core.aktor import Aktor, Rolle
from tests.bygg import Scene, lag_aktor


@pytest.fixture
def motpart(scene: Scene) -> Aktor:
    """The coordinator of the scene's kommune."""
    return lag_aktor(Rolle.KOORDINATOR, scene.kommune, navn="Kåre Kommune")
