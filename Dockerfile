# One image for every portal container: web, worker, beat and the one-shot preparations.
FROM python:3.11.14-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements/main.txt /requirements.txt
RUN python -m venv /venv \
    && /venv/bin/pip install --require-hashes --only-binary :all: -r /requirements.txt

FROM python:3.11.14-slim-bookworm
ENV PATH=/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    STATIC_ROOT=/app/staticfiles
# The folders are where volumes are mounted: a new volume takes over owner and mode.
RUN groupadd --gid 10001 dip \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent dip \
    && cd /var/lib && install -d -o dip -g dip -m 0750 dip dip/secrets dip/trusted-keys \
        dip/database-password dip/superuser-password dip/gateway-certificate dip/gateway-trust dip/authority \
        dip/catcher
COPY --from=packages /venv /venv
WORKDIR /app
COPY . .
RUN DIP_ENVIRONMENT=uit DIP_HOME=/tmp/build python manage.py collectstatic --noinput \
    && rm -rf /tmp/build \
    && python -m compileall -q . \
    && chmod -R a+rX,go-w .
USER 10001:10001
EXPOSE 8000
ENTRYPOINT ["/app/deploy/container/entrypoint.sh"]
CMD ["gunicorn", "--config", "python:deploy.gunicorn_conf", "--bind", "0.0.0.0:8000"]
