//! Statistics: which outlets are credited most, by day, week or month.

use super::model::OutletRef;
use super::query::ids;
use crate::error::{Code, Error, Result};
use crate::extract::comma_separated_refs;
use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use diesel::QueryableByName;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The range and steps of the statistics.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StatsQuery {
    /// The first day. By default, 30 days, 26 weeks or 24 months before `to`.
    #[param(max_length = 40, example = "2014-12-01")]
    from: Option<String>,
    /// The day after the last one. By default, the day after the newest article.
    #[param(max_length = 40, example = "2015-01-01")]
    to: Option<String>,
    /// The length of a period in UTC; a week begins on Monday.
    #[serde(default)]
    #[param(inline, required = false)]
    by: Step,
    /// Only these outlets: ids, slugs or names in slug form, comma-separated.
    #[param(max_length = 1000, example = "reuters")]
    outlet: Option<String>,
    /// The maximum number of outlets in each period.
    #[param(minimum = 1, maximum = 100, default = 10)]
    top: Option<i64>,
}

/// The length of a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = StatsStep, default = "month")]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    /// A day.
    Day,
    /// A week.
    Week,
    /// A month.
    #[default]
    Month,
}

impl Step {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// Returns the default of `from` for this `to`.
    fn before(self, to: NaiveDate) -> NaiveDate {
        let first = match self {
            Self::Day => to.checked_sub_days(Days::new(30)),
            Self::Week => to.checked_sub_days(Days::new(26 * 7)),
            Self::Month => to.checked_sub_months(Months::new(24)),
        };
        first.unwrap_or(to)
    }

    /// Returns the maximum range in days: about 400 periods, or 30 years of months.
    const fn max_days(self) -> i64 {
        match self {
            Self::Day => 400,
            Self::Week => 2800,
            Self::Month => 11_000,
        }
    }
}

/// The most credited outlets in each period of a range.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct OutletStats {
    /// The first day.
    #[schema(format = Date, max_length = 10, example = "2014-12-01")]
    from: NaiveDate,
    /// The day after the last one.
    #[schema(format = Date, max_length = 10, example = "2015-01-01")]
    to: NaiveDate,
    /// The length of a period.
    by: Step,
    /// The periods with credits, newest first.
    #[schema(max_items = 3000)]
    items: Vec<StatsPeriod>,
}

/// A period of the statistics.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct StatsPeriod {
    /// The first day of the period.
    #[schema(format = Date, max_length = 10, example = "2014-12-01")]
    begins_on: NaiveDate,
    /// The number of outlets credited in it.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 40)]
    outlet_count: i64,
    /// The most credited outlets.
    #[schema(max_items = 100)]
    outlets: Vec<OutletCount>,
}

/// The number of credits of an outlet.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct OutletCount {
    /// The outlet.
    outlet: OutletRef,
    /// The number of links credited to it.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 12)]
    link_count: i64,
    /// The number of articles that credit it.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 10)]
    article_count: i64,
}

impl OutletStats {
    /// Returns an example for the documentation.
    pub(super) fn sample() -> Self {
        let day = |year, month| NaiveDate::from_ymd_opt(year, month, 1).unwrap_or_default();
        let reuters = OutletRef { id: 3, slug: "reuters".into(), name: "Reuters".into() };
        let outlets = vec![OutletCount { outlet: reuters, link_count: 12, article_count: 10 }];
        let items = vec![StatsPeriod { begins_on: day(2014, 12), outlet_count: 40, outlets }];
        Self { from: day(2014, 12), to: day(2015, 1), by: Step::Month, items }
    }
}

#[derive(QueryableByName)]
struct StatsRow {
    #[diesel(sql_type = Date)]
    begins_on: NaiveDate,
    #[diesel(sql_type = BigInt)]
    outlets: i64,
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    slug: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    links: i64,
    #[diesel(sql_type = BigInt)]
    articles: i64,
}

const STATS: &str = "select r.begins_on, r.outlets, o.id, o.slug, o.name, r.links, r.articles
    from (
        select s.*, count(*) over (partition by s.begins_on) as outlets, row_number() over
            (partition by s.begins_on order by s.links desc, s.articles desc, s.outlet_id) as place
        from (
            select date_trunc($3, a.published_at at time zone 'UTC')::date as begins_on, a.outlet_id,
                sum(a.link_count)::bigint as links, count(*) as articles
            from article_outlets a
            where a.published_at >= $1 and a.published_at < $2
                and ($5::bigint[] is null or a.outlet_id = any ($5))
            group by 1, 2
        ) s
    ) r join outlets o on o.id = r.outlet_id
    where r.place <= $4 order by r.begins_on desc, r.place";

/// Returns the most credited outlets in each period.
///
/// # Errors
/// 400 for an invalid range, and when the database does not respond.
pub(super) async fn stats(conn: &AsyncPgConnection, query: &StatsQuery) -> Result<OutletStats> {
    let top = query.top.unwrap_or(10);
    if !(1..=100).contains(&top) {
        let message = format!("`top` must be 1 to 100, not {top}");
        return Err(Error::parameter("top", Code::BadParameter, message));
    }
    let (from, to) = (day("from", query.from.as_deref())?, day("to", query.to.as_deref())?);
    let to = match to {
        Some(to) => to,
        None => end(conn).await?,
    };
    let from = from.unwrap_or_else(|| query.by.before(to));
    check(from, to, query.by)?;
    let outlets = match &query.outlet {
        Some(text) => Some(ids(conn, &comma_separated_refs(text)).await?),
        None => None,
    };
    let rows = rows(conn, (from, to), query.by, top, outlets).await?;
    Ok(OutletStats { from, to, by: query.by, items: periods(rows) })
}

fn day(name: &str, text: Option<&str>) -> Result<Option<NaiveDate>> {
    let Some(text) = text else { return Ok(None) };
    let known = |day: &NaiveDate| (1..=9998).contains(&chrono::Datelike::year(day));
    text.parse().ok().filter(known).map(Some).ok_or_else(|| {
        let message = format!("`{name}` must be a day like 2014-12-04");
        Error::parameter(name, Code::BadParameter, message)
    })
}

fn check(from: NaiveDate, to: NaiveDate, by: Step) -> Result<()> {
    let days = (to - from).num_days();
    if (1..=by.max_days()).contains(&days) {
        return Ok(());
    }
    let (max, by) = (by.max_days(), by.as_str());
    let message = format!("`from` must be 1 to {max} days before `to` when counted by {by}");
    Err(Error::parameter("from", Code::BadParameter, message))
}

#[derive(QueryableByName)]
struct Latest {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    at: Option<DateTime<Utc>>,
}

/// Returns the day after the newest article. It does not use the clock, so that the response depends on
/// stored data only.
async fn end(conn: &AsyncPgConnection) -> Result<NaiveDate> {
    let latest = "select max(published_at) as at from articles where status = 'published'";
    let latest: Latest = sql_query(latest).get_result(&mut &*conn).await?;
    let day = latest.at.unwrap_or_default().date_naive();
    Ok(day.checked_add_days(Days::new(1)).unwrap_or(day))
}

async fn rows(
    conn: &AsyncPgConnection,
    (from, to): (NaiveDate, NaiveDate),
    by: Step,
    top: i64,
    outlets: Option<Vec<i64>>,
) -> Result<Vec<StatsRow>> {
    let midnight = |day: NaiveDate| day.and_time(chrono::NaiveTime::MIN).and_utc();
    Ok(sql_query(STATS)
        .bind::<Timestamptz, _>(midnight(from))
        .bind::<Timestamptz, _>(midnight(to))
        .bind::<Text, _>(by.as_str())
        .bind::<BigInt, _>(top)
        .bind::<Nullable<Array<BigInt>>, _>(outlets)
        .load(&mut &*conn)
        .await?)
}

fn periods(rows: Vec<StatsRow>) -> Vec<StatsPeriod> {
    let mut periods: Vec<StatsPeriod> = Vec::new();
    for row in rows {
        let StatsRow { begins_on, outlets, id, slug, name, links, articles } = row;
        if periods.last().is_none_or(|last| last.begins_on != begins_on) {
            periods.push(StatsPeriod { begins_on, outlet_count: outlets, outlets: Vec::new() });
        }
        if let Some(last) = periods.last_mut() {
            let outlet = OutletRef { id, slug, name };
            last.outlets.push(OutletCount { outlet, link_count: links, article_count: articles });
        }
    }
    periods
}
