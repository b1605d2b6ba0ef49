# Short names for everyday commands; `just` lists them. CI uses .ci/run.

# The service's default data directory (for root: /var/lib/roundup).
data_dir := env('ROUNDUP_DATA_DIR', env('XDG_DATA_HOME', env('HOME') / '.local/share') / 'roundup')

_list:
    @just --list --unsorted

# Run the service on its private database
run *ARGS:
    cargo run -- {{ARGS}}

# Run the tests, or those whose name has FILTER in it
test FILTER='':
    cargo test {{FILTER}}

# Run the unit and API tests
fast:
    cargo test --workspace --lib --bins --test api --test migrations --test modules --test docs --test dependencies --test examples --test text --test markdown --test posts --test parsers --test properties

# Run the tests that kill, freeze and cut off the service and PostgreSQL
faults:
    cargo test --workspace --no-fail-fast --test reliability --test database --test cluster

# Run the tests of imports, README, browser, API contract and generated clients
long:
    cargo test --test import --test readme --test frontend -- --include-ignored
    bash tests/contract/run
    cargo build && bash tests/clients/run

# Run clippy, rustdoc and cargo-deny
lint:
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps
    cargo deny check bans licenses sources

# Format the code
fmt:
    cargo fmt

# Open psql on the private database of a running service
db:
    psql 'host={{data_dir}} user=roundup dbname=roundup'

# Create a migration NAME, e.g. `just migrate articles_summary`
migrate NAME:
    mkdir -p migrations/$(date -u +%Y%m%d%H%M%S)_{{NAME}}
    touch migrations/*_{{NAME}}/up.sql migrations/*_{{NAME}}/down.sql

# Write src/schema.rs from the database at DATABASE_URL (needs diesel_cli; our arrays have no nulls)
schema:
    cargo run --quiet -- migrate
    diesel print-schema | sed 's/Array<Nullable<Text>>/Array<Text>/' > src/schema.rs

# Accept the OpenAPI document of the current code
openapi:
    cargo run --quiet -- openapi > openapi/roundup.json

# Run everything that CI runs
check:
    bash .ci/run

# Measure uncached pages against PostgreSQL alone
bench *ARGS:
    python3 benches/load/run {{ARGS}}
