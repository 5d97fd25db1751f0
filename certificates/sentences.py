"""How the audit trail puts what happens with a company's certificates into words: who ... which."""

SENTENCES = {
    "atlas_credential:save": "saved the GlobalSign API credentials of",
    "atlas_credential:replace": "replaced the GlobalSign API credentials of",
    "atlas_credential:remove": "removed the GlobalSign API credentials of",
    "domain_registration:register": "registered with GlobalSign the domain",
    "domain_registration:submit": "submitted for verification the domain",
    "domain_registration:verify": "found verified by GlobalSign the domain",
    "domain_registration:renew_code": "asked for a new verification code of the domain",
    "domain_registration:delete": "deleted the registration of the domain",
    "certificate_request:send": "requested the",
    "certificate_request:retry": "had GlobalSign asked again for the",
    "certificate_request:withdraw": "withdrew the request for the",
    "certificate_request:refuse": "was told by GlobalSign that it refuses the",
    "dip_certificate:issue": "received from GlobalSign the",
    "dip_certificate:revoke": "revoked the",
    "dip_certificate:find_revoked": "found revoked by GlobalSign the",
}
