-- Whether an editor vouches for an outlet, or a text merely seemed to credit it; and which credits an editor
-- wrote by hand, so that the text pasted again does not replace them.

alter table outlets add column confirmed boolean not null default true;

comment on column outlets.confirmed is 'False: made by reading a text. It is no evidence for later texts.';

-- An outlet that has a name only was made by a text or an import.
update outlets o
set confirmed = false
where version = 1 and num_nonnulls(homepage, country, lang, kind) = 0
    and not exists (select from outlet_hosts h where h.outlet_id = o.id);

create index outlets_unconfirmed_idx on outlets (name, id) where not confirmed;

alter table links add column credited_by_hand boolean not null default false;

comment on column links.credited_by_hand is 'Title and credits were written by an editor, not read from a text.';
