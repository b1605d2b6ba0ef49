drop table changes;
