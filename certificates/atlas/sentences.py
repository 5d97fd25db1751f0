"""How the audit trail puts what happens in Atlas into words: who ... which."""

SENTENCES = {
    "atlas_account:register": "registered with Atlas the company",
    "atlas_account:set_vetting": "set how identities are vetted of",
    "identity_profile:request": "requested the identity",
    "identity_profile:vet": "vetted the identity",
    "api_credential:create": "created the API credential",
    "api_credential:revoke": "deleted the API credential",
    "certificate:issue": "had issued the certificate",
    "certificate:revoke": "revoked the certificate",
    "atlas_account:set_quota": "set the issuance quota of",
    "authority:create": "made the certificate authority",
    "platform_certificate:issue": "issued the certificate for the environment",
    "authority:retire": "retired the certificate authority",
    "domain_claim:submit": "claimed the domain",
    "domain_claim:verify": "verified the domain",
    "domain_claim:reset": "reset the verification code of the domain",
    "domain_claim:delete": "deleted the claim of the domain",
    "dns_zone:create": "added to the test DNS the zone",
    "dns_zone:delete": "deleted from the test DNS the zone",
    "dns_record:create": "added to the test DNS the record",
    "dns_record:delete": "deleted from the test DNS the record",
}
