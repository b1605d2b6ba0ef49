#!/bin/sh
# Measures the first, a middle and the last page of a thread of 100,000 comments: by path (as the service
# reads it), by OFFSET, and by a recursive CTE over parent_id, in one run on one database.
#
#   benches/thread/run.sh postgres://localhost/scratch
#
# Needs psql and pgbench. Creates a schema `thread_bench` and drops it at the end. Prints a Markdown table
# with the latency from pgbench (mean of 200 runs; of 3 above 100 ms) and the buffers from EXPLAIN.
set -eu

url=${1:?pass the URL of a database}
here=$(dirname "$0")
work=$(mktemp -d)
trap 'psql -q "$url" -c "drop schema if exists thread_bench cascade" >/dev/null 2>&1; rm -rf "$work"' EXIT

psql -q -v ON_ERROR_STOP=1 "$url" -f "$here/fill.sql" >/dev/null
ask() { psql -qAt "$url" -c "$1"; }
# Prints the path before the page that starts at this position in reading order.
path_before() {
    ask "select quote_literal(encode(path, 'hex')) from (select path, row_number() over (order by path) as n
         from thread_bench.comments) c where n = $1"
}

columns="id, parent_id, depth, status, author_name, text, html, created_at, reply_count"
shown="article_id = 1 and (status = 'approved' or reply_count > 0)"
by_path() {
    if [ "$1" = 0 ]; then after="true"; else after="path > decode($(path_before "$1"), 'hex')"; fi
    echo "select $columns, path from thread_bench.comments where $shown and $after order by path limit 100;"
}
by_offset() {
    echo "select $columns, path from thread_bench.comments where $shown order by path limit 100 offset $1;"
}
by_recursion() {
    echo "with recursive thread as (
        select $columns, array[id] as line from thread_bench.comments where $shown and parent_id is null
        union all
        select $(echo "$columns" | sed 's/\([a-z_][a-z_]*\)/c.\1/g'), t.line || c.id
        from thread t join thread_bench.comments c on c.parent_id = t.id
        where c.article_id = 1 and (c.status = 'approved' or c.reply_count > 0))
        select * from thread order by line limit 100 offset $1;" | tr '\n' ' '
}

echo "| Page | Way | Latency | Buffers |"
echo "|---|---|--:|--:|"
for page in first:0 middle:50000 last:99900; do
    for way in by_path by_offset by_recursion; do
        $way "${page#*:}" >"$work/page.sql"
        plan=$(ask "explain (analyze, buffers, format json) $(cat "$work/page.sql")")
        buffers=$(echo "$plan" | awk -F: '/"Shared (Hit|Read) Blocks"/ { if (++n <= 2) sum += $2 } END { print sum }')
        took=$(echo "$plan" | awk -F: '/"Execution Time"/ { print int($2) }')
        runs=200
        if [ "$took" -gt 100 ]; then runs=3; fi
        latency=$(pgbench -n -t "$runs" -f "$work/page.sql" "$url" 2>/dev/null |
            sed -n 's/^latency average = \(.*\)$/\1/p')
        echo "| ${page%:*} | $(echo "$way" | tr _ ' ') | $latency | $buffers |"
    done
done
