#!/bin/sh
# Brings Atlas up to date before its web, worker and beat start, as prepare.sh does a portal.
set -eu

python manage.py migrate --noinput
python manage.py check_secrets
python manage.py prepare_atlas
python manage.py show_atlas_sign_ins
