alter table articles drop column publish_error;
