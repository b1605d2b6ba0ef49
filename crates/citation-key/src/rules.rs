//! The tables of `RULES_VERSION`: hosts that are one site, and query parameters that do not choose
//! the page. A change that gives any URL another key needs a new version of the rules.

/// Prefixes removed from a host, repeatedly.
pub(super) const HOST_PREFIXES: [&str; 4] = ["www.", "m.", "mobile.", "amp."];

/// Sites that put `m.` after the language: `en.m.wikipedia.org`.
pub(super) const MOBILE_LABEL_HOSTS: [&str; 10] = [
    "wikipedia.org",
    "wiktionary.org",
    "wikinews.org",
    "wikimedia.org",
    "wikiquote.org",
    "wikisource.org",
    "wikivoyage.org",
    "wikibooks.org",
    "wikidata.org",
    "mediawiki.org",
];

/// Hosts that serve the pages of another host, and that host.
pub(super) const SAME_HOSTS: [(&str, &str); 9] = [
    ("x.com", "twitter.com"),
    ("old.reddit.com", "reddit.com"),
    ("new.reddit.com", "reddit.com"),
    ("np.reddit.com", "reddit.com"),
    ("i.reddit.com", "reddit.com"),
    ("youtube-nocookie.com", "youtube.com"),
    ("music.youtube.com", "youtube.com"),
    ("guardian.co.uk", "theguardian.com"),
    ("edition.cnn.com", "cnn.com"),
];

/// Parameters removed on every host. Names are separated by spaces and compared without case; a
/// `*` at the end matches the rest of a name.
const TRACKING: &[&str] = &[
    // Campaigns: Google Analytics, Matomo, AT Internet (BBC), comScore, Adobe.
    "utm_* mtm_* pk_campaign pk_kwd pk_source pk_medium at_medium at_campaign at_custom*",
    "at_link_* at_ptr_name at_format at_bbc_team xtor ns_* cm_mmc* s_cid s_kwcid cmpid icid",
    "ncid ocid wt.* mbid soc_src soc_trk",
    // Click ids of advertisements: Google, Facebook, Microsoft, Yandex, X, TikTok,
    // LinkedIn.
    "gclid gclsrc dclid gbraid wbraid gad_source gad_campaignid fbclid msclkid yclid ysclid",
    "twclid ttclid li_fat_id rdt_cid epik _ga _gl",
    // Mailings: Mailchimp, HubSpot, Marketo, Omeda, Vero, New York Times.
    "mc_cid mc_eid _hsenc _hsmi __hstc __hssc __hsfp hsctatracking mkt_tok oly_enc_id",
    "oly_anon_id vero_id vero_conv",
    // Share buttons: Instagram, Facebook, New York Times, Twitter.
    "igshid igsh mibextid fb_action_* fb_ref fb_source smid smtyp smprod __twitter_impression",
    "guccounter guce_referrer guce_referrer_sig sr_share spref",
    // The page that links here.
    "ref ref_src ref_url",
    // AMP copies and AMP caches.
    "amp amp_js_v amp_gsa amp_tf usqp",
];

/// Parameters removed only with one of these values; other values can choose the page.
const TRACKING_VALUES: &[(&str, &[&str])] = &[
    // Links of feeds; `source=` can also choose a data set.
    (
        "source",
        &["rss", "feed", "feedburner", "email", "newsletter", "twitter", "facebook", "google_news"],
    ),
    ("cid", &["rss"]),
    ("track", &["rss"]),
    ("partner", &["rss", "rssnyt", "rssuserland", "socialflow"]),
    ("feedtype", &["rss"]),
    // The AMP copy.
    ("outputtype", &["amp"]),
    ("output", &["amp"]),
];

/// Parameters removed on some hosts and their subdomains only.
const TRACKING_ON: &[(&[&str], &[&str])] = &[
    // Share tokens; on other sites `si` can be an item.
    (&["youtube.com", "youtu.be", "spotify.com"], &["si", "feature", "pp", "ab_channel"]),
    (&["twitter.com"], &["s", "t", "cxt"]),
    (&["linkedin.com"], &["trk", "trkinfo", "lipi", "lici", "rcm"]),
    (&["reddit.com"], &["share_id", "context_source", "rdt"]),
    // The newsletter, feed or part of the front page.
    (
        &["nytimes.com"],
        &["emc", "nl", "_r", "hp", "rref", "referringsource", "unlocked_article_code"],
    ),
    (
        &["washingtonpost.com", "slate.com"],
        &["wpisrc", "wpmm", "wprss", "tid", "itid", "hpid", "nid"],
    ),
    (&["wsj.com", "barrons.com", "marketwatch.com"], &["mod", "mg", "reflink", "st", "siteid"]),
    (&["theguardian.com"], &["cmp", "intcmp"]),
    (&["ft.com"], &["ftcamp", "segmentid", "shareid"]),
    (&["economist.com"], &["fsrc"]),
    (&["reuters.com"], &["feedtype", "feedname", "rpc", "il"]),
    (&["bloomberg.com"], &["srnd", "sref", "leadsource", "cmpid"]),
    (&["cnn.com"], &["eref", "hpt", "iref", "cid"]),
    (&["abcnews.go.com"], &["cid"]),
    (&["cbsnews.com", "cnet.com", "zdnet.com"], &["ftag", "intcid"]),
    (&["marketwatch.com"], &["link"]),
    (&["upi.com"], &["spt", "or"]),
    (&["defenseone.com"], &["oref"]),
    (&["dailymail.co.uk"], &["ito"]),
    (&["bbc.com", "bbc.co.uk"], &["xtor", "pinned_post_type", "pinned_post_locator"]),
    (&["yahoo.com"], &["tsrc", "ncid"]),
    // The mobile page, and the comment of a permalink.
    (&["blogspot.com"], &["m", "showcomment", "commentpage"]),
];

/// Parameters of `TRACKING` that choose the page on these hosts, where `ref` is a branch.
const KEPT: &[(&str, &str)] = &[("github.com", "ref"), ("gitlab.com", "ref")];

/// Returns whether a normalised parameter does not choose the page.
pub(super) fn is_tracking(host: &str, name: &str, value: &str) -> bool {
    let (name, value) = (name.to_ascii_lowercase(), value.to_ascii_lowercase());
    let is_named = |rule: &&str| match rule.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == **rule,
    };
    if KEPT.iter().any(|(site, kept)| is_within(host, site) && name == *kept) {
        return false;
    }
    TRACKING.iter().flat_map(|row| row.split(' ')).any(|rule| is_named(&rule))
        || TRACKING_VALUES.iter().any(|(n, values)| *n == name && values.contains(&value.as_str()))
        || TRACKING_ON.iter().any(|(sites, names)| {
            sites.iter().any(|site| is_within(host, site)) && names.iter().any(&is_named)
        })
}

fn is_within(host: &str, site: &str) -> bool {
    host.strip_suffix(site).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Returns whether a host without `www.` is `google.com` or one of its national hosts.
pub(super) fn is_google(host: &str) -> bool {
    host.strip_prefix("google.").is_some_and(|rest| rest == "com" || is_country_suffix(rest))
}

/// Returns whether a host belongs to Google's cache of AMP pages, as `a-com.cdn.ampproject.org`.
pub(super) fn is_amp_cache(host: &str) -> bool {
    is_within(host, "cdn.ampproject.org")
}

/// Returns whether a suffix is one under which sites of a country register: `de`, `co.uk`.
pub(super) fn is_country_suffix(suffix: &str) -> bool {
    const SECOND: [&str; 9] = ["co", "com", "org", "net", "ac", "gov", "edu", "or", "ne"];
    let is_country =
        |label: &str| label.len() == 2 && label.bytes().all(|b| b.is_ascii_lowercase());
    match suffix.split_once('.') {
        Some((second, country)) => SECOND.contains(&second) && is_country(country),
        None => is_country(suffix) || suffix == "com",
    }
}

/// Returns whether a word can be the id of a video; `embed/videoseries` is a playlist.
pub(super) fn is_video(id: &str) -> bool {
    let is_id = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (1..=64).contains(&id.len())
        && id.bytes().all(is_id)
        && !matches!(id, "videoseries" | "live_stream")
}
