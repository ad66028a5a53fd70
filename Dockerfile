# The image of AI Account Exporter. docs/docker.md explains how to run it.
# Both stages use the same base, because the virtual environment refers to its Python. .ci/images has the same digest.
ARG PYTHON_IMAGE=python:3.13-slim-trixie@sha256:bf44cdfcb76cd3b41e879bc058fc37ec5872002ccfde7fcb765e218cde0cd79c

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_NO_COMPILE=1
WORKDIR /src
RUN python3 -m venv /opt/build && python3 -m venv --without-pip /opt/ai-account-exporter

# What changes rarely comes first. Only wheels are installed: nothing is compiled, and no third-party build script runs.
COPY .ci/pins/build.txt .ci/pins/run.txt .ci/pins/
RUN /opt/build/bin/pip install --only-binary=:all: --no-deps --require-hashes -r .ci/pins/build.txt \
    && /opt/build/bin/pip --python /opt/ai-account-exporter/bin/python install --only-binary=:all: --no-deps --require-hashes -r .ci/pins/run.txt

COPY pyproject.toml README.md LICENSE config.example.yaml ./
COPY docs/deployment docs/deployment
COPY grafana grafana
COPY prometheus prometheus
COPY exporter exporter
# Python does not compare hash-based bytecode with the modification time of its source, which copies and registries may change.
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /tmp/wheel . \
    && /opt/build/bin/pip --python /opt/ai-account-exporter/bin/python install --no-deps --no-index /tmp/wheel/*.whl \
    && /opt/ai-account-exporter/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/ai-account-exporter/lib


FROM ${PYTHON_IMAGE}
# A numeric user, because Kubernetes cannot check whether a name is root. A new named volume gets the owner of this directory.
RUN echo 'exporter:x:65532:' >> /etc/group \
    && echo 'exporter:x:65532:65532::/var/lib/ai-account-exporter:/usr/sbin/nologin' >> /etc/passwd \
    && install -d -o 65532 -g 65532 -m 0750 /var/lib/ai-account-exporter \
    && install -d /etc/ai-account-exporter \
    && find / -xdev \
         \( -path '*/*-packages/pip*' -o -path '/usr/local/bin/pip*' -o -path '*/python3*/ensurepip' -o -path '*/python-wheels' \) \
         -prune -exec rm -rf {} +

COPY --from=build /opt/ai-account-exporter /opt/ai-account-exporter
ENV PATH=/opt/ai-account-exporter/bin:$PATH
# Python's own modules have no bytecode, and a read-only container would compile them at every start. These commands create it.
RUN ai-account-exporter check --schema >/dev/null \
    && python -c "import exporter.cli.serve, exporter.cli.demo, exporter.cli.once, exporter.cli.providers, exporter.cli.healthcheck"

ARG REVISION=""
ENV AI_ACCOUNT_EXPORTER_REVISION=$REVISION \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONFAULTHANDLER=1 \
    PYTHONUNBUFFERED=1
LABEL org.opencontainers.image.title="AI Account Exporter" \
      org.opencontainers.image.description="Prometheus exporter for AI vendors' accounts: what is left, how old the figure is, and when it ends." \
      org.opencontainers.image.source="https://github.com/ai-account-exporter/ai-account-exporter" \
      org.opencontainers.image.documentation="https://github.com/ai-account-exporter/ai-account-exporter/blob/main/docs/docker.md" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision=$REVISION

WORKDIR /etc/ai-account-exporter
USER 65532:65532
EXPOSE 9893
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s --retries=3 CMD ["ai-account-exporter", "healthcheck"]
ENTRYPOINT ["ai-account-exporter"]
CMD ["serve", "--config.file=/etc/ai-account-exporter/config.yaml"]
