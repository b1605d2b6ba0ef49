// One roundup: quote, links, commentary, corrections, related articles and comments.

import { get, one } from "./api.js";
import { away, count, dotted, h, html, time, web } from "./dom.js";
import { place } from "./front.js";
import { thread } from "./thread.js";

export async function roundup(reference, signal) {
  const [article, around] = await Promise.all([
    get(one(reference), { include: "comments,related" }, signal),
    get(`${one(reference)}/adjacent`, {}, signal),
  ]);
  // A former slug redirects: show the current one.
  if (reference !== article.slug) history.replaceState(null, "", place(article));
  const lead = article.links.find((link) => link.role === "lead");
  const more = article.links.filter((link) => link.role === "more");
  const body = h("article", { class: "roundup", lang: article.lang, "data-article": article.id },
    head(article),
    article.quote && quote(article.quote, lead),
    lead && h("section", { class: "lead", "aria-labelledby": "lead" },
      h("h2", { id: "lead", class: "label" }, "Read more at the source"), source(lead)),
    more.length > 0 && sources(article, more),
    article.commentary && h("section", { class: "commentary", "aria-labelledby": "commentary" },
      h("h2", { id: "commentary", class: "label" }, article.commentary.label ?? "The editor’s comment"),
      html("div", { class: "prose" }, article.commentary.html)),
    article.corrections.length > 0 && corrections(article.corrections));
  const elements = [body, related(article.related.items), thread(article), neighbours(around)];
  return { title: article.headline, elements: elements.filter(Boolean) };
}

function head(article) {
  return h("header", {},
    h("h1", {}, article.headline),
    article.dek && h("p", { class: "dek" }, article.dek),
    h("p", { class: "facts" }, dotted([
      article.published_at_uncertain ? null : time(article.published_at),
      article.author.name && away(article.author.url, article.author.name),
      ...article.tags.map((tag) => h("a", { href: `#/?${new URLSearchParams({ tag: tag.slug })}`, rel: "tag" }, tag.name)),
      article.comment_count > 0 && h("a", { href: place(article), click: toThread }, count(article.comment_count, "comment")),
    ])));
}

function toThread(event) {
  event.preventDefault();
  const heading = document.getElementById("thread");
  heading.scrollIntoView();
  heading.focus({ preventScroll: true });
}

function quote(text, lead) {
  return html("blockquote", { class: "prose", cite: lead && web(lead.url) }, text.html);
}

/** Creates the list of further links, under their section headings. */
function sources(article, links) {
  const section = h("section", { class: "more", "aria-labelledby": "more" },
    h("h2", { id: "more" }, article.links_heading ?? "More sources"));
  let list = null;
  let heading = null;
  for (const link of links) {
    if (!list || link.section !== heading) {
      heading = link.section;
      list = h("ul", { class: "plain sources" });
      section.append(...(heading ? [h("h3", {}, heading), list] : [list]));
    }
    list.append(h("li", {}, source(link)));
  }
  return section;
}

/** Creates a link: title, outlets, bylines, and who else cites it. */
function source(link) {
  const credits = link.credits.filter((credit) => credit.outlet || credit.bylines.length > 0);
  const written = credits.length > 0
    ? credits.map((credit) => h("span", {}, dotted([
        credit.outlet && h("span", { class: "outlet" }, credit.outlet.name),
        credit.bylines.length > 0 && h("span", { class: "byline" }, credit.bylines.join(", ")),
      ])))
    : [link.credit && h("span", {}, link.credit)];
  const cited = web(link.url) && h("a",
    { class: "cited", href: `#/cites?${new URLSearchParams({ url: link.url })}` },
    "who cites this?", h("span", { class: "quiet" }, ` ${link.title}`));
  return h("div", { class: "source" },
    away(link.url, link.title, { class: "title" }),
    h("p", { class: "facts" }, dotted([...written, link.domain && h("span", { class: "domain" }, link.domain), cited])),
    link.quote && html("blockquote", { class: "prose small" }, link.quote.html));
}

function corrections(list) {
  return h("section", { class: "corrections", "aria-labelledby": "corrections" },
    h("h2", { id: "corrections", class: "label" }, list.length === 1 ? "Correction" : "Corrections"),
    h("ul", { class: "plain" }, list.map((one) => h("li", {}, time(one.at), ": ", one.note))));
}

function related(items) {
  if (items.length === 0) return null;
  return h("section", { class: "related", "aria-labelledby": "related" },
    h("h2", { id: "related" }, "Related"),
    h("ul", { class: "plain" }, items.slice(0, 5).map(({ article, reasons }) => h("li", { lang: article.lang },
      h("a", { href: place(article) }, article.headline),
      h("p", { class: "facts" }, dotted([time(article.published_at), ...reasons.map(why)]))))));
}

/** Describes why an article is related. */
function why(reason) {
  const names = (list) => list.slice(0, 3).map((one) => one.name).join(", ");
  switch (reason.kind) {
    case "shared_links": return count(reason.count, "shared source");
    case "shared_outlets": return `both credit ${names(reason.outlets)}`;
    case "shared_tags": return `both about ${names(reason.tags)}`;
    default: return "similar words";
  }
}

function neighbours({ previous, next }) {
  if (!previous && !next) return null;
  const to = (article, rel, label) => h("a", { href: place(article), rel }, h("span", { class: "label" }, label), article.headline);
  return h("nav", { class: "pager neighbours", "aria-label": "Before and after" },
    previous ? to(previous, "prev", "← Before it") : h("span"),
    next ? to(next, "next", "After it →") : h("span"));
}
