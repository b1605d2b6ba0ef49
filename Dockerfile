# syntax=docker/dockerfile:1
# The service alone; the database is a container of its own, see compose.yaml.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked && cp target/release/roundup /roundup

FROM debian:bookworm-slim
# For DATABASE_URL with sslmode=verify-full.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --no-create-home --shell /usr/sbin/nologin roundup
COPY --from=build /roundup /usr/local/bin/roundup
COPY examples /usr/share/roundup/examples
USER roundup
ENV ROUNDUP_LISTEN=0.0.0.0:8080 ROUNDUP_REQUIRE_DATABASE_URL=true
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s --retries=3 CMD ["roundup", "health"]
ENTRYPOINT ["roundup"]
