"""Every code that is stored or shown, for the house rule that each has a word and a CHECK."""

from __future__ import annotations

from enum import StrEnum

from portal.avtaler import forloep as avtaleloep
from portal.avtaler.punkter import Situasjon
from portal.beredskap import models as beredskap
from portal.core.aktor import Rolle
from portal.henvendelser import forloep as sak
from portal.henvendelser.eskalering import models as eskalering
from portal.identitet import models as folk
from portal.omdisponering import forloep as omdloep
from portal.plasser import forloep as plassloep
from portal.vakt import models as vakt
from portal.varsler import models as varsler

#: Where the codes of the rooms are written.
MODULER = (sak, folk, vakt, avtaleloep, beredskap, plassloep, omdloep, varsler, eskalering)
#: enum → (its group of words, the columns that hold it).
KODER: dict[type[StrEnum], tuple[str, tuple[str, ...]]] = {
    Rolle: ("rolle", ("medlemskap.rolle",)),
    folk.Organisasjonstype: ("organisasjonstype", ("organisasjon.type",)),
    folk.Enhetstype: ("enhetstype", ("enhet.type",)),
    sak.Status: ("status", ("henvendelse.status",)),
    sak.Hastegrad: ("hastegrad", ("henvendelse.hastegrad",)),
    sak.Aldersgruppe: ("aldersgruppe", ("opplysninger.aldersgruppe",)),
    sak.Kjoenn: ("kjoenn", ("opplysninger.kjoenn",)),
    sak.Oppholdssted: ("oppholdssted", ("opplysninger.oppholdssted",)),
    sak.Plan: ("plan", ("henvendelse.plan_uten_raad",)),
    sak.Raad: ("raad", ("henvendelse.raad",)),
    sak.Utfall: ("utfall", ("henvendelse.utfall",)),
    sak.Hendelsestype: ("hendelsestype", ("hendelse.type",)),
    sak.Svar: ("svar", ()),
    sak.Side: ("", ("hendelse.side", "deltaker.side")),
    sak.Retning: ("retning", ("henvendelse.retning",)),
    sak.Innsynsgrunn: ("innsynsgrunn", ("innsyn.grunn",)),
    sak.Invitasjonsslag: ("invitasjonsslag", ("saksinvitasjon.slag",)),
    sak.Invitasjonstilstand: ("", ("saksinvitasjon.tilstand",)),
    sak.Oppfoelgingssvar: ("oppfoelging", ("oppfoelging_svar.svar",)),
    sak.Unngaatt: ("unngaatt", ()),
    folk.Lenkeformaal: ("", ("engangslenke.formaal",)),
    vakt.Nivaa: (
        "vaktnivaa",
        ("vakt.nivaa", "vakttelefon.nivaa", "rotasjon.nivaa", "hullvarsel.nivaa"),
    ),
    vakt.Dagtype: ("dagtype", ()),
    vakt.Vaktkilde: ("vaktkilde", ("vakt.kilde",)),
    vakt.Byttetilstand: ("byttetilstand", ("vaktbytte.tilstand",)),
    beredskap.Beredskapsnivaa: (
        "beredskapsnivaa",
        ("faseperiode.nivaa", "faseforslag.nivaa", "oevelsesdeltaker.nivaa"),
    ),
    beredskap.Svar: ("fasesvar", ("faseforslagsmottaker.svar",)),
    avtaleloep.Avtaletype: ("avtaletype", ("avtale.type",)),
    avtaleloep.Side: ("avtaleside", ("avtalepart.side",)),
    avtaleloep.Partstatus: ("partstatus", ("avtalepart.status",)),
    avtaleloep.Status: ("avtalestatus", ("avtaleversjon.status",)),
    avtaleloep.Art: ("bestemmelsesart", ("bestemmelse.art",)),
    avtaleloep.Forslagstype: ("forslagstype", ("forslag.type",)),
    avtaleloep.Forslagsstatus: ("forslagsstatus", ("forslag.status",)),
    avtaleloep.Uenighetstrinn: ("uenighetstrinn", ("uenighet.trinn", "uenighetsfoering.trinn")),
    Situasjon: ("avtalesituasjon", ()),
    plassloep.Tilstand: ("plasstilstand", ("plass.tilstand",)),
    plassloep.Stengtgrunn: ("stengtgrunn", ()),
    plassloep.Legedekning: ("legedekning", ("plassenhet.legedekning",)),
    plassloep.Holdstatus: ("holdstatus", ("reservasjon.status",)),
    plassloep.Aldersgruppe: ("oppholdsalder", ("opphold.aldersgruppe",)),
    plassloep.Aarsaksgruppe: ("aarsaksgruppe", ("opphold.aarsaksgruppe",)),
    plassloep.Frahvor: ("frahvor", ("opphold.fra_hvor",)),
    plassloep.Tilhvor: ("tilhvor", ("opphold.til_hvor",)),
    plassloep.Avslagsgrunn: ("plassavslag", ("plassavslag.grunn",)),
    plassloep.Vurderingsstatus: ("behovsvurdering", ("behovsvurdering.status",)),
    plassloep.Innen: ("opptrapping", ("opptrapping.innen_timer",)),
    plassloep.Laan: ("plasslaan", ()),
    omdloep.Slag: ("omdisponeringsslag", ("behov.slag", "tilbud.slag", "omdisponering.slag")),
    omdloep.Stilling: ("stilling", ("ressursperson.stilling", "bemanningsgulv.stilling")),
    omdloep.Lokaleslag: ("lokaleslag", ("lokale.slag",)),
    omdloep.Behovsstatus: ("behovsstatus", ("behov.status",)),
    omdloep.Tilbudsstatus: ("tilbudsstatus", ("tilbud.status",)),
    omdloep.Side: ("omdisponeringsside", ("omdisponering.foreslaatt_side",)),
    omdloep.Status: ("omdisponeringsstatus", ("omdisponering.status",)),
    omdloep.Alvor: ("avviksalvor", ("omdisponeringsavvik.alvor",)),
    omdloep.Delegert: ("delegert", ("delegering.oppgave",)),
    omdloep.Samtykke: ("ressurssamtykke", ("ressursperson.samtykke",)),
    omdloep.Strykgrunn: ("strykgrunn", ("omdisponeringslinje.stroeket_grunn",)),
    omdloep.Hendelsestype: ("omdisponeringshendelse", ("omdisponeringshendelse.type",)),
    varsler.Kanal: ("varselkanal", ("utsending.kanal",)),
    eskalering.Slag: ("", ("eskalering.slag",)),
    eskalering.Slutt: ("", ("eskalering.utfall",)),
    eskalering.Trinnutfall: ("", ("eskaleringstrinn.utfall",)),
    eskalering.Skiftetilstand: ("", ("vaktskiftesak.tilstand",)),
}
#: Never stored and never shown.
INDRE = {sak.Handling, sak.Hvem}
