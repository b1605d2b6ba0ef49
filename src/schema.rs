// @generated automatically by Diesel CLI.

pub mod sql_types {
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "tsvector", schema = "pg_catalog"))]
    pub struct Tsvector;

    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "xid8", schema = "pg_catalog"))]
    pub struct Xid8;
}

diesel::table! {
    article_months (month, slot) {
        month -> Date,
        article_count -> Int8,
        slot -> Int2,
    }
}

diesel::table! {
    article_outlets (article_id, outlet_id) {
        article_id -> Int8,
        outlet_id -> Int8,
        link_count -> Int4,
        published_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    article_paths (hash) {
        hash -> Bytea,
        path -> Text,
        article_id -> Int8,
    }
}

diesel::table! {
    article_revisions (article_id, version) {
        article_id -> Int8,
        version -> Int4,
        at -> Timestamptz,
        key_id -> Nullable<Int8>,
        body -> Jsonb,
    }
}

diesel::table! {
    article_slugs (slug) {
        slug -> Text,
        article_id -> Int8,
    }
}

diesel::table! {
    article_tags (article_id, tag_id) {
        article_id -> Int8,
        tag_id -> Int8,
        position -> Int2,
        published_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    articles (id) {
        id -> Int8,
        slug -> Text,
        status -> Text,
        version -> Int4,
        headline -> Text,
        dek -> Nullable<Text>,
        lang -> Nullable<Text>,
        quote_text -> Nullable<Text>,
        quote_html -> Nullable<Text>,
        commentary_label -> Nullable<Text>,
        commentary_text -> Nullable<Text>,
        commentary_html -> Nullable<Text>,
        links_heading -> Nullable<Text>,
        author_name -> Nullable<Text>,
        author_url -> Nullable<Text>,
        published_at -> Nullable<Timestamptz>,
        published_at_uncertain -> Bool,
        outlet_count -> Int4,
        comment_count -> Int4,
        last_comment_at -> Nullable<Timestamptz>,
        comments_open -> Bool,
        corrections -> Jsonb,
        source -> Nullable<Text>,
        source_id -> Nullable<Text>,
        source_hash -> Nullable<Bytea>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        publish_error -> Nullable<Text>,
        image -> Nullable<Jsonb>,
        guid -> Nullable<Text>,
    }
}

diesel::table! {
    audit (id) {
        id -> Int8,
        at -> Timestamptz,
        key_id -> Nullable<Int8>,
        key_name -> Nullable<Text>,
        action -> Text,
        object_kind -> Text,
        object_id -> Nullable<Int8>,
        address -> Nullable<Text>,
        detail -> Jsonb,
    }
}

diesel::table! {
    use diesel::sql_types::{Int8, Nullable, Text, Timestamptz};
    use super::sql_types::Xid8;

    changes (xid, kind, object_id) {
        xid -> Xid8,
        kind -> Text,
        object_id -> Int8,
        article_id -> Nullable<Int8>,
        at -> Timestamptz,
    }
}

diesel::table! {
    comment_reports (id) {
        id -> Int8,
        comment_id -> Int8,
        client_hash -> Nullable<Bytea>,
        reason -> Text,
        at -> Timestamptz,
    }
}

diesel::table! {
    comment_rules (id) {
        id -> Int8,
        version -> Int4,
        name -> Nullable<Text>,
        kind -> Text,
        action -> Text,
        terms -> Array<Text>,
        threshold -> Nullable<Int4>,
        spare_known -> Bool,
        enabled -> Bool,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    comments (id) {
        id -> Int8,
        article_id -> Int8,
        parent_id -> Nullable<Int8>,
        root_id -> Int8,
        depth -> Int2,
        path -> Bytea,
        status -> Text,
        author_name -> Nullable<Text>,
        author_url -> Nullable<Text>,
        author_email -> Nullable<Text>,
        author_hash -> Nullable<Bytea>,
        is_editor -> Bool,
        text -> Text,
        html -> Text,
        created_at -> Nullable<Timestamptz>,
        listed_at -> Timestamptz,
        edited_at -> Nullable<Timestamptz>,
        reply_count -> Int4,
        uncertain -> Bool,
        held_because -> Array<Text>,
        client_hash -> Nullable<Bytea>,
        edit_token_hash -> Nullable<Bytea>,
        edit_until -> Nullable<Timestamptz>,
        source -> Nullable<Text>,
        source_id -> Nullable<Text>,
        version -> Int4,
        author_token_hash -> Nullable<Bytea>,
        text_hash -> Nullable<Bytea>,
        report_count -> Int4,
        former_status -> Nullable<Text>,
    }
}

diesel::table! {
    event_epochs (number) {
        number -> Int8,
        token -> Text,
        after_id -> Int8,
        started_at -> Timestamptz,
    }
}

diesel::table! {
    event_log (one) {
        one -> Bool,
        done -> Nullable<Text>,
        server -> Nullable<Text>,
        timeline -> Nullable<Text>,
        last_id -> Int8,
        expired_id -> Int8,
    }
}

diesel::table! {
    event_objects (kind, object_id) {
        kind -> Text,
        object_id -> Int8,
        article_id -> Nullable<Int8>,
        status -> Text,
        is_public -> Bool,
        version -> Int4,
    }
}

diesel::table! {
    events (id) {
        id -> Int8,
        kind -> Text,
        object_kind -> Text,
        object_id -> Int8,
        article_id -> Nullable<Int8>,
        version -> Nullable<Int4>,
        at -> Timestamptz,
        for_editors -> Bool,
    }
}

diesel::table! {
    idempotency_keys (principal, key) {
        principal -> Text,
        key -> Text,
        fingerprint -> Bytea,
        status -> Nullable<Int2>,
        headers -> Nullable<Jsonb>,
        body -> Nullable<Bytea>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    imported_fields (article_id) {
        article_id -> Int8,
        fields -> Jsonb,
    }
}

diesel::table! {
    jobs (id) {
        id -> Int8,
        kind -> Text,
        state -> Text,
        progress_read -> Int8,
        progress_total -> Nullable<Int8>,
        report -> Nullable<Jsonb>,
        created_at -> Timestamptz,
        started_at -> Nullable<Timestamptz>,
        finished_at -> Nullable<Timestamptz>,
        name -> Text,
        progress_records -> Int8,
        instance -> Nullable<Int4>,
        message -> Nullable<Text>,
    }
}

diesel::table! {
    keys (id) {
        id -> Int8,
        name -> Text,
        prefix -> Text,
        secret_hash -> Bytea,
        scopes -> Array<Text>,
        created_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
        last_used_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    link_credits (link_id, position) {
        link_id -> Int8,
        position -> Int2,
        outlet_id -> Nullable<Int8>,
        bylines -> Array<Text>,
        published_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    links (id) {
        id -> Int8,
        article_id -> Int8,
        role -> Text,
        position -> Int4,
        title -> Text,
        url -> Nullable<Text>,
        url_hash -> Nullable<Bytea>,
        url_rules -> Nullable<Int2>,
        domain -> Nullable<Text>,
        credit -> Nullable<Text>,
        section -> Nullable<Text>,
        quote_text -> Nullable<Text>,
        quote_html -> Nullable<Text>,
        uncertain -> Bool,
        published_at -> Nullable<Timestamptz>,
        credited_by_hand -> Bool,
    }
}

diesel::table! {
    outlet_aliases (key) {
        key -> Text,
        outlet_id -> Int8,
        name -> Text,
    }
}

diesel::table! {
    outlet_hosts (host) {
        host -> Text,
        outlet_id -> Int8,
    }
}

diesel::table! {
    outlet_slugs (slug) {
        slug -> Text,
        outlet_id -> Int8,
    }
}

diesel::table! {
    outlets (id) {
        id -> Int8,
        slug -> Text,
        name -> Text,
        homepage -> Nullable<Text>,
        country -> Nullable<Text>,
        lang -> Nullable<Text>,
        kind -> Nullable<Text>,
        link_count -> Int8,
        article_count -> Int8,
        first_seen_at -> Nullable<Timestamptz>,
        last_seen_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
        confirmed -> Bool,
    }
}

diesel::table! {
    pingbacks (id) {
        id -> Int8,
        article_id -> Int8,
        kind -> Text,
        status -> Text,
        title -> Nullable<Text>,
        url -> Nullable<Text>,
        text -> Text,
        created_at -> Nullable<Timestamptz>,
        source -> Text,
        source_id -> Text,
    }
}

diesel::table! {
    purged_articles (id) {
        id -> Int8,
        slug -> Text,
        purged_at -> Timestamptz,
    }
}

diesel::table! {
    replaceable_sql (kind, table_name, name) {
        kind -> Text,
        table_name -> Text,
        name -> Text,
        hash -> Bytea,
        revision -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::{Int8, Text, Timestamptz};
    use super::sql_types::Tsvector;

    search_documents (kind, id) {
        kind -> Text,
        id -> Int8,
        article_id -> Int8,
        published_at -> Timestamptz,
        lang -> Text,
        tsv -> Tsvector,
    }
}

diesel::table! {
    search_languages (lang) {
        lang -> Text,
        config -> Text,
        used -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Int8, Nullable, Text};
    use super::sql_types::Xid8;

    search_progress (one) {
        one -> Bool,
        done -> Text,
        target -> Nullable<Text>,
        xid -> Xid8,
        kind -> Text,
        object_id -> Int8,
    }
}

diesel::table! {
    site (key) {
        key -> Text,
        value -> Text,
    }
}

diesel::table! {
    tag_names (name_key) {
        name_key -> Text,
        tag_id -> Int8,
    }
}

diesel::table! {
    tag_slugs (slug) {
        slug -> Text,
        tag_id -> Int8,
    }
}

diesel::table! {
    tags (id) {
        id -> Int8,
        slug -> Text,
        name -> Text,
        article_count -> Int8,
        created_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    webhook_deliveries (id) {
        id -> Int8,
        webhook_id -> Int8,
        message_id -> Text,
        event_id -> Nullable<Int8>,
        kind -> Text,
        object_kind -> Text,
        object_id -> Int8,
        article_id -> Nullable<Int8>,
        version -> Nullable<Int4>,
        at -> Timestamptz,
        for_editors -> Bool,
        state -> Text,
        next_at -> Nullable<Timestamptz>,
        body -> Nullable<Text>,
        tries -> Jsonb,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    webhooks (id) {
        id -> Int8,
        version -> Int4,
        url -> Text,
        description -> Nullable<Text>,
        types -> Array<Text>,
        enabled -> Bool,
        disabled_because -> Nullable<Text>,
        secret -> Bytea,
        former_secret -> Nullable<Bytea>,
        former_secret_until -> Nullable<Timestamptz>,
        failing_since -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::joinable!(article_outlets -> articles (article_id));
diesel::joinable!(article_outlets -> outlets (outlet_id));
diesel::joinable!(article_paths -> articles (article_id));
diesel::joinable!(article_revisions -> articles (article_id));
diesel::joinable!(article_slugs -> articles (article_id));
diesel::joinable!(article_tags -> articles (article_id));
diesel::joinable!(article_tags -> tags (tag_id));
diesel::joinable!(audit -> keys (key_id));
diesel::joinable!(comment_reports -> comments (comment_id));
diesel::joinable!(comments -> articles (article_id));
diesel::joinable!(imported_fields -> articles (article_id));
diesel::joinable!(link_credits -> links (link_id));
diesel::joinable!(link_credits -> outlets (outlet_id));
diesel::joinable!(links -> articles (article_id));
diesel::joinable!(outlet_aliases -> outlets (outlet_id));
diesel::joinable!(outlet_hosts -> outlets (outlet_id));
diesel::joinable!(outlet_slugs -> outlets (outlet_id));
diesel::joinable!(pingbacks -> articles (article_id));
diesel::joinable!(search_documents -> articles (article_id));
diesel::joinable!(tag_names -> tags (tag_id));
diesel::joinable!(tag_slugs -> tags (tag_id));
diesel::joinable!(webhook_deliveries -> webhooks (webhook_id));

diesel::allow_tables_to_appear_in_same_query!(
    article_months,
    article_outlets,
    article_paths,
    article_revisions,
    article_slugs,
    article_tags,
    articles,
    audit,
    changes,
    comment_reports,
    comment_rules,
    comments,
    event_epochs,
    event_log,
    event_objects,
    events,
    idempotency_keys,
    imported_fields,
    jobs,
    keys,
    link_credits,
    links,
    outlet_aliases,
    outlet_hosts,
    outlet_slugs,
    outlets,
    pingbacks,
    purged_articles,
    replaceable_sql,
    search_documents,
    search_languages,
    search_progress,
    site,
    tag_names,
    tag_slugs,
    tags,
    webhook_deliveries,
    webhooks,
);
