// Search as you type, and who cites a URL.

import { get } from "./api.js";
import { away, count, dotted, h, html, time } from "./dom.js";
import { place } from "./front.js";

export async function search(params, signal) {
  const q = params.get("q") ?? "";
  const ask = (after) => get("/api/v1/search", { q, prefix: true, limit: 10, after }, signal);
  const page = await ask();
  const heading = h("h1", {}, "Found for “", q, "”");
  if (page.items.length === 0) {
    return { title: q, elements: [heading, h("p", { class: "note" }, "Nothing.")], said: `Nothing found for ${q}` };
  }
  const list = h("ol", { class: "plain", id: "hits" }, page.items.map(hit));
  const said = `${count(page.items.length, "result")}${page.page.next ? " and more" : ""}`;
  return { title: q, elements: [heading, list, more(list, page.page.next, ask)], said };
}

/** Creates a button that loads the next page of a list, if there is one. */
function more(list, next, ask) {
  const box = h("p", { class: "more-button" });
  if (!next) return box;
  const button = h("button", { type: "button" }, "Show more");
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const page = await ask(next);
      const items = page.items.map(hit);
      list.append(...items);
      items[0]?.querySelector("a")?.focus();
      box.replaceWith(more(list, page.page.next, ask));
    } catch (problem) {
      button.disabled = false;
      if (problem.name !== "AbortError") button.textContent = `${problem.message} Try again`;
    }
  });
  box.append(button);
  return box;
}

/** Creates a search result. The service marks matching words; without a match the plain text is shown. */
function hit(found) {
  const mark = (name, attributes, field, text) =>
    found.highlight[field] ? html(name, attributes, found.highlight[field]) : text ? h(name, attributes, text) : null;
  const kinds = { article: byArticle, link: byLink, comment: byComment };
  return h("li", { class: `hit ${found.type}` }, kinds[found.type](found, mark));
}

function byArticle({ article }, mark) {
  const link = mark("a", { href: place(article) }, "headline", article.headline);
  return [
    h("p", { class: "label" }, "Roundup"),
    h("h2", { lang: article.lang }, link),
    mark("p", { class: "dek" }, "dek", article.dek),
    mark("p", { class: "excerpt" }, "quote"),
    mark("p", { class: "excerpt" }, "commentary"),
    h("p", { class: "facts" }, dotted([time(article.published_at), count(article.outlet_count, "outlet")])),
  ].filter(Boolean);
}

function byLink({ link }, mark) {
  return [
    h("p", { class: "label" }, "Source"),
    h("h2", {}, h("a", { href: place(link.article) }, mark("span", {}, "title", link.title))),
    mark("p", { class: "excerpt" }, "text"),
    h("p", { class: "facts" }, dotted([mark("span", {}, "credit", link.credit), link.domain, inArticle(link.article)])),
  ].filter(Boolean);
}

function byComment({ comment }, mark) {
  return [
    h("p", { class: "label" }, "Comment"),
    mark("p", { class: "excerpt" }, "text", comment.text),
    h("p", { class: "facts" }, dotted([comment.author?.name, time(comment.created_at), inArticle(comment.article)])),
  ].filter(Boolean);
}

const inArticle = (article) => h("span", {}, "in ", h("a", { href: place(article) }, article.headline));

/** Shows all links to a page, however its URL is written. */
export async function cites(params, signal) {
  const url = params.get("url") ?? "";
  const page = await get("/api/v1/links", { url, limit: 50 }, signal);
  const list = h("ul", { class: "plain", id: "citations" }, page.items.map((link) => h("li", { class: "hit" },
    h("h2", {}, h("a", { href: place(link.article) }, link.article.headline)),
    h("p", { class: "excerpt" }, link.title),
    h("p", { class: "facts" }, dotted([time(link.article.published_at), link.credit, link.role === "lead" && "as the lead"])))));
  const elements = [h("h1", {}, "Who cites this page?"), h("p", { class: "address" }, away(url, url)), list];
  if (page.items.length === 0) elements.push(h("p", { class: "note" }, "Nobody yet."));
  return { title: "Who cites this page?", elements };
}
