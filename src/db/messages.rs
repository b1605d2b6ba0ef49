//! The language of the server's messages, which has to be English, because errors without a kind of
//! their own in diesel are told apart by their text.

use super::target::Target;
use diesel::dsl::sql;
use diesel::result::QueryResult;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl as _, SimpleAsyncConnection as _};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// Sets the language. Only superusers and roles with that privilege may do so; PL/pgSQL handles the
/// error of others, so that the server does not log it for each connection.
const SET_ENGLISH: &str = "do $$ begin perform set_config('lc_messages', 'C', false); \
     exception when insufficient_privilege then null; end $$";

/// Makes the session's messages English where the role may do so and no pooler shares the session.
/// Otherwise logs once what that means and what to do. Once a session had English messages without it,
/// further connections to the target are not checked, which saves two round trips each.
pub(super) async fn use_english(conn: &mut AsyncPgConnection, target: &Target) -> QueryResult<()> {
    if AtomicBool::load(&target.is_english, Ordering::Relaxed) {
        return Ok(());
    }
    if is_english(&lc_messages(conn).await?) {
        target.is_english.store(true, Ordering::Relaxed);
        return Ok(());
    }
    if !target.pgbouncer() {
        conn.batch_execute(SET_ENGLISH).await?;
    }
    let locale = lc_messages(conn).await?;
    // The C locales have no translations, unless the server's environment sets LANGUAGE; an empty name
    // stands for the locale of that environment.
    if !is_english(&locale) && !locale.starts_with("C.") && !locale.is_empty() {
        static WARNED: Once = Once::new();
        WARNED.call_once(|| {
            log::warn!(
                "the database server writes its messages in {locale:?}, and this role may not \
                 change that. Deadlocks, time-outs and values that the database cannot store are \
                 recognised by their English messages, and become internal errors. A superuser can \
                 run: alter role {:?} set lc_messages = 'C'",
                target.user().unwrap_or("roundup")
            );
        });
    }
    Ok(())
}

async fn lc_messages(conn: &mut AsyncPgConnection) -> QueryResult<String> {
    diesel::select(sql::<Text>("current_setting('lc_messages')")).get_result(conn).await
}

/// Returns whether a locale has English messages whatever the server's environment is.
fn is_english(locale: &str) -> bool {
    locale == "C" || locale == "POSIX" || locale.starts_with("en")
}

#[cfg(test)]
mod tests {
    use super::is_english;

    #[test]
    fn english_locales_are_recognised() {
        assert!(["C", "POSIX", "en_US.UTF-8", "en_GB", "en-US"].into_iter().all(is_english));
        assert!(!["de_DE.UTF-8", "fr_FR@euro", "C.UTF-8", ""].into_iter().any(is_english));
    }
}
