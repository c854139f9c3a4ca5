# The service in one image: a checkout with its environment and its built frontend. Not built where it was written
# (docs/operate.md); linted with hadolint.
FROM node:24-bookworm-slim AS frontend
WORKDIR /build/frontend_static
COPY frontend_static/package.json frontend_static/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY frontend_static/ ./
RUN npm run build

FROM python:3.13-slim-bookworm
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /srv/pb
COPY constraints.txt ./
RUN pip install --require-hashes --requirement constraints.txt
COPY pyproject.toml README.md LICENSE ./
COPY alembic/ alembic/
COPY pb_service/ pb_service/
COPY --from=frontend /build/frontend_static/dist/ frontend_static/dist/
# Editable: migrations and frontend are found beside the package, as in a checkout.
RUN pip install --no-deps --no-build-isolation --editable . \
    && useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin pb \
    && install --directory --owner=pb --group=pb --mode=0700 /var/lib/pb
USER 10001
# In a container the proxy is on another address, and the data folder is a volume.
ENV PB_LISTEN=0.0.0.0 \
    PB_DATA=/var/lib/pb
VOLUME /var/lib/pb
EXPOSE 8000
CMD ["pb", "serve"]
