// The comment form. The service validates; its message about a field is shown at that field.

import { address, one, send } from "./api.js";
import { h, say } from "./dom.js";
import { author, keep } from "./memory.js";

const FIELDS = [
  { pointer: "/author/name", name: "name", label: "Name", attributes: { autocomplete: "name", maxlength: "100", required: true } },
  { pointer: "/author/email", name: "email", label: "E-mail (never shown)", attributes: { type: "email", autocomplete: "email", maxlength: "254" } },
];

const WHY = {
  first_comment: "It is your first one here.",
  every_comment: "Here an editor reads every one.",
};

/** Own messages for common errors; the service's messages are used for all others. */
const WRONG = {
  too_short: "Please fill this in.",
  format: "This does not look like an e-mail address.",
};

/** Returns the form for a comment or reply. Calls `posted` with the response. */
export function composer(article, parent, posted, cancel) {
  const opened = performance.now();
  const known = author();
  const id = (name) => `${name}-${parent?.id ?? "new"}`;
  const said = h("p", { class: "said", role: "status" });
  const inputs = FIELDS.map((field) => row(field.pointer, id(field.name), field.label,
    h("input", { id: id(field.name), name: field.name, ...field.attributes })));
  const text = row("/text", id("text"), parent ? "Your reply" : "Your comment",
    h("textarea", { id: id("text"), name: "text", rows: "5", maxlength: "20000", required: true }));
  // A honeypot: bots fill in fields with this name; people do not see it.
  const trap = h("input", { name: "homepage", tabindex: "-1", autocomplete: "off", class: "trap", "aria-hidden": "true" });
  const button = h("button", {}, "Send");
  const form = h("form", { class: "composer", novalidate: true, "aria-label": parent ? "Reply" : "Comment" },
    !parent && h("h3", {}, "Say something"),
    h("div", { class: "pair" }, inputs), text, trap, h("p", { class: "tools" }, button, cancel && h("button", { type: "button", class: "link", click: cancel }, "Cancel")), said);
  if (known.name) form.elements.name.value = known.name;
  const once = idempotency();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const value = (name) => form.elements[name].value || undefined;
    const comment = {
      author: { name: value("name") ?? "", email: value("email") },
      text: value("text") ?? "",
      parent_id: parent?.id,
      author_token: author().token,
      honeypot: value("homepage"),
    };
    button.disabled = true;
    try {
      const answer = await post(article, comment, (performance.now() - opened) / 1000, once);
      clear(form, said);
      form.elements.text.value = "";
      thank(answer, said);
      posted(answer.body);
    } catch (problem) {
      refuse(form, said, problem);
    } finally {
      button.disabled = false;
    }
  });
  return form;
}

function row(pointer, id, label, field) {
  field.dataset.pointer = pointer;
  field.setAttribute("aria-describedby", `${id}-wrong`);
  return h("div", { class: "row" }, h("label", { for: id }, label), field, h("p", { class: "wrong", id: `${id}-wrong` }));
}

async function post(article, comment, seconds, once) {
  // The time that the form was open differs between attempts, so it is not compared.
  const key = once(JSON.stringify(comment), seconds);
  const answer = await send("POST", address(`${one(article.id)}/comments`), {
    json: { ...comment, form_seconds: key.seconds },
    headers: { "Idempotency-Key": key.key },
  });
  keep(answer.body, comment.author.name);
  return answer;
}

/** Returns the same key for the same comment, so that a repeat after a lost response posts it once. */
function idempotency() {
  let last = {};
  return (text, seconds) => {
    if (last.text !== text) {
      const bytes = crypto.getRandomValues(new Uint8Array(16));
      last = { text, seconds, key: Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") };
    }
    return last;
  };
}

/** Shows the result. 201: the comment is public. 202: it is held, and the response says why. */
function thank({ status, body }, said) {
  const why = body.held_because.map((reason) => WHY[reason]).filter(Boolean).join(" ");
  said.textContent = status === 201 ? "Thank you, it is published." : `Thank you. An editor will look at it first. ${why}`.trim();
  said.dataset.status = status;
  say(said.textContent);
}

function clear(form, said) {
  for (const field of form.querySelectorAll("[data-pointer]")) {
    field.removeAttribute("aria-invalid");
    field.parentElement.querySelector(".wrong").textContent = "";
  }
  said.textContent = "";
  said.classList.remove("wrong");
}

/** Shows each message at its field; messages without a field go below the form. */
function refuse(form, said, problem) {
  clear(form, said);
  let first = null;
  for (const field of form.querySelectorAll("[data-pointer]")) {
    const error = problem.about?.(field.dataset.pointer);
    if (!error) continue;
    field.setAttribute("aria-invalid", "true");
    field.parentElement.querySelector(".wrong").textContent = WRONG[error.code] ?? error.message;
    first ??= field;
  }
  said.textContent = first ? "" : problem.message;
  said.classList.add("wrong");
  first?.focus();
}
