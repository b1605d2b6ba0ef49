// Writing a comment. The service checks it; what it says about a field is shown at that field.

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

/** A site's own words for the usual mistakes; for all others the service's. */
const WRONG = {
  too_short: "Please fill this in.",
  format: "This does not look like an e-mail address.",
};

/** The form for a comment, or for a reply to one; `posted` gets what the service answers. */
export function composer(article, parent, posted, cancel) {
  const opened = performance.now();
  const known = author();
  const id = (name) => `${name}-${parent?.id ?? "new"}`;
  const said = h("p", { class: "said", role: "status" });
  const inputs = FIELDS.map((field) => row(field.pointer, id(field.name), field.label,
    h("input", { id: id(field.name), name: field.name, ...field.attributes })));
  const text = row("/text", id("text"), parent ? "Your reply" : "Your comment",
    h("textarea", { id: id("text"), name: "text", rows: "5", maxlength: "20000", required: true }));
  // Programs fill in whatever is called so; people never see it.
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
  // The time a form was open differs from try to try, so it is no part of what is compared.
  const key = once(JSON.stringify(comment), seconds);
  const answer = await send("POST", address(`${one(article.id)}/comments`), {
    json: { ...comment, form_seconds: key.seconds },
    headers: { "Idempotency-Key": key.key },
  });
  keep(answer.body, comment.author.name);
  return answer;
}

/** The same key for the same comment: sent twice after a lost answer, it is posted once. */
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

/** 201: it shows. 202: it is held, and the answer says why. */
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

/** Each message where it belongs; what belongs to no field stands below. */
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
