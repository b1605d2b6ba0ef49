// The readers' comments in reading order, indented by depth, a page at a time.

import { address, get, one, send } from "./api.js";
import { away, count, dotted, h, html, say, time } from "./dom.js";
import { composer } from "./composer.js";
import { editToken, forget } from "./memory.js";

/** The maximum indentation, because narrow screens have no room for more. */
const DEEPEST = 6;

export function thread(article) {
  const list = h("ol", { class: "plain thread" });
  const names = new Map();
  const view = { article, list, names, closed: !article.comments_open };
  const heading = h("h2", { id: "thread", tabindex: "-1" }, article.comment_count > 0 ? count(article.comment_count, "comment") : "Comments");
  const section = h("section", { class: "comments", "aria-labelledby": "thread" }, heading, list);
  fill(view, article.comments.items);
  section.append(more(view, article.comments.page.next));
  section.append(view.closed
    ? h("p", { class: "note" }, "No more comments are taken here.")
    : composer(article, null, (posted) => place(view, posted)));
  return section;
}

function fill(view, comments) {
  const items = comments.map((comment) => item(view, comment));
  view.list.append(...items);
  return items;
}

function more(view, next) {
  const box = h("p", { class: "more-button" });
  if (!next) return box;
  const button = h("button", { type: "button" }, "More comments");
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const page = await get(`${one(view.article.id)}/comments`, { after: next });
      // A comment that was just posted is already shown.
      const fresh = page.items.filter((comment) => !document.getElementById(`comment-${comment.id}`));
      fill(view, fresh)[0]?.focus();
      box.replaceWith(more(view, page.page.next));
    } catch (problem) {
      button.disabled = false;
      button.textContent = `${problem.message} Try again`;
    }
  });
  box.append(button);
  return box;
}

/** Creates a comment with its actions. */
function item(view, comment) {
  view.names.set(comment.id, comment.author?.name ?? "a reader");
  const depth = Math.min(comment.depth, DEEPEST);
  const entry = h("li", { id: `comment-${comment.id}`, class: `comment d${depth}`, tabindex: "-1", "data-depth": comment.depth });
  const removed = comment.status === "deleted";
  // For screen readers; others see the indentation.
  const answers = comment.parent_id && h("span", { class: "quiet" }, ` in reply to ${view.names.get(comment.parent_id) ?? "an earlier comment"}`);
  const about = h("p", { class: "facts" }, dotted([
    h("span", {}, removed ? "removed" : h("strong", {}, away(comment.author?.url, comment.author?.name ?? "A reader", { rel: "nofollow ugc noopener" })), answers),
    comment.author?.is_editor && h("span", { class: "badge" }, "editor"),
    comment.status === "pending" && h("span", { class: "badge" }, "waits for an editor"),
    time(comment.created_at, true),
    comment.edited_at && "edited",
  ]));
  const text = removed ? h("p", { class: "facts" }, "This comment was removed.") : html("div", { class: "prose small" }, comment.html);
  entry.append(about, text);
  if (!removed) entry.append(tools(view, comment, entry, text));
  return entry;
}

function tools(view, comment, entry, text) {
  const bar = h("p", { class: "tools" });
  const button = (label, click) => bar.append(h("button", { type: "button", class: "link", click }, label));
  if (!view.closed && comment.status === "approved") {
    button("Reply", () => {
      if (entry.querySelector("form")) return;
      const form = composer(view.article, comment, (posted) => {
        form.remove();
        place(view, posted, entry);
      }, () => form.remove());
      entry.append(form);
      form.querySelector("textarea").focus();
    });
  }
  const token = editToken(comment.id);
  if (token) {
    const headers = { "Roundup-Edit-Token": token };
    const url = address(`/api/v1/comments/${comment.id}`);
    const failed = (problem) => bar.append(h("span", { class: "wrong", role: "alert" }, ` ${problem.message}`));
    button("Change", () => change(comment, text, async (changed) => {
      const { body } = await send("PATCH", url, { json: { text: changed }, headers });
      entry.replaceWith(item(view, body));
      say("Changed");
    }));
    button("Withdraw", async () => {
      try {
        await send("DELETE", url, { headers });
        forget(comment.id);
        entry.replaceWith(h("li", { class: "comment facts" }, "Withdrawn."));
        say("Withdrawn");
      } catch (problem) {
        failed(problem);
      }
    });
  }
  return bar;
}

/** Replaces a comment's text by a form field. */
function change(comment, text, save) {
  const field = h("textarea", { rows: "5", maxlength: "20000", "aria-label": "Your comment" });
  field.value = comment.text;
  const wrong = h("p", { class: "wrong", role: "alert" });
  const form = h("form", {}, field, wrong, h("p", { class: "tools" }, h("button", {}, "Save"),
    h("button", { type: "button", class: "link", click: () => form.replaceWith(text) }, "Leave it")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await save(field.value);
    } catch (problem) {
      wrong.textContent = problem.about("/text")?.message ?? problem.message;
    }
  });
  text.replaceWith(form);
  field.focus();
}

/** Inserts a new comment below its parent. */
function place(view, comment, parent) {
  const entry = item(view, comment);
  let before = parent?.nextElementSibling ?? null;
  while (parent && before && Number(before.dataset.depth) > Number(parent.dataset.depth)) before = before.nextElementSibling;
  if (parent) view.list.insertBefore(entry, before);
  else view.list.append(entry);
  entry.focus();
}
