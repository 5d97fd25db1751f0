"""The code sets of the market: DIP role codes, company types, and members' roles."""

from django.db import models


class DipRoleCode(models.TextChoices):
    """The MHHS role of a DIP ID (DOMAIN.md, 'Who and what')."""

    SUP = "SUP", "Supplier"
    REGS = "REGS", "Registration service"
    LDSO = "LDSO", "Distributor"
    UMSO = "UMSO", "Unmetered supplies operator"
    MSS = "MSS", "Smart metering service"
    MSA = "MSA", "Advanced metering service"
    SDS = "SDS", "Smart data service"
    ADS = "ADS", "Advanced data service"
    UMSDS = "UMSDS", "Unmetered data service"
    MDR = "MDR", "Meter data retriever"
    LSS = "LSS", "Load shaping service"
    MDS = "MDS", "Market-wide data service"
    ISD = "ISD", "Industry standing data"
    EES = "EES", "Electricity enquiry service"
    CSS = "CSS", "Central switching service"
    VAS = "VAS", "Volume allocation service"
    DCP = "DCP", "DIP connection provider"


# The first two digits of a DIP ID as seen per role (WIRE.md, 'Identities'); used to
# generate, never to refuse. Roles that were never seen get the free ones after them.
DIP_ID_PREFIXES = {
    DipRoleCode.DCP: "10",
    DipRoleCode.ADS: "11",
    DipRoleCode.MSS: "12",
    DipRoleCode.MSA: "13",
    DipRoleCode.SDS: "14",
    DipRoleCode.UMSDS: "15",
    DipRoleCode.UMSO: "16",
    DipRoleCode.MDR: "17",
    DipRoleCode.MDS: "18",
    DipRoleCode.LSS: "19",
    DipRoleCode.ISD: "20",
    DipRoleCode.EES: "21",
    DipRoleCode.REGS: "22",
    DipRoleCode.SUP: "23",
    DipRoleCode.CSS: "24",
    DipRoleCode.LDSO: "25",
    DipRoleCode.VAS: "26",
}


class DcpStatus(models.TextChoices):
    """Whether a company acts as a DIP Connection Provider (DOMAIN.md)."""

    DISABLED = "DISABLED", "Disabled"
    REQUESTED = "REQUESTED", "Requested"
    APPROVED = "APPROVED", "Approved"


class Role(models.TextChoices):
    """The four roles of a member (DOMAIN.md, 'Access and members')."""

    USER_ADMIN = "USER_ADMIN", "MP User Admin"
    CERTIFICATE_ADMIN = "CERTIFICATE_ADMIN", "MP Certificate Admin"
    MESSAGE_ADMIN = "MESSAGE_ADMIN", "MP Message Admin"
    ANALYTICS_READER = "ANALYTICS_READER", "MP Analytics Reader"
