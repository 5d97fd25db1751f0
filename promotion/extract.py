"""UIT: extract the setup of companies, the first of the DIP Manager's three tasks."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Max

from audit.services import draft, record_all
from dip_portal.lib import bulk, clock
from dip_portal.lib import environment as environments
from organisations.actors import Actor
from organisations.models import Organisation, PabApproval
from organisations.policies import Action, require
from promotion import document, facts, signing
from promotion.errors import UnableToExtract
from promotion.models import Extract
from promotion.setups import companies_of

Outcome = Extract | UnableToExtract
FIRST_EXTRACT = "First extract of this company."
SIGNED_ANEW = "The same setup, signed with the new key of UIT."


def extract_companies(
    *, actor: Actor, organisations: Sequence[int], now: datetime
) -> dict[int, tuple[Outcome, bool]]:
    """Extract these companies (primary keys) in the transaction at hand.

    Returns for each its extract and whether it is new, or why it was refused. A company
    whose setup is still that of its last extract gets no new one, unless the signing key was
    rotated since. The number of queries does not depend on the number of companies. Raises
    Refused or Stranger.
    """
    require(actor, Action.EXTRACT_MAKE)
    chosen = Organisation.objects.select_for_update(of=("self",)).in_bulk(organisations)
    children = Organisation.objects.filter(parent__in=chosen).order_by("company_number")
    approved = set(
        PabApproval.objects.filter(organisation__in=chosen, withdrawn_at__isnull=True).values_list(
            "organisation_id", flat=True
        )
    )
    families: dict[int, list[Organisation]] = defaultdict(list)
    for child in children:
        assert child.parent_id is not None
        families[child.parent_id].append(child)
    companies = companies_of({one.pk: one for one in (*chosen.values(), *children)})
    last = _last_extracts(chosen)
    outcomes: dict[int, tuple[Outcome, bool]] = {}
    for key in organisations:
        organisation = chosen.get(key)
        if organisation is None:
            outcomes[key] = UnableToExtract("The company is no longer there."), False
            continue
        try:
            _require_candidate(organisation, is_approved=key in approved)
            setup = document.Setup.model_construct(
                company=companies[key],
                children=sorted(
                    (companies[child.pk] for child in families[key]),
                    key=lambda company: company.company_number,
                ),
            )
            outcomes[key] = _extract(organisation, setup, last.get(key), actor, now)
        except UnableToExtract as refusal:
            outcomes[key] = refusal, False
    _store([extract for extract, is_new in outcomes.values() if is_new], actor)
    still_current = [
        extract.pk
        for extract, is_new in outcomes.values()
        if isinstance(extract, Extract) and not is_new
    ]
    Extract.objects.filter(pk__in=still_current).update(confirmed_at=now)
    return outcomes


def _require_candidate(organisation: Organisation, *, is_approved: bool) -> None:
    if organisation.parent_id is not None:
        raise UnableToExtract(
            f"{organisation} is a child organisation and is promoted with its parent: extract "
            "the parent instead."
        )
    if not is_approved:
        raise UnableToExtract(
            f"{organisation} has no PAB approval. Record the approval on the company's page, "
            "then extract it."
        )


def _extract(
    organisation: Organisation,
    setup: document.Setup,
    last: Extract | None,
    actor: Actor,
    now: datetime,
) -> tuple[Extract, bool]:
    """Return the company's extract, and whether it is new (and still to be stored)."""
    digest = document.digest_of(setup)
    is_unchanged = last is not None and last.setup_digest == digest
    # Production refuses what a former key has signed, though it says the same.
    if last is not None and is_unchanged and signing.names_own_key(last.file.encode()):
        return last, False
    content = document.to_bytes(
        document.make(
            setup=setup,
            environment=environments.current().name,
            extracted_at=now,
            extracted_by=actor.label,
        )
    )
    try:
        document.read(content)
    except document.UnableToRead as error:
        raise UnableToExtract(
            f"The setup of {organisation} is not fit for an extract. Correct it and extract "
            f"again. {error}"
        ) from None
    return (
        Extract(
            organisation=organisation,
            number=last.number + 1 if last else 1,
            setup_digest=digest,
            file=signing.sign(content).decode(),
            changes=_changes(last, setup),
            made_at=now,
            confirmed_at=now,
            made_by_id=actor.user_id,
        ),
        True,
    )


def _changes(last: Extract | None, setup: document.Setup) -> list[str]:
    if last is None:
        return [FIRST_EXTRACT]
    return changes_since(last, setup) or [SIGNED_ANEW]


def changes_since(earlier: Extract, setup: document.Setup) -> list[str]:
    """Return in words what a setup says otherwise than an earlier extract."""
    before = facts.facts_of(read_extract(earlier).setup)
    return [difference.text for difference in facts.differences(before, facts.facts_of(setup))]


def read_extract(extract: Extract) -> document.Document:
    """Return the document in a stored extract, unverified. Raises UnableToRead."""
    return document.read(signing.payload_of(extract.file.encode()))


def verify_extract(extract: Extract) -> None:
    """Verify a stored extract again: signature, format and digests.

    Raises UnableToVerify or UnableToRead, if the stored file is no longer what this
    environment signed.
    """
    content = signing.verify(extract.file.encode(), environment=environments.current().name)
    if document.read(content).digest.value != extract.setup_digest:
        raise signing.UnableToVerify("The file is signed, but is not the extract recorded here.")


def mark_fetched(extract: Extract) -> None:
    """Note that Production has fetched the extract."""
    extract.fetched_at = clock.now()
    extract.save(update_fields=["fetched_at"])


def _last_extracts(chosen: dict[int, Organisation]) -> dict[int, Extract]:
    newest = (
        Extract.objects.filter(organisation__in=chosen)
        .values("organisation")
        .annotate(newest=Max("number"))
        .values_list("organisation", "newest")
    )
    numbers = dict(newest)
    extracts = Extract.objects.filter(
        organisation__in=chosen, number__in=set(numbers.values())
    ).select_related("organisation")
    return {
        extract.organisation_id: extract
        for extract in extracts
        if extract.number == numbers[extract.organisation_id]
    }


def _store(outcomes: Sequence[Outcome], actor: Actor) -> None:
    extracts = [extract for extract in outcomes if isinstance(extract, Extract)]
    bulk.insert_all(extracts)
    record_all(
        [
            draft(
                actor=actor,
                action="extract:make",
                subject=extract.organisation,
                after={"extract": extract.number, "digest": extract.setup_digest},
                at=extract.made_at,
                organisation_id=extract.organisation_id,
            )
            for extract in extracts
        ]
    )
