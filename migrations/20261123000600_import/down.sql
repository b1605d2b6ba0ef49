delete from site where key = 'database';
drop table pingbacks;
