# syntax=docker/dockerfile:1
# The worker's image: `docker build -t quotereel .`. The program is built on the same Debian that it runs on, because it
# links that Debian's FFmpeg (libavcodec 59). Both bases are arguments, for a mirror or a pinned digest.
ARG BUILDER_IMAGE=docker.io/library/rust:1.95-slim-bookworm
ARG RUNTIME_IMAGE=docker.io/library/debian:bookworm-slim

FROM ${BUILDER_IMAGE} AS builder
RUN apt-get update -q \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
      ca-certificates gcc libc6-dev pkg-config libclang-dev libavcodec-dev libavformat-dev libavutil-dev \
      libswresample-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
# Dependencies are a layer of their own, built for empty sources: it is used again until a manifest or Cargo.lock changes.
# Cargo wants a file for every target that a manifest names, so benches and examples come along; they are not compiled.
COPY Cargo.toml Cargo.lock ./
COPY benches benches
COPY examples examples
COPY crates/jobs/Cargo.toml crates/jobs/
COPY crates/jobs/benches crates/jobs/benches
COPY crates/render/Cargo.toml crates/render/
COPY crates/render/benches crates/render/benches
COPY tests/support/Cargo.toml tests/support/
RUN for crate in . crates/jobs crates/render tests/support; do mkdir -p "$crate/src" && echo '//! Empty.' > "$crate/src/lib.rs"; done \
 && echo 'fn main() {}' > crates/render/src/main.rs && rm crates/render/src/lib.rs \
 && cargo build --release --locked -p quotereel-render \
 && rm -r src crates tests
COPY . .
# Cargo goes by times of modification, and those of the copies may be older than the empty sources.
RUN touch src/lib.rs crates/jobs/src/lib.rs crates/render/src/main.rs \
 && cargo build --release --locked -p quotereel-render && strip --strip-debug target/release/render

# The program alone: a stage of its own, so that a test of the image can replace it.
FROM scratch AS program
COPY --from=builder /build/target/release/render /render

FROM ${RUNTIME_IMAGE} AS runtime
# A fixed id, so that a volume's owner and a pod's securityContext can name it.
RUN apt-get update -q \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
      ca-certificates libavcodec59 libavformat59 libavutil57 libswresample4 \
 && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/* /usr/share/doc/* \
 && groupadd --gid 10001 quotereel \
 && useradd --no-create-home --uid 10001 --gid 10001 --home-dir /var/lib/quotereel --shell /usr/sbin/nologin quotereel \
 && install -d -o 10001 -g 10001 -m 0750 /var/lib/quotereel
COPY --from=program /render /usr/local/bin/render
# 0.0.0.0: probes come from outside the container.
ENV QUOTEREEL_DATA=/var/lib/quotereel \
    QUOTEREEL_METRICS=0.0.0.0:9464 \
    QUOTEREEL_LOG_FORMAT=json
USER 10001:10001
WORKDIR /var/lib/quotereel
VOLUME /var/lib/quotereel
EXPOSE 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["render", "health"]
ENTRYPOINT ["render"]
CMD ["worker"]
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="quotereel" \
      org.opencontainers.image.description="Turns sales quotations into short vertical videos" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
