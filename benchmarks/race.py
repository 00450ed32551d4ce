"""One bed that many grab at the same moment, again and again: exactly one gets it, and the others are told who.

    python -m benchmarks.race ROUNDS ACTORS     # with the portal's environment; prints what happened as JSON

Threads, each on its own connection to the database, through the use cases; whoever got the bed gives it back before the
next round. The unit has another bed free, so that nobody's request counts as one in vain.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from threading import Barrier, Thread
from uuid import UUID, uuid4

import orjson
import sqlalchemy as sa

from portal.core.aktor import Rolle
from portal.core.db import db
from portal.core.errors import Opptatt
from portal.factory import create_app
from portal.identitet.models import Organisasjon
from portal.plasser.forloep import Holdstatus, Legedekning, Tilstand
from portal.plasser.models import Plass, Reservasjon
from portal.plasser.service import drift, forvaltning, reservasjoner
from tests.bygg import lag_aktor, lag_enhet


def main(rounds: int, actors: int) -> None:
    app = create_app()
    with app.app_context():
        kommune = db.session.scalars(
            sa.select(Organisasjon)
            .where(Organisasjon.type == "kommune", Organisasjon.nedlagt.is_(None))
            .order_by(Organisasjon.kode)
        ).first()
        assert kommune is not None
        enhet = lag_enhet(kommune, "oehd_enhet", "Kappløpet")
        koordinator = lag_aktor(Rolle.KOORDINATOR, kommune)
        folk = [lag_aktor(Rolle.LEGE_KOMMUNE, kommune, enhet) for _ in range(actors)]
        unit = forvaltning.opprett(koordinator, enhet.id, legedekning=Legedekning.DOEGN, plasser=2)
        beds = db.session.scalars(
            sa.select(Plass.id).where(Plass.plassenhet_id == unit).order_by(Plass.id)
        ).all()
        for one in beds:
            drift.sett_tilstand(folk[0], unit, one, tilstand=Tilstand.LEDIG)
        bed = beds[0]
        db.session.remove()
    meet = Barrier(actors)
    won: list[list[UUID]] = [[] for _ in range(rounds)]
    told: list[int] = [0] * actors
    strange: list[str] = []

    def grab(number: int) -> None:
        with app.app_context():
            for round_ in range(rounds):
                meet.wait()
                mine = None
                try:
                    mine = reservasjoner.reserver(folk[number], unit, klient_id=uuid4(), plass_id=bed)
                    won[round_].append(mine)
                except Opptatt as loss:
                    told[number] += loss.detaljer.get("holder") is not None
                except Exception as error:
                    strange.append(f"{type(error).__name__}: {error}"[:300])
                meet.wait()
                if mine is not None:
                    reservasjoner.frigi(folk[number], mine)
            db.session.remove()

    start = time.monotonic()
    threads = [Thread(target=grab, args=(n,)) for n in range(actors)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - start
    with app.app_context():
        kept = db.session.scalar(
            sa.select(sa.func.count())
            .select_from(Reservasjon)
            .where(Reservasjon.plass_id == bed, Reservasjon.status == Holdstatus.FRIGITT)
        )
    sys.stdout.buffer.write(
        orjson.dumps(
            {
                "rounds": rounds,
                "actors": actors,
                #: {winners of a round: in how many rounds}
                "winners": {str(k): v for k, v in sorted(Counter(map(len, won)).items())},
                "told": sum(told),
                "strange": strange[:3],
                "holds": kept,
                "seconds": seconds,
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
