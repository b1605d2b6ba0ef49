# Short names for what one does every day; `just` lists them. CI does not need it: see .ci/run.

# Where the private database lies, as the service has it by default (root: /var/lib/roundup).
data_dir := env('ROUNDUP_DATA_DIR', env('XDG_DATA_HOME', env('HOME') / '.local/share') / 'roundup')

_list:
    @just --list --unsorted

# Run the service on its private database
run *ARGS:
    cargo run -- {{ARGS}}

# Run the tests, or those whose name has FILTER in it
test FILTER='':
    cargo test {{FILTER}}

# What clippy and rustdoc have to say
lint:
    cargo clippy --all-targets -- -D warnings
    RUSTDOCFLAGS='-D warnings' cargo doc --no-deps

# Format the code
fmt:
    cargo fmt

# A SQL prompt on the private database of a running service
db:
    psql 'host={{data_dir}} user=roundup dbname=roundup'

# Begin a migration NAME, e.g. `just migrate articles_summary`
migrate NAME:
    mkdir -p migrations/$(date -u +%Y%m%d%H%M%S)_{{NAME}}
    touch migrations/*_{{NAME}}/up.sql migrations/*_{{NAME}}/down.sql

# Print src/schema.rs from the migrated database at DATABASE_URL (diesel_cli; our arrays hold no nulls)
schema:
    cargo run --quiet -- migrate
    diesel print-schema | sed 's/Array<Nullable<Text>>/Array<Text>/' > src/schema.rs

# Accept the OpenAPI document that the handlers give
openapi:
    cargo run --quiet -- openapi > openapi/roundup.json

# All that CI does
check:
    bash .ci/run

# Measure the service against the database alone
bench *ARGS:
    python3 benches/load/run {{ARGS}}
