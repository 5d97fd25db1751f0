"""Two imports of one company at the same moment follow one another; neither is half-done."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from organisations.actors import DipManagerActor
from organisations.models import ApiKey, DipId, Organisation
from promotion.apply import Applied, apply_imports
from promotion.models import Import
from promotion.receive import receive_all
from tests.promotion import setups

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rows(
    be: Callable[[str], None], signed: Callable[..., bytes], manager: DipManagerActor
) -> list[Import]:
    """Two extracts of one company that wait, the second a moment newer."""
    be("production")
    now = timezone.now()
    older = signed(setups.setup(name="Older"), at=now - timedelta(minutes=1))
    newer = signed(setups.setup(name="Newer"), at=now)
    outcomes = receive_all(actor=manager, files=[newer, older], via=Import.Via.UPLOAD, now=now)
    return [row for row in outcomes if isinstance(row, Import)]


def at_once(works: list[Callable[[], Any]]) -> list[Any]:
    """Run these at the same moment, each in a transaction and a thread of its own."""
    barrier = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(n: int, work: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            with transaction.atomic():
                results[n] = work()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def apply(row: Import, manager: DipManagerActor) -> Callable[[], Any]:
    def work() -> Any:
        key = str(row.pk)
        return apply_imports(actor=manager, fingerprints={key: ""}, now=timezone.now())[key]

    return work


def test_the_same_import_twice_at_once_is_made_once(
    rows: list[Import], manager: DipManagerActor
) -> None:
    outcomes = at_once([apply(rows[0], manager), apply(rows[0], manager)])

    assert sorted(outcome.changed for outcome in outcomes) == [False, True]
    assert (DipId.objects.count(), ApiKey.objects.count()) == (1, 2)


def test_two_extracts_of_one_company_at_once_follow_one_another(
    rows: list[Import], manager: DipManagerActor
) -> None:
    outcomes = at_once([apply(row, manager) for row in rows])

    assert all(outcome is not None for outcome in outcomes)
    assert isinstance(outcomes[0], Applied)  # the newer; the older came first or was refused
    assert Organisation.objects.get().name == "Newer"
    assert (DipId.objects.count(), ApiKey.objects.count()) == (1, 2)
