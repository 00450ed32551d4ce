"""The negotiation's part of the random lives of an agreement (`test_tilstander.py`): propose, answer, take back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from portal.avtaler import steps
from portal.avtaler.forloep import Forslagsstatus
from portal.avtaler.models import Avtale, Forslag
from portal.avtaler.service import forslag, kommentarer
from portal.core.aktor import Aktor
from portal.core.db import db
from tests.avtaler.modell import Modell
from tests.avtaler.modelldeler import EIER, KOORDINATOR, OVERLEGE, Folk, Utspill

TEKSTER = st.sampled_from(["Ring først.", "Svar innen to timer.", "Varsle alle.", "Send melding."])
#: Chooses among what there is.
VALG = st.randoms(use_true_random=False)
#: More clauses than these are not proposed: the sequences are about people and order.
FLEST = 5


class Forhandlingsregler(RuleBasedStateMachine):
    """Each rule asks the model first; then the portal must say the same, and read as the model says."""

    m: Modell
    id: UUID
    _gjoer: Callable[..., Any]
    _noekler: Callable[[], list[UUID]]
    FOLK: list[Folk]

    def _forhandles(self) -> bool:
        arbeid = self.m.arbeid()
        return arbeid is not None and arbeid.status == "til_forhandling"

    def _har_forslag(self) -> bool:
        return bool(self.m.aapne_forslag)

    def _forhandlere(self, valg: Any) -> Folk:
        ordinaere = [f for f in self.FOLK if self.m.kan_forhandle(f)]
        hvem: Folk = valg.choice([*ordinaere * 3, *self.FOLK])
        return hvem

    @precondition(_forhandles)
    @rule(valg=VALG, type_=st.sampled_from(["endre", "endre", "endre", "ny", "stryk"]), tekst=TEKSTER)
    def foreslaa(self, valg: Any, type_: str, tekst: str) -> None:
        self._foreslaa(self._forhandlere(valg), valg, type_, tekst)

    @precondition(_forhandles)
    @rule(
        valg=VALG,
        type_=st.sampled_from(["endre", "endre", "ny", "stryk"]),
        tekst=TEKSTER,
        saa=st.sampled_from(["ja", "nei", "trekk", "trukket av en annen", "egen side ja", "egen side nei"]),
    )
    def foreslaa_og_mer(self, valg: Any, type_: str, tekst: str, saa: str) -> None:
        """From one who may; then the other side answers, it is taken back, or the own side tries to answer."""
        mulige = [f for f in self.FOLK if self.m.kan_forhandle(f)]
        assume(mulige)
        utspill = self._foreslaa(valg.choice(mulige), valg, type_, tekst)
        if utspill is None:
            return
        egen = valg.choice([f for f in mulige if f.organisasjon == utspill.fra])
        if saa == "trekk":
            self._trekk(utspill, egen)
        elif saa == "trukket av en annen":
            self._trekk(utspill, valg.choice([f for f in self.FOLK if f.organisasjon != utspill.fra]))
        elif saa.startswith("egen side"):
            self._svar(utspill, egen, saa.endswith("ja"))
        else:
            self._svar(utspill, self._motpart(valg, utspill), saa == "ja")

    @precondition(_har_forslag)
    @rule(valg=VALG, tekst=TEKSTER)
    def motforslag(self, valg: Any, tekst: str) -> None:
        """Another wording of what is open: of the clause, and not of what is new or to be struck."""
        paa = [f for f in self.m.aapne_forslag if f.plass is not None]
        assume(paa)
        forslaget = valg.choice(paa)
        self._foreslaa(self._motpart(valg, forslaget), valg, "endre", tekst, forslaget)

    @precondition(_har_forslag)
    @rule(valg=VALG, ja=st.booleans())
    def svar_paa_forslag(self, valg: Any, ja: bool) -> None:
        forslaget = valg.choice(self.m.aapne_forslag)
        hvem = valg.choice([*[self._motpart(valg, forslaget)] * 4, valg.choice(self.FOLK)])
        self._svar(forslaget, hvem, ja)

    @precondition(_har_forslag)
    @rule(valg=VALG)
    def trekk_forslag(self, valg: Any) -> None:
        forslaget = valg.choice(self.m.aapne_forslag)
        egne = [f for f in self.FOLK if f.organisasjon == forslaget.fra]
        hvem = valg.choice([*egne * 2, *self.FOLK])
        self._trekk(forslaget, hvem)

    @precondition(_forhandles)
    @rule(valg=VALG, plass=st.none() | st.integers(0, 1))
    def kommenter(self, valg: Any, plass: int | None) -> None:
        hvem, noekler = self._forhandlere(valg), self._noekler()
        noekkel = noekler[plass] if plass is not None and plass < len(noekler) else None
        self._gjoer(
            "kommenter",
            hvem,
            self.m.kan_forhandle(hvem),
            lambda a: kommentarer.skriv(a, self.id, noekkel, "Hva med natt?"),
        )

    # --- parts of these ---

    def _motpart(self, valg: Any, forslaget: Utspill) -> Folk:
        andre = [
            f
            for f in self.FOLK
            if (f.organisasjon == EIER) != (forslaget.fra == EIER) and f.rolle in (KOORDINATOR, OVERLEGE)
        ]
        hvem: Folk = valg.choice(andre)
        return hvem

    def _foreslaa(
        self, hvem: Folk, valg: Any, type_: str, tekst: str, paa: Utspill | None = None
    ) -> Utspill | None:
        arbeid, noekler = self.m.arbeid(), self._noekler()
        assert arbeid is not None
        assume(type_ != "ny" or len(noekler) < FLEST)
        assume(type_ == "ny" or noekler)
        plass = None if type_ == "ny" else paa.plass if paa else valg.randrange(len(noekler))
        utspill = Utspill(type_, plass, tekst if type_ != "stryk" else "", hvem.organisasjon, hvem.navn)
        ventet = self.m.foreslaa(hvem, utspill, paa)
        data = {"overskrift": "Nytt punkt", "art": "annet"} if type_ == "ny" else {}
        noekkel = noekler[plass] if plass is not None else None

        def gjoer(a: Aktor) -> UUID:
            rad = next((b for b in self._rader() if b[0] == noekkel), None)
            return forslag.foreslaa(
                a,
                self.id,
                noekkel,
                type_,
                None if type_ == "stryk" else {**data, "tekst": tekst},
                "",
                rad[1] if rad else "",
                paa.id if paa else None,
            )

        # Known by its id before everything is read again.
        svar = self._gjoer("foreslå", hvem, ventet, gjoer, lambda id_: setattr(utspill, "id", id_))
        return utspill if svar is not None else None

    def _rader(self) -> list[tuple[UUID, str]]:
        arbeid = self.m.arbeid()
        assert arbeid is not None
        return [(b.noekkel, b.innhold_hash) for b in steps.bestemmelser(self.id, arbeid.nummer)]

    def _svar(self, forslaget: Utspill, hvem: Folk, ja: bool) -> None:
        ventet = self.m.svar_forslag(hvem, forslaget, ja)
        self._gjoer(
            f"svar {'ja' if ja else 'nei'} på forslag",
            hvem,
            ventet,
            lambda a: forslag.svar(a, forslaget.id, ja),
        )

    def _trekk(self, forslaget: Utspill, hvem: Folk) -> None:
        ventet = self.m.trekk_forslag(hvem, forslaget)
        self._gjoer("trekk forslag", hvem, ventet, lambda a: forslag.trekk(a, forslaget.id))

    def forslagene_som_modellen(self, avtale: Avtale) -> None:
        """The open ones are the model's, and no answer is from the own side or from who proposed."""
        rader = db.session.scalars(sa.select(Forslag).where(Forslag.avtale_id == self.id)).all()
        aapne = {f.id for f in rader if f.status == Forslagsstatus.AAPENT}
        assert aapne == {f.id for f in self.m.aapne_forslag}
        arbeid = self.m.arbeid()
        assert all(arbeid and f.nummer == arbeid.nummer for f in rader if f.id in aapne)
        for f in rader:
            for s in f.svar:
                assert (s.organisasjon_id == avtale.eier_id) != (f.organisasjon_id == avtale.eier_id)
                assert s.person_id != f.person_id
            godtatt = [s for s in f.svar if s.godtatt]
            assert len(godtatt) == (f.status == Forslagsstatus.GODTATT)
