-- How many links an article has in the mean, told to the planner: a tenth of the rows have articles of
-- their own. What `analyze` makes of its sample is far too few articles, for it looks at some pages of
-- the table, and the links of an article lie together: of a million articles it saw 134,000. So each had
-- 67 links in its eyes, and it read all outlets whenever some articles were asked for together. Holds
-- from the next `analyze` on.
--
-- Not for comments: threads are of any length, and the planner has to know of the long ones.
alter table links
    alter column article_id set (n_distinct = -0.1);
