-- Webhooks, and what was sent to them.

create table webhooks (
    id bigint generated always as identity primary key,
    version integer not null default 1,
    url text not null,
    description text,
    types text[] not null,
    enabled boolean not null default true,
    disabled_because text,
    secret bytea not null,
    former_secret bytea,
    former_secret_until timestamptz,
    failing_since timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint webhooks_disabled_because_check check (disabled_because in ('gone', 'failing'))
);
comment on column webhooks.types is 'The types of events that are sent; empty for all public ones.';
comment on column webhooks.disabled_because is 'Why the service disabled it; null if an editor did.';
comment on column webhooks.former_secret is 'Signs too until former_secret_until, after a rotation.';
comment on column webhooks.failing_since is 'The first failed try since the last that succeeded.';

create table webhook_deliveries (
    id bigint generated always as identity primary key,
    webhook_id bigint not null references webhooks on delete cascade,
    message_id text not null,
    event_id bigint,
    kind text not null,
    object_kind text not null,
    object_id bigint not null,
    article_id bigint,
    version integer,
    at timestamptz not null,
    for_editors boolean not null,
    state text not null default 'pending',
    next_at timestamptz,
    body text,
    tries jsonb not null default '[]',
    created_at timestamptz not null,
    constraint webhook_deliveries_state_check check (state in ('pending', 'delivered', 'failed'))
);
comment on column webhook_deliveries.message_id is 'The header webhook-id: the same at each try.';
comment on column webhook_deliveries.event_id is 'The event; null for a test.';
comment on column webhook_deliveries.next_at is
    'When it is tried next; while it is being tried, when another instance takes it over.';
comment on column webhook_deliveries.body is 'What is sent: made for the first try, and the same at each.';
comment on column webhook_deliveries.tries is 'What was answered.';
create index webhook_deliveries_next_idx on webhook_deliveries (webhook_id, next_at, id) where state = 'pending';
create index webhook_deliveries_list_idx on webhook_deliveries (webhook_id, id);
create index webhook_deliveries_created_at_idx on webhook_deliveries (created_at);
