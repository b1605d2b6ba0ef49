//! Checks the filter of the log.

use log::LevelFilter;

/// Parses a filter of `env_logger`. It takes any word for the name of a module, of which it logs everything
/// and nothing else; here a word alone must be a level.
pub(super) fn log_filter(text: &str) -> Result<String, String> {
    let directives = text.split('/').next().unwrap_or_default();
    for directive in directives.split(',').map(str::trim).filter(|directive| !directive.is_empty())
    {
        if !directive.contains('=') && directive.parse::<LevelFilter>().is_err() {
            return Err(format!(
                "`{}` is not a level: use off, error, warn, info, debug or trace, or target=level",
                directive.escape_debug()
            ));
        }
    }
    let tried = env_filter::Builder::new().try_parse(text).map(|_| text.to_owned());
    tried.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_alone_is_a_level() {
        for good in ["info", "OFF", "roundup=debug,warn", "info,roundup::access=warn", ""] {
            assert!(log_filter(good).is_ok(), "{good}");
        }
        for bad in ["verbose", "roundup", "info,verbose", "roundup=verbose"] {
            assert!(log_filter(bad).is_err(), "{bad}");
        }
    }
}
