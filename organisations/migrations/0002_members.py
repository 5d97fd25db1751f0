import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Invitations of every member; those sent before are of Primary User Admins."""

    dependencies = [
        ("organisations", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="invitation",
            name="invitation_one_open_per_organisation",
        ),
        migrations.AddField(
            model_name="invitation",
            name="all_dip_ids",
            field=models.BooleanField(default=True, verbose_name="Member of All DIP IDs"),
        ),
        migrations.AddField(
            model_name="invitation",
            name="dip_ids",
            field=models.ManyToManyField(
                blank=True, related_name="invitations", to="organisations.dipid"
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="invited_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sent_invitations",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="is_analytics_reader",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="invitation",
            name="is_certificate_admin",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="invitation",
            name="is_message_admin",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="invitation",
            name="is_primary",
            field=models.BooleanField(default=True, verbose_name="of the Primary User Admin"),
        ),
        migrations.AlterField(
            model_name="invitation",
            name="is_primary",
            field=models.BooleanField(default=False, verbose_name="of the Primary User Admin"),
        ),
        migrations.AddField(
            model_name="invitation",
            name="is_user_admin",
            field=models.BooleanField(default=True),
        ),
        migrations.AlterField(
            model_name="invitation",
            name="is_user_admin",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="invitation",
            name="revision",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="membership",
            name="reminded_days",
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="membership",
            name="revision",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddIndex(
            model_name="membership",
            index=models.Index(
                condition=models.Q(("offboarded_at__isnull", True)),
                fields=["expires_date"],
                name="membership_by_expiry",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("accepted_at__isnull", True),
                    ("revoked_at__isnull", True),
                    ("is_primary", True),
                ),
                fields=("organisation",),
                name="invitation_one_open_primary",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("accepted_at__isnull", True), ("revoked_at__isnull", True)),
                fields=("organisation", "email"),
                name="invitation_one_open_per_address",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_user_admin", True),
                    ("is_certificate_admin", True),
                    ("is_message_admin", True),
                    ("is_analytics_reader", True),
                    _connector="OR",
                ),
                name="invitation_has_a_role",
            ),
        ),
    ]
