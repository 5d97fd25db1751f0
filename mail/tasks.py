"""Celery's side of `mail`: it only wakes; what is to be sent stands in the rows."""

from celery import shared_task

from mail import delivery


@shared_task(name="mail.deliver")
def deliver(mail_id: str) -> None:
    """Make one attempt at an e-mail, if it is due."""
    delivery.deliver(mail_id)


@shared_task(name="mail.deliver_due")
def deliver_due() -> None:
    """Make one attempt at each e-mail that is due."""
    delivery.deliver_due()
