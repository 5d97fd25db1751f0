#!/bin/sh
# Brings one environment up to date before its web, worker and beat start. Every step may
# run again: nothing changes the second time.
set -eu

python manage.py migrate --noinput
python manage.py check_secrets
python manage.py publish_key
python manage.py request_own_certificate
python manage.py load_demonstration
python manage.py show_sign_ins
