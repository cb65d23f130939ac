# The portal in one image; it starts with a SECRET_KEY and a JWT_SECRET of your own, see .env.example.
# Web:    docker run -p 8000:8000 --env-file .env -v portal:/data IMAGE
# The worker is the same image:    docker run --env-file .env -v portal:/data IMAGE huey_consumer tasks.huey --workers 2 --graceful-signal TERM
# The schema, before each start:   docker run --rm --env-file .env -v portal:/data IMAGE flask --app wsgi db upgrade
FROM python:3.11-slim AS build
RUN python -m venv /opt/venv
COPY requirements.txt .
RUN /opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
# The driver for PostgreSQL is an extra of the project; leave it out where MariaDB or SQLite is used.
RUN /opt/venv/bin/pip install --no-cache-dir "psycopg[binary]>=3.3,<4"

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /data portal && install -d -o portal -g portal /data /static
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY wsgi.py tasks.py ./
COPY portal portal
COPY migrations migrations
COPY seeds seeds
COPY translations translations
COPY pyproject.toml .
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PORTAL_ENV=production \
    PORTAL_DATA_DIR=/data \
    PORTAL_STATIC_DIR=/app/static \
    LOG_FORMAT=json \
    PORT=8000 \
    WEB_CONCURRENCY=2
# Compiled once, because no process may write here later; style sheets and scripts under their hashed names, compressed.
RUN python -m compileall -q --invalidation-mode unchecked-hash . && PORTAL_ENV=development PORTAL_DATA_DIR=/tmp/build flask --app wsgi assets build && rm -r /tmp/build
USER portal
EXPOSE 8000
# For the web process; for the worker switch it off (docker run --no-healthcheck), as deploy/compose.yaml does.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/live', timeout=2)"]
# A shell only to read the two settings; exec hands it over, so that signals reach the server.
CMD ["sh", "-c", "exec granian --interface wsgi --host 0.0.0.0 --port \"$PORT\" --workers \"$WEB_CONCURRENCY\" --blocking-threads 4 --respawn-failed-workers --workers-kill-timeout 20 wsgi:app"]
