// The front page: the latest roundups, page by page.

import { get } from "./api.js";
import { count, dotted, h, time } from "./dom.js";

export const place = (article) => `#/a/${encodeURIComponent(article.slug)}`;

export async function front(params, signal) {
  const [after, before, tag] = ["after", "before", "tag"].map((name) => params.get(name));
  const page = await get("/api/v1/articles", { limit: 10, after, before, tag }, signal);
  const heading = h("h1", { class: after || before || tag ? "" : "quiet" }, tag ? `Tag: ${tag}` : after || before ? "Earlier roundups" : "Latest roundups");
  if (page.items.length === 0) {
    const empty = h("p", { class: "note" }, "Nothing is published here yet. ", h("code", {}, "roundup import FILE"), " takes some in.");
    return { title: "", elements: [heading, empty] };
  }
  const list = h("ol", { class: "plain", id: "front" }, page.items.map((article) => h("li", {}, teaser(article))));
  return { title: tag ?? "", elements: [heading, list, pager(page.page, tag)].filter(Boolean) };
}

/** Creates the summary of an article. */
export function teaser(article) {
  const lead = article.links.find((link) => link.role === "lead");
  const outlets = lead?.credits.map((credit) => credit.outlet?.name).filter(Boolean).join(", ");
  return h("article", { class: "teaser", lang: article.lang },
    h("h2", {}, h("a", { href: place(article) }, article.headline)),
    article.dek && h("p", { class: "dek" }, article.dek),
    h("p", { class: "facts" }, dotted([
      article.published_at_uncertain ? null : time(article.published_at),
      outlets && h("span", { class: "outlet" }, outlets),
      article.outlet_count > 1 && count(article.outlet_count, "outlet"),
      article.comment_count > 0 && count(article.comment_count, "comment"),
    ])));
}

/** Creates links to the previous and next page. */
function pager({ next, prev }, tag) {
  if (!next && !prev) return null;
  const to = (name, cursor) => `#/?${new URLSearchParams({ ...(tag ? { tag } : {}), [name]: cursor })}`;
  return h("nav", { class: "pager", "aria-label": "Pages" },
    prev ? h("a", { href: to("before", prev), rel: "prev" }, "← Newer") : h("span"),
    next ? h("a", { href: to("after", next), rel: "next" }, "Older →") : h("span"));
}
