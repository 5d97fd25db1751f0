"""The demonstration's invented companies and people, as they are in UIT."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from organisations.roles import Role

MANAGER = ("dana.okafor@dip.example", "Dana", "Okafor")
DCP_ID = "1000042001"
SHOWN = "Brightwater Energy Ltd"  # the company that `make run` carries through the promotion
INVITED = ("priya.nair@brightwater-energy.example", "Priya", "Nair")
OWEN = ("owen.pryce@conduit-connect.example", "Owen", "Pryce")


@dataclass(frozen=True, kw_only=True)
class DemonstrationMember:
    """A person of a company: (e-mail, first name, last name), and what they may do.

    `mpid` limits them to the DIP IDs of one MPID; `days_left` until the membership
    expires, a year without it.
    """

    person: tuple[str, str, str]
    roles: Sequence[Role]
    mpid: str = ""
    days_left: int | None = None


@dataclass(frozen=True, kw_only=True)
class DemonstrationCompany:
    """An invented company as it is in UIT.

    `mpids` maps MPIDs to the DIP role codes (with the market role code) of their DIP IDs;
    `nominates` whether the company as a whole nominates the demonstration's DCP; `admin` is
    its User Admin, `invited` are people who have not accepted yet.
    """

    name: str
    company_number: str
    description: str
    domains: Sequence[str]
    mpids: dict[str, Sequence[tuple[str, str]]]
    parent: str = ""
    is_dcp: bool = False
    nominates: bool = False
    nominates_for: str = ""  # the DIP role code of a single DIP ID
    approved: tuple[str, date] | None = None
    admin: tuple[str, str, str] | None = None
    members: Sequence[DemonstrationMember] = ()
    invited: Sequence[DemonstrationMember] = ()


COMPANIES = (
    DemonstrationCompany(
        name="Conduit Connect Ltd",
        company_number="04410275",
        description="Connects market participants to the DIP.",
        domains=["conduit-connect.example"],
        mpids={"CNDT": [("DCP", "")]},
        is_dcp=True,
        approved=("PAB-2026-011", date(2026, 2, 3)),
        admin=OWEN,
        members=[
            DemonstrationMember(
                person=("ines.duarte@conduit-connect.example", "Inês", "Duarte"),
                roles=[Role.USER_ADMIN, Role.CERTIFICATE_ADMIN, Role.MESSAGE_ADMIN],
            ),
        ],
    ),
    DemonstrationCompany(
        name=SHOWN,
        company_number="07345120",
        description="Electricity supplier to homes and small firms, mostly in the Midlands.",
        domains=["brightwater-energy.example", "brightwater.example"],
        mpids={"BRWE": [("SUP", "X"), ("MDR", "")], "BRW2": [("SUP", "X")]},
        nominates=True,
        approved=("PAB-2026-014", date(2026, 2, 17)),
        admin=INVITED,
        members=[
            DemonstrationMember(
                person=("marcus.bell@brightwater-energy.example", "Marcus", "Bell"),
                roles=[Role.CERTIFICATE_ADMIN, Role.MESSAGE_ADMIN],
            ),
            DemonstrationMember(
                person=("aisha.rahman@brightwater.example", "Aisha", "Rahman"),
                roles=[Role.MESSAGE_ADMIN],
                mpid="BRW2",
                days_left=12,
            ),
            # The DCP's engineer, from a domain that its nomination whitelists.
            DemonstrationMember(person=OWEN, roles=[Role.MESSAGE_ADMIN]),
            DemonstrationMember(
                person=("peter.vaughan@brightwater-energy.example", "Peter", "Vaughan"),
                roles=[Role.ANALYTICS_READER],
                days_left=-3,
            ),
        ],
        invited=[
            DemonstrationMember(
                person=("nora.lind@brightwater-energy.example", "Nora", "Lind"),
                roles=[Role.CERTIFICATE_ADMIN],
            ),
        ],
    ),
    DemonstrationCompany(
        name="Northmoor Networks plc",
        company_number="02219843",
        description="Distributor of electricity in the north; keeps its own registration service.",
        domains=["northmoor-networks.example"],
        mpids={"NMOR": [("LDSO", "R"), ("REGS", "P"), ("UMSO", "")]},
        approved=("PAB-2026-016", date(2026, 3, 3)),
        admin=("helen.ashdown@northmoor-networks.example", "Helen", "Ashdown"),
    ),
    DemonstrationCompany(
        name="Meridian Metering Group Ltd",
        company_number="05560918",
        description="Metering services; its data services are companies of their own.",
        domains=["meridian-metering.example"],
        mpids={"MERI": [("MSS", "M"), ("MSA", "M")]},
        approved=("PAB-2026-019", date(2026, 3, 17)),
        admin=("tomasz.wojcik@meridian-metering.example", "Tomasz", "Wójcik"),
        members=[
            DemonstrationMember(
                person=("grace.adu@meridian-metering.example", "Grace", "Adu"),
                roles=[Role.USER_ADMIN, Role.CERTIFICATE_ADMIN],
            ),
            DemonstrationMember(
                person=("hugh.mcallister@meridian-metering.example", "Hugh", "McAllister"),
                roles=[Role.MESSAGE_ADMIN],
            ),
        ],
    ),
    DemonstrationCompany(
        name="Meridian Smart Data Ltd",
        company_number="05560919",
        description="Data service for smart and non-smart meters.",
        domains=["meridian-metering.example"],
        mpids={"MERS": [("SDS", "D")]},
        parent="05560918",
    ),
    DemonstrationCompany(
        name="Meridian Advanced Data Ltd",
        company_number="05560920",
        description="Data service for advanced meters.",
        domains=["meridian-metering.example"],
        mpids={"MERA": [("ADS", "D")]},
        parent="05560918",
        nominates_for="ADS",
    ),
    DemonstrationCompany(
        name="Larkfield Energy Co-operative Ltd",
        company_number="IP31877",
        description="Supplier owned by its customers.",
        domains=["larkfield.example"],
        mpids={"LARK": [("SUP", "X"), ("UMSDS", "")]},
        nominates_for="SUP",
        approved=("PAB-2026-021", date(2026, 4, 7)),
        admin=("ruth.adeyemi@larkfield.example", "Ruth", "Adeyemi"),
    ),
    DemonstrationCompany(
        name="Tidepool Power Ltd",
        company_number="12890447",
        description="A new supplier, still in its qualification.",
        domains=["tidepool-power.example"],
        mpids={"TIDE": [("SUP", "X")]},
        admin=("sam.osei@tidepool-power.example", "Sam", "Osei"),
    ),
)
