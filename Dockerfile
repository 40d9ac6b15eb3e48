# syntax=docker/dockerfile:1
# The page, the API and MCP in one image: slim, not root, with the model and a built index inside.
#   docker build -t rcm-answers .
#   docker run --rm -p 8000:8000 rcm-answers
FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false
RUN python -m venv /opt/rcm
ENV PATH=/opt/rcm/bin:$PATH
WORKDIR /src
# The processor-only build of torch: the one on PyPI brings gigabytes for graphics cards.
RUN pip install --index-url https://download.pytorch.org/whl/cpu "torch>=2.6"
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY corpus corpus
COPY index index
COPY qa qa
COPY web web
COPY eval eval
RUN pip install .
WORKDIR /
RUN rcm-qa build --home /var/lib/rcm-qa

FROM python:3.11-slim
LABEL org.opencontainers.image.title="RCM Answers" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --uid 10001 --home-dir /var/lib/rcm-qa --shell /usr/sbin/nologin rcm
COPY --from=build /opt/rcm /opt/rcm
COPY --from=build --chown=rcm:rcm /var/lib/rcm-qa /var/lib/rcm-qa
ENV PATH=/opt/rcm/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false \
    RCM_QA_HOME=/var/lib/rcm-qa RCM_QA_HOST=0.0.0.0 RCM_QA_PORT=8000
WORKDIR /var/lib/rcm-qa
USER rcm
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=2)"]
ENTRYPOINT ["rcm-qa"]
CMD ["serve"]
