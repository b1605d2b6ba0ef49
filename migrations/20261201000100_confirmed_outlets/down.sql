alter table links drop column credited_by_hand;

drop index outlets_unconfirmed_idx;

alter table outlets drop column confirmed;
