drop table imported_fields;
