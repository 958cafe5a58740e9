# The API server in a container:
#   podman build -t mlrun-server .        (or: docker build)
#   podman run -v mlrun:/data mlrun-server token create
#   podman run -p 8080:8080 -v mlrun:/data mlrun-server
# Another image with Python 3.9 or newer and pip can be its base: --build-arg BASE=...
ARG BASE=docker.io/library/python:3.12-slim

FROM ${BASE} AS build
# What is installed, and how: SOURCE=mlrun with PIP_OPTIONS="--no-index --find-links wheels" needs no network.
ARG SOURCE=.
ARG PIP_OPTIONS=""
WORKDIR /source
COPY . .
RUN python3 -m venv --without-pip /opt/mlrun \
 && python3 -m pip --python /opt/mlrun/bin/python install --no-cache-dir --disable-pip-version-check \
      ${PIP_OPTIONS} "${SOURCE}[server,postgres]" \
 && mkdir /data

FROM ${BASE}
COPY --from=build /opt/mlrun /opt/mlrun
COPY --from=build --chown=10001:10001 /data /data
ENV PATH=/opt/mlrun/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/data \
    MLRUN_HOME=/data \
    MLRUN_HTTPDB__HOST=0.0.0.0 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["mlrun", "db", "ping"]
ENTRYPOINT ["mlrun", "db"]
